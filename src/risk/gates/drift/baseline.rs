//! The histogram of a baseline, and how far values diverge from it.

use crate::risk::gates::Constants;

/// A baseline, prepared once and compared with as often as needed.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    bins: Bins,
    /// The share of each bin, smoothed. They add up to 1, and none is 0.
    shares: Vec<f64>,
}

/// Bins of equal width from the lowest to the highest value of a baseline, both within, and behind them one for everything outside.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bins {
    lowest: f64,
    highest: f64,
    /// How many there are within.
    within: usize,
}

impl Baseline {
    /// The histogram of `values`, all of them finite. Values that are all the same have one bin. `None` for fewer than the constants'
    /// minimum.
    #[must_use]
    pub fn of(values: &[f64], constants: &Constants) -> Option<Self> {
        if values.is_empty() || values.len() < constants.drift_baseline_minimum {
            return None;
        }
        let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let within = if lowest == highest { 1 } else { constants.drift_bins.max(1) };
        let bins = Bins { lowest, highest, within };
        let mut shares = bins.tally(values.iter().copied());
        let total = count(values.len()) + constants.drift_smoothing * count(shares.len());
        for share in &mut shares {
            *share = (*share + constants.drift_smoothing) / total;
        }
        Some(Self { bins, shares })
    }

    /// The Kullback-Leibler divergence of `current` from the baseline, in nats: 0 where the two are distributed alike, and never below.
    ///
    /// The values alone would make a ragged histogram of few of them, so `drift_anchor` values distributed like the baseline are mixed in.
    /// Infinite values lie outside.
    #[must_use]
    pub fn divergence(&self, current: impl ExactSizeIterator<Item = f64>, constants: &Constants) -> f64 {
        let values = count(current.len());
        self.diverges(self.bins.tally(current).into_iter(), values, constants)
    }

    /// The same of `values` values of which so many lie in each bin ([`Self::bin`]), for whoever keeps count.
    #[must_use]
    pub fn divergence_of(&self, tally: &[u32], values: usize, constants: &Constants) -> f64 {
        self.diverges(tally.iter().map(|many| f64::from(*many)), count(values), constants)
    }

    fn diverges(&self, tally: impl Iterator<Item = f64>, values: f64, constants: &Constants) -> f64 {
        let total = values + constants.drift_anchor;
        let term = |(tally, share): (f64, &f64)| {
            let mixed = (tally + constants.drift_anchor * share) / total;
            mixed * libm::log(mixed / share)
        };
        tally.zip(&self.shares).map(term).sum()
    }

    /// The bin `value` lies in: less than [`Self::bins`].
    #[must_use]
    pub fn bin(&self, value: f64) -> usize {
        self.bins.of(value)
    }

    /// How many bins there are, the one for everything outside among them.
    #[must_use]
    pub const fn bins(&self) -> usize {
        self.shares.len()
    }
}

impl Bins {
    /// How many of `values` lie in each bin.
    fn tally(self, values: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut tally = vec![0.0; self.within + 1];
        for value in values {
            if let Some(bin) = tally.get_mut(self.of(value)) {
                *bin += 1.0;
            }
        }
        tally
    }

    /// The bin `value` lies in.
    fn of(self, value: f64) -> usize {
        if !(self.lowest..=self.highest).contains(&value) {
            return self.within;
        }
        let width = (self.highest - self.lowest) / count(self.within);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "cut off, and what is too large for a bin is in the last"
        )]
        let bin = ((value - self.lowest) / width) as usize;
        // Where a double cannot hold the width (a range beyond it, or of zero), the quotient is no number, and the cast takes that for 0:
        // the first bin.
        bin.min(self.within - 1)
    }
}

/// A count as a double, exact up to 2^53.
const fn count(of: usize) -> f64 {
    of as f64
}
