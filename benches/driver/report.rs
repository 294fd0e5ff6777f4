//! The measurements of all rounds and the table made of them.
//!
//! Every ratio is taken within one round, against the yardstick measured seconds before or after, and the
//! median of those is shown: a machine's speed drifts more between rounds than targets differ.
//! It imports `load` and `targets`. Start reading at `Rounds::table`.

use crate::load::Tally;
use crate::targets::Kind;

/// One target's run in one round.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) tally: Tally,
    /// CPU time of the target, user and system, for each completed request.
    pub(crate) cpu_us: f64,
}

impl Sample {
    fn requests_per_second(&self) -> f64 {
        ratio(count(self.tally.completed), self.tally.seconds)
    }
}

/// A figure of a sample.
type Figure = fn(&Sample) -> f64;

/// All samples: one list of rounds for each target.
#[derive(Debug)]
pub(crate) struct Rounds {
    targets: Vec<(Kind, Vec<Sample>)>,
}

impl Rounds {
    /// No rounds yet for these targets.
    pub(crate) fn new(kinds: &[Kind]) -> Rounds {
        Rounds { targets: kinds.iter().map(|kind| (*kind, Vec::new())).collect() }
    }

    /// Adds a target's sample of the current round. Each target is added once in each round.
    pub(crate) fn add(&mut self, kind: Kind, sample: Sample) {
        if let Some((_, samples)) = self.targets.iter_mut().find(|(other, _)| *other == kind) {
            samples.push(sample);
        }
    }

    /// Errors of all runs together.
    pub(crate) fn errors(&self) -> u64 {
        self.targets.iter().flat_map(|(_, samples)| samples).map(|sample| sample.tally.errors).sum()
    }

    /// The table: medians over the rounds, and medians of the ratios to `bare` of the same round.
    pub(crate) fn table(&self) -> String {
        let mut text = format!(
            "{:<8} {:>9} {:>6}  {:>8} {:>6}  {:>8} {:>6}  {:>8} {:>6} {:>12}  {:>6}\n",
            "target",
            "req/s",
            "ratio",
            "p50 us",
            "ratio",
            "p99 us",
            "ratio",
            "CPU us",
            "ratio",
            "min..max",
            "errors"
        );
        for (kind, samples) in &self.targets {
            text.push_str(&self.row(*kind, samples));
        }
        text
    }

    fn row(&self, kind: Kind, samples: &[Sample]) -> String {
        let figures: [Figure; 4] = [
            Sample::requests_per_second,
            |sample| sample.tally.p50_us,
            |sample| sample.tally.p99_us,
            |sample| sample.cpu_us,
        ];
        let [speed, p50, p99, cpu] = figures.map(|figure| median(samples.iter().map(figure).collect()));
        let ratios = figures.map(|figure| self.ratios(samples, figure));
        let [_, _, _, cpu_ratios] = &ratios;
        let spread = match (cpu_ratios.first(), cpu_ratios.last()) {
            (Some(least), Some(most)) => format!("{least:.2}..{most:.2}"),
            _ => "-".to_owned(),
        };
        let [speed_x, p50_x, p99_x, cpu_x] = ratios.map(|ratios| match median(ratios) {
            Some(ratio) => format!("{ratio:.3}"),
            None => "-".to_owned(),
        });
        let [speed, p50, p99, cpu] = [speed, p50, p99, cpu].map(Option::unwrap_or_default);
        let errors: u64 = samples.iter().map(|sample| sample.tally.errors).sum();
        format!(
            "{:<8} {speed:>9.0} {speed_x:>6}  {p50:>8.0} {p50_x:>6}  {p99:>8.0} {p99_x:>6}  {cpu:>8.1} {cpu_x:>6} \
             {spread:>12}  {errors:>6}\n",
            kind.name()
        )
    }

    /// The figure's ratios to `bare`, round by round, sorted; empty when `bare` was not measured.
    fn ratios(&self, samples: &[Sample], figure: Figure) -> Vec<f64> {
        let bare = self.targets.iter().find(|(kind, _)| *kind == Kind::Bare);
        let bare = bare.map_or(&[] as &[Sample], |(_, samples)| samples);
        let mut ratios: Vec<f64> =
            samples.iter().zip(bare).map(|(sample, bare)| ratio(figure(sample), figure(bare))).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        ratios
    }
}

/// The middle value, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get(values.len().checked_sub(1)? / 2)?;
    Some(f64::midpoint(lower, upper))
}

/// `value / base`, or 0 when there is no base.
pub(crate) fn ratio(value: f64, base: f64) -> f64 {
    if base > 0.0 { value / base } else { 0.0 }
}

/// A count as a floating-point number; beyond four billion it stops growing.
pub(crate) fn count(value: u64) -> f64 {
    f64::from(u32::try_from(value).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(completed: u64, cpu_us: f64) -> Sample {
        let tally = Tally { completed, errors: 1, seconds: 1.0, p50_us: 10.0, p99_us: 20.0 };
        Sample { tally, cpu_us }
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(Vec::new()), None);
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let mut rounds = Rounds::new(&[Kind::Bare, Kind::Process]);
        // The machine is half as fast in the second round; the ratio stays.
        for speed in [1000, 500, 1000] {
            rounds.add(Kind::Bare, sample(speed, 50.0));
            rounds.add(Kind::Process, sample(speed * 9 / 10, 55.0));
        }
        let table = rounds.table();
        let row = table.lines().find(|line| line.starts_with("process")).unwrap();
        assert!(row.contains(" 0.900 ") && row.contains(" 1.100 ") && row.contains("1.10..1.10"), "{row}");
        assert_eq!(rounds.errors(), 6);
    }

    #[test]
    fn without_the_yardstick_there_are_no_ratios() {
        let mut rounds = Rounds::new(&[Kind::Direct]);
        rounds.add(Kind::Direct, sample(10, 1.0));
        assert!(rounds.table().lines().last().unwrap().contains(" - "));
    }
}
