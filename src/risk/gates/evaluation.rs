//! What an evaluation says, in numbers and verdicts. The words are [`Explanation`](crate::risk::gates::Explanation)'s.

use crate::model::decision::DriftTier;
use crate::risk::gates::{Drift, DriftCheck, six_decimals};

/// Who has to approve an override, each a different person.
pub const OVERRIDE_ROLES: [&str; 2] = ["risk_lead", "security_lead"];

/// The outcome for one proposal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// What is to happen.
    pub status: Status,
    /// The least confidence of the gates that have one, 0 to 1 in six decimals.
    pub confidence: Option<f64>,
    /// What each gate found.
    pub gates: Gates,
    /// What the comparison with the baseline found.
    pub drift: DriftCheck,
    /// Whether drift is only recorded, and the decision not enforced.
    pub shadow: bool,
    /// What drift was measured on: the changes in risk and in profit, not rounded.
    pub observations: [f64; 2],
    /// Whether two people of [`OVERRIDE_ROLES`] may let the change pass.
    pub override_eligible: bool,
}

/// What is to happen with a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It may go on.
    Proceed,
    /// It waits for a person, or for a better proposal.
    Pause,
    /// It must not go on, and nobody can override that.
    Halt,
    /// It waits for someone higher up.
    Escalate,
}

/// What every gate found, in the order in which they are always named.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gates {
    /// Risk did not jump.
    pub risk: Gate,
    /// Profit did not jump.
    pub profit: Gate,
    /// The change is familiar.
    pub novelty: Gate,
    /// It is simple enough.
    pub complexity: Gate,
    /// It is good enough.
    pub quality: Gate,
    /// It is worth it.
    pub utility: Gate,
}

/// What one gate found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    /// Whether the proposal passed it.
    pub passed: bool,
    /// What it computed, in six decimals; `None` where that is not finite. The verdict is from the number before rounding.
    pub value: Option<f64>,
    /// What that was compared with.
    pub threshold: f64,
    /// How sure the verdict is, 0 to 1 in six decimals; only risk and profit say.
    pub confidence: Option<f64>,
}

/// The name of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GateName {
    /// [`Gates::risk`].
    Risk,
    /// [`Gates::profit`].
    Profit,
    /// [`Gates::novelty`].
    Novelty,
    /// [`Gates::complexity`].
    Complexity,
    /// [`Gates::quality`].
    Quality,
    /// [`Gates::utility`].
    Utility,
}

impl Evaluation {
    /// Drift that counts for the decision: a warning or worse, and not in shadow mode.
    #[must_use]
    pub fn enforced_drift(&self) -> Option<Drift> {
        match self.drift {
            DriftCheck::Compared(drift) if !self.shadow && drift.tier != DriftTier::Normal => Some(drift),
            _ => None,
        }
    }

    /// Whether drift halts the proposal.
    #[must_use]
    pub fn drift_is_critical(&self) -> bool {
        self.enforced_drift().is_some_and(|drift| drift.tier == DriftTier::Critical)
    }
}

impl Status {
    /// The word for it in the evaluation API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proceed => "proceed",
            Self::Pause => "pause",
            Self::Halt => "halt",
            Self::Escalate => "escalate",
        }
    }
}

impl Gates {
    /// Every gate with its name, in order.
    #[must_use]
    pub const fn all(&self) -> [(GateName, &Gate); 6] {
        [
            (GateName::Risk, &self.risk),
            (GateName::Profit, &self.profit),
            (GateName::Novelty, &self.novelty),
            (GateName::Complexity, &self.complexity),
            (GateName::Quality, &self.quality),
            (GateName::Utility, &self.utility),
        ]
    }

    /// The gates that failed, in order.
    pub fn failing(&self) -> impl Iterator<Item = GateName> {
        self.all().into_iter().filter(|(_, gate)| !gate.passed).map(|(name, _)| name)
    }

    /// Whether none failed.
    #[must_use]
    pub fn all_passed(&self) -> bool {
        self.failing().next().is_none()
    }
}

impl Gate {
    /// A gate without a confidence; `value` is rounded here, after the verdict.
    pub(super) fn new(passed: bool, value: f64, threshold: f64) -> Self {
        Self { passed, value: six_decimals(value), threshold, confidence: None }
    }

    /// The same with one.
    pub(super) fn with_confidence(self, confidence: f64) -> Self {
        Self { confidence: six_decimals(confidence), ..self }
    }
}

impl GateName {
    /// The word for it in the evaluation API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Risk => "risk",
            Self::Profit => "profit",
            Self::Novelty => "novelty",
            Self::Complexity => "complexity",
            Self::Quality => "quality",
            Self::Utility => "utility",
        }
    }
}
