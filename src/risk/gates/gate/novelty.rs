//! Novelty: is the change as familiar as it has to be?

use crate::risk::gates::{Constants, Gate, NoveltyDirection};

/// G(N) against its threshold. G is the logistic function around the midpoint, so it rises with the score: with the defaults the gate opens
/// at 0.838629, which is 0.7 + ln(4) / 10.
#[must_use]
pub fn novelty_gate(score: f64, constants: &Constants) -> Gate {
    let value = logistic(constants.novelty_steepness * (score - constants.novelty_midpoint));
    let passed = match constants.novelty_direction {
        NoveltyDirection::AtLeast => value >= constants.novelty_threshold,
        NoveltyDirection::AtMost => value <= constants.novelty_threshold,
    };
    Gate::new(passed, value, constants.novelty_threshold)
}

/// 1 / (1 + e^-x), written so that no exponential overflows.
fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + libm::exp(-x))
    } else {
        let small = libm::exp(x);
        small / (1.0 + small)
    }
}
