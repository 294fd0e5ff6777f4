//! The scores of an actor's calls: the first ones are its baseline, the newest are compared with it.
//!
//! The same as [`Window`](crate::risk::gates::Window) makes of a stream, in two bytes a score: the values, the baseline and the divergence
//! are its. How many scores lie in each bin of the baseline is kept, so that a call costs one of each instead of all of them.

use std::collections::VecDeque;

use crate::model::decision::{Divergence, RiskScore};
use crate::risk::gates::{Baseline, Constants};

/// The scores of one actor's calls, in the order of their decisions.
#[derive(Clone, Debug, Default)]
pub(in crate::facts::live) struct Scores {
    /// How many make the baseline, and how many are compared with it at most; 0: none yet.
    pub(in crate::facts::live) window: u16,
    /// The first, in ten-thousandths.
    pub(in crate::facts::live) first: Vec<u16>,
    /// The newest of those behind them, the newest last.
    pub(in crate::facts::live) newest: VecDeque<u16>,
    /// What follows from them.
    compared: Option<Box<Compared>>,
}

/// What is known of how an actor behaves: the baseline of its drift, and how far its newest calls are from that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DriftBaseline {
    /// How many calls make it so far.
    pub calls: usize,
    /// How many newer ones are compared with it.
    pub newest: usize,
    /// The mean score of those that make it; `None` while they are too few.
    pub risk: Option<RiskScore>,
    /// How far the newer ones diverge from it; `None` while there are too few to tell.
    pub drift: Option<Divergence>,
}

/// The newest, counted by the bins of the baseline.
#[derive(Clone, Debug)]
struct Compared {
    /// The constants that the bins follow from: their number, smoothing, and the least values.
    by: (usize, u64, usize),
    baseline: Baseline,
    tally: Vec<u32>,
}

impl Scores {
    /// The same scores are the same, whatever was made of them so far.
    pub(in crate::facts::live) fn new(window: u16, first: Vec<u16>, newest: VecDeque<u16>) -> Self {
        Self { window, first, newest, compared: None }
    }

    /// Takes in the next one. Where another number of calls makes a baseline than before, it begins anew.
    pub(super) fn add(&mut self, window: u16, score: RiskScore) {
        if self.window != window {
            *self = Self { window, ..Self::default() };
        }
        let score = score.as_ten_thousandths();
        if self.first.len() < usize::from(window) {
            self.first.push(score);
            return;
        }
        if self.newest.len() >= usize::from(window)
            && let Some(oldest) = self.newest.pop_front()
            && let Some(many) = self.tally_of(oldest)
        {
            *many = many.saturating_sub(1);
        }
        self.newest.push_back(score);
        if let Some(many) = self.tally_of(score) {
            *many = many.saturating_add(1);
        }
    }

    /// What they come to.
    pub(super) fn baseline(&mut self, window: u16, constants: &Constants) -> DriftBaseline {
        DriftBaseline {
            calls: self.first.len(),
            newest: self.newest.len(),
            risk: self.mean(window, constants),
            drift: self.drift(window, constants),
        }
    }

    /// The mean of the baseline, as far as it has come; `None` for fewer scores than a baseline needs.
    pub(super) fn mean(&self, window: u16, constants: &Constants) -> Option<RiskScore> {
        let count = u32::try_from(self.first.len()).ok().filter(|count| *count > 0)?;
        if self.window != window || self.first.len() < constants.drift_baseline_minimum {
            return None;
        }
        // At most 65,535 scores of at most 10,000.
        let sum: u32 = self.first.iter().copied().map(u32::from).sum();
        Some(RiskScore::from_ten_thousandths((sum + count / 2) / count))
    }

    /// How far the newest diverge from the baseline; `None` until that is whole, and as many are behind it as a baseline needs.
    pub(super) fn drift(&mut self, window: u16, constants: &Constants) -> Option<Divergence> {
        let whole = self.window == window && self.first.len() >= usize::from(window);
        if !whole || self.newest.len() < constants.drift_baseline_minimum {
            return None;
        }
        let by =
            (constants.drift_bins, constants.drift_smoothing.to_bits(), constants.drift_baseline_minimum);
        if self.compared.as_ref().is_none_or(|compared| compared.by != by) {
            let first: Vec<f64> = self.first.iter().copied().map(value).collect();
            let baseline = Baseline::of(&first, constants)?;
            let mut tally = vec![0; baseline.bins()];
            for score in &self.newest {
                if let Some(many) = tally.get_mut(baseline.bin(value(*score))) {
                    *many += 1;
                }
            }
            self.compared = Some(Box::new(Compared { by, baseline, tally }));
        }
        let Compared { baseline, tally, .. } = self.compared.as_deref()?;
        Some(Divergence::from_nats(baseline.divergence_of(tally, self.newest.len(), constants)))
    }

    /// How many of the newest lie where `score` does.
    fn tally_of(&mut self, score: u16) -> Option<&mut u32> {
        let Compared { baseline, tally, .. } = self.compared.as_deref_mut()?;
        tally.get_mut(baseline.bin(value(score)))
    }
}

/// A score from 0 to 1.
fn value(ten_thousandths: u16) -> f64 {
    f64::from(ten_thousandths) / 10_000.0
}
