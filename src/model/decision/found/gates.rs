//! What the six gates go by on live traffic, and what they found of a call.

use std::fmt;

use crate::model::decision::{Outcome, Reason, RiskScore};

/// What was observed of a caller when a call was decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// By what the shape of the call's parameters is known: names and types, no values.
    pub shape: [u8; 16],
    /// How many calls of the same caller, capability and shape were let through before.
    pub seen: u32,
    /// The mean score of the caller's baseline; `None` while too few of its calls were decided.
    pub risk_before: Option<RiskScore>,
    /// How far the scores of its newest calls diverge from its baseline; `None` while there are too few to tell.
    pub drift: Option<Divergence>,
    /// How many calls make a baseline.
    pub window: u16,
}

/// A divergence between two distributions, in millionths of a nat. Fixed point, so that a decision made again from its record gives the
/// same one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Divergence(u32);

/// How bad drift is, from the mildest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DriftTier {
    /// As expected.
    Normal,
    /// Rather unlike the baseline: about one day in ten is, without anything wrong.
    Warning,
    /// Unlike the baseline: about one day in a hundred.
    Critical,
}

/// What the gates found of one call.
#[derive(Clone, Debug, PartialEq)]
pub struct GatesFound {
    /// Each gate, in the order in which they are always named.
    pub gates: [GateFound; 6],
    /// What they went by.
    pub observed: Observed,
    /// How bad the drift of its caller is; `None` while there are too few calls to tell.
    pub drift_tier: Option<DriftTier>,
    /// The divergence above which drift is a warning.
    pub drift_warning: f64,
    /// The divergence above which drift is critical: the call is halted.
    pub drift_critical: f64,
    /// What they tell of the caller although it restricts nothing: drift that is a warning.
    pub warning: Option<Reason>,
    /// What they want of the call; `None`: they let it pass.
    pub wanted: Option<Wanted>,
    /// Whether that restricts the call; else it is told and counted only.
    pub enforced: bool,
}

/// What one gate found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GateFound {
    /// Its name.
    pub name: &'static str,
    /// Whether the call passes it.
    pub passed: bool,
    /// What it computed, to six decimals; `None` where that is no number.
    pub value: Option<f64>,
    /// What that was compared with.
    pub threshold: f64,
}

/// What an engine that is only watched would have done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What it would have come to.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
}

impl Divergence {
    /// A divergence of so many nats, rounded to millionths. Below zero, and what is no number, count as none; what is beyond the range
    /// (about 4,295 nats) as its end.
    #[must_use]
    pub fn from_nats(nats: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast from a double saturates, and takes what is no number for zero"
        )]
        let millionths = (nats * 1e6).round_ties_even() as u32;
        Self(millionths)
    }

    /// The same in nats.
    #[must_use]
    pub fn nats(self) -> f64 {
        f64::from(self.0) / 1e6
    }
}

impl DriftTier {
    /// Every one, from the mildest.
    pub const ALL: [Self; 3] = [Self::Normal, Self::Warning, Self::Critical];

    /// The word for it, in the evaluation API and everywhere else.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// What is to be done about it, in the evaluation API's word.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Normal => "continue",
            Self::Warning => "alert_and_continue",
            Self::Critical => "halt_and_recalibrate",
        }
    }
}

/// As in JSON, with six decimals: `0.352957`.
impl fmt::Display for Divergence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}
