//! The targets by name. Start reading at `Kind`.

use crate::shape::Version;

/// The targets by the names of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Bare Pingora, the yardstick.
    Bare,
    /// A second bare Pingora: its ratios show how much of the others' is noise.
    Control,
    /// The gateway, ledger durability `process`.
    Process,
    /// The gateway, ledger durability `disk`.
    Disk,
    /// The upstream itself, to show what the load and the machine can do.
    Direct,
    /// nginx as a plain reverse proxy.
    Nginx,
    /// The gateway as `process`, which could hold calls and holds none: the yardstick of `held`.
    #[value(skip)]
    Free,
    /// A second such gateway: its ratios show how much of `held`'s is noise.
    #[value(skip)]
    Again,
    /// The same with calls that wait for a person.
    #[value(skip)]
    Held,
}

impl Kind {
    /// The name in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Bare => "bare",
            Kind::Control => "control",
            Kind::Process => "process",
            Kind::Disk => "disk",
            Kind::Direct => "direct",
            Kind::Nginx => "nginx",
            Kind::Free => "free",
            Kind::Again => "again",
            Kind::Held => "held",
        }
    }

    /// Whether the target speaks what callers do. The upstream knows HTTP/1.1 only, and how nginx is told to speak
    /// HTTP/2 without TLS depends on its version.
    pub(crate) fn speaks(self, version: Version) -> bool {
        match self {
            Kind::Bare | Kind::Control | Kind::Process | Kind::Disk => true,
            Kind::Free | Kind::Again | Kind::Held => true,
            Kind::Direct | Kind::Nginx => version == Version::H1,
        }
    }

    /// Whether its gateway is configured to hold calls.
    pub(super) fn may_hold(self) -> bool {
        matches!(self, Kind::Free | Kind::Again | Kind::Held)
    }

    /// The durability of its gateway's ledger.
    pub(super) fn durability(self) -> &'static str {
        if self == Kind::Disk { "disk" } else { "process" }
    }
}
