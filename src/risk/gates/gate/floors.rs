//! Complexity and quality: is the score high enough?

use crate::risk::gates::{COMPLEXITY_FLOOR, Constants, Gate};

/// The floor that nothing overrides. Higher scores are simpler; the floor itself is high enough, since it is what a proposal without a
/// score gets.
#[must_use]
pub fn complexity_gate(score: f64) -> Gate {
    Gate::new(score >= COMPLEXITY_FLOOR, score, COMPLEXITY_FLOOR)
}

/// The score has to reach the minimum, and no single respect may be worth nothing. Without subscores there is no evidence, which is not a
/// pass; subscores do not change the score.
#[must_use]
pub fn quality_gate(score: f64, subscores: &[f64], constants: &Constants) -> Gate {
    let passed =
        score >= constants.quality_minimum && !subscores.is_empty() && subscores.iter().all(|sub| *sub > 0.0);
    Gate::new(passed, score, constants.quality_minimum)
}
