//! What a run of load saw. Start reading at `Tally`.

use std::time::Duration;

/// What one run of load saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    /// Answered requests, whatever the answer.
    pub(crate) completed: u64,
    /// Answers other than 200, broken connections and timeouts.
    pub(crate) errors: u64,
    pub(crate) seconds: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
}

/// What a part of the built-in generator saw; latencies in microseconds.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) errors: u64,
    pub(super) latencies: Vec<u64>,
}

impl Seen {
    /// Notes an answer that came after `latency`.
    pub(super) fn answered(&mut self, latency: Duration, success: bool) {
        self.latencies.push(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
        self.errors += u64::from(!success);
    }

    /// Takes in what another part saw.
    pub(super) fn add(&mut self, other: Seen) {
        self.errors += other.errors;
        self.latencies.extend(other.latencies);
    }

    /// The sum of it all, after a run of `seconds`.
    pub(super) fn tally(mut self, seconds: f64) -> Tally {
        self.latencies.sort_unstable();
        Tally {
            completed: self.latencies.len() as u64,
            errors: self.errors,
            seconds,
            p50_us: percentile(&self.latencies, 50),
            p99_us: percentile(&self.latencies, 99),
        }
    }
}

/// The value below which `percent` of the sorted values lie.
fn percentile(sorted: &[u64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().map_or(0.0, micros)
}

/// Microseconds as a floating-point number; beyond an hour they stop growing.
pub(super) fn micros(value: u64) -> f64 {
    f64::from(u32::try_from(value).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_ranks() {
        let values: Vec<u64> = (1..=200).collect();
        assert_eq!((percentile(&values, 50), percentile(&values, 99)), (100.0, 198.0));
        assert_eq!(percentile(&[], 50), 0.0);
        assert_eq!(percentile(&[7], 99), 7.0);
    }

    #[test]
    fn an_answer_that_is_an_error_counts_as_both() {
        let mut seen = Seen::default();
        seen.answered(Duration::from_micros(5), true);
        seen.add(Seen { errors: 1, latencies: vec![9] });
        let tally = seen.tally(2.0);
        assert_eq!((tally.completed, tally.errors, tally.p99_us), (2, 1, 9.0));
    }
}
