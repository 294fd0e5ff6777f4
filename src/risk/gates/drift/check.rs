//! How far a divergence is worth worrying about.

use crate::model::decision::DriftTier;
use crate::risk::gates::{Baseline, Constants, Proposal, six_decimals};

/// What a comparison with a baseline found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// How bad it is.
    pub tier: DriftTier,
    /// The divergence in nats, in six decimals; the tier is from the number before rounding.
    pub kl_divergence: Option<f64>,
}

/// Whether there was a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DriftCheck {
    /// Nobody asked for one.
    NotAsked,
    /// The baseline has too few values to say anything.
    TooFew {
        /// So many.
        values: usize,
    },
    /// There was.
    Compared(Drift),
}

impl Drift {
    /// What a divergence means. Above a bound is the worse tier, on it the milder one.
    #[must_use]
    pub fn of(divergence: f64, constants: &Constants) -> Self {
        let tier = if divergence > constants.drift_critical {
            DriftTier::Critical
        } else if divergence > constants.drift_warning {
            DriftTier::Warning
        } else {
            DriftTier::Normal
        };
        Self { tier, kl_divergence: six_decimals(divergence) }
    }
}

impl DriftCheck {
    /// Compares the changes of a proposal with the baseline it brings.
    #[must_use]
    pub fn of(proposal: &Proposal<'_>, constants: &Constants) -> Self {
        let Some(values) = &proposal.drift_baseline else { return Self::NotAsked };
        match Baseline::of(values, constants) {
            None => Self::TooFew { values: values.len() },
            Some(baseline) => {
                let divergence = baseline.divergence(proposal.observations().into_iter(), constants);
                Self::Compared(Drift::of(divergence, constants))
            }
        }
    }
}
