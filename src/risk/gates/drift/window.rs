//! Drift of a stream: the first values make the baseline, the last ones are compared with it.

use std::collections::VecDeque;

use crate::risk::gates::{Baseline, Constants, Drift};

/// A bounded window over a stream of observations, say of one caller's changes in risk.
///
/// It fills once, and what filled it becomes the baseline. From then on the newest values, at most as many, are what is compared. The
/// baseline stays until [`Self::recalibrate`]: one that followed the stream would follow a slow drift too, and never see it.
#[derive(Clone, Debug)]
pub struct Window {
    capacity: usize,
    baseline: Option<Baseline>,
    /// Newest last: what the baseline will be made of, then what is compared with it.
    values: VecDeque<f64>,
}

impl Window {
    /// How many values a window holds unless told otherwise.
    pub const DEFAULT_CAPACITY: usize = 200;

    /// An empty window of `capacity` values, or of the fewest a baseline can have, if that is more. Takes 8 bytes a value, as they come.
    #[must_use]
    pub fn new(capacity: usize, constants: &Constants) -> Self {
        let capacity = capacity.max(constants.drift_baseline_minimum).max(1);
        Self { capacity, baseline: None, values: VecDeque::new() }
    }

    /// Takes in the next value. One that is not finite is no part of a baseline; later it counts as outside of it.
    pub fn observe(&mut self, value: f64, constants: &Constants) {
        if self.baseline.is_none() && !value.is_finite() {
            return;
        }
        if self.values.len() >= self.capacity {
            self.values.pop_front();
        }
        self.values.push_back(value);
        if self.baseline.is_none() && self.values.len() >= self.capacity {
            self.recalibrate(constants);
        }
    }

    /// How the newest values compare with the baseline. `None` until there is one, and as many values behind it as a baseline needs at
    /// least: with fewer, asked at each of them, chance alone would raise an alarm sooner or later.
    #[must_use]
    pub fn drift(&self, constants: &Constants) -> Option<Drift> {
        let baseline = self.baseline.as_ref()?;
        if self.values.len() < constants.drift_baseline_minimum {
            return None;
        }
        Some(Drift::of(baseline.divergence(self.values.iter().copied(), constants), constants))
    }

    /// Makes the newest values the baseline, as after a change that is there to stay, and says whether they are enough for that. If not,
    /// nothing changes.
    pub fn recalibrate(&mut self, constants: &Constants) -> bool {
        let finite: Vec<f64> = self.values.iter().copied().filter(|value| value.is_finite()).collect();
        let Some(baseline) = Baseline::of(&finite, constants) else { return false };
        self.baseline = Some(baseline);
        self.values.clear();
        true
    }
}
