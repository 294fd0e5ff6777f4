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
        }
    }

    /// Whether the target speaks what callers do. The upstream knows HTTP/1.1 only, and how nginx is told to speak
    /// HTTP/2 without TLS depends on its version.
    pub(crate) fn speaks(self, version: Version) -> bool {
        match self {
            Kind::Bare | Kind::Control | Kind::Process | Kind::Disk => true,
            Kind::Direct | Kind::Nginx => version == Version::H1,
        }
    }
}
