//! The measurements of all rounds and the table made of them.
//!
//! Every ratio is taken within one round, against the yardstick measured seconds before or after, and the
//! median of those is shown: a machine's speed drifts more between rounds than targets differ.
//! It imports `load`, `shape` and `targets`. Start reading at `Rounds::table`.

use anyhow::bail;

use crate::load::Tally;
use crate::shape::Shape;
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

/// All samples of one shape: one list of rounds for each target.
#[derive(Debug)]
pub(crate) struct Rounds {
    shape: Shape,
    /// Whose figures the others' are divided by.
    yardstick: Kind,
    targets: Vec<(Kind, Vec<Sample>)>,
}

impl Rounds {
    /// No rounds yet for those of the targets that take part.
    pub(crate) fn new(shape: Shape, kinds: &[Kind], yardstick: Kind) -> Rounds {
        let kinds = kinds.iter().filter(|kind| kind.speaks(shape.version));
        Rounds { shape, yardstick, targets: kinds.map(|kind| (*kind, Vec::new())).collect() }
    }

    /// Adds a target's sample of the current round. Each target is added once in each round.
    pub(crate) fn add(&mut self, kind: Kind, sample: Sample) {
        if let Some((_, samples)) = self.targets.iter_mut().find(|(other, _)| *other == kind) {
            samples.push(sample);
        }
    }

    /// Fails if a turn had errors, or another number of answers than `wanted`, where that is known.
    pub(crate) fn check(&self, wanted: Option<u64>) -> anyhow::Result<()> {
        for (kind, samples) in &self.targets {
            let (name, shape) = (kind.name(), self.shape);
            let errors: u64 = samples.iter().map(|sample| sample.tally.errors).sum();
            if errors > 0 {
                bail!("{name}, {shape}: {errors} requests failed");
            }
            let mut answers = samples.iter().map(|sample| sample.tally.completed);
            if let (Some(wanted), Some(other)) =
                (wanted, answers.find(|answers| wanted.is_some_and(|wanted| wanted != *answers)))
            {
                bail!("{name}, {shape}: {other} requests of {wanted} were answered");
            }
        }
        Ok(())
    }

    /// The table: medians over the rounds, and medians of the ratios to the yardstick of the same round.
    pub(crate) fn table(&self) -> String {
        let mut text = format!("{}\n", self.shape);
        text += &format!(
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
        let [speed_x, p50_x, p99_x, cpu_x] = ratios.map(|ratios| shown(median(ratios)));
        let [speed, p50, p99, cpu] = [speed, p50, p99, cpu].map(Option::unwrap_or_default);
        let errors: u64 = samples.iter().map(|sample| sample.tally.errors).sum();
        format!(
            "{:<8} {speed:>9.0} {speed_x:>6}  {p50:>8.0} {p50_x:>6}  {p99:>8.0} {p99_x:>6}  {cpu:>8.1} {cpu_x:>6} \
             {spread:>12}  {errors:>6}\n",
            kind.name()
        )
    }

    fn samples(&self, kind: Kind) -> Option<&[Sample]> {
        self.targets.iter().find(|(other, _)| *other == kind).map(|(_, samples)| samples.as_slice())
    }

    /// The figure's ratios to the yardstick, round by round, sorted; empty when that was not measured.
    fn ratios(&self, samples: &[Sample], figure: Figure) -> Vec<f64> {
        let yardstick = self.samples(self.yardstick).unwrap_or_default();
        let mut ratios: Vec<f64> =
            samples.iter().zip(yardstick).map(|(sample, base)| ratio(figure(sample), figure(base))).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        ratios
    }
}

/// Every shape in a line: for each target the ratios to `bare` of CPU per request, requests per second and p99.
pub(crate) fn summary(all: &[Rounds]) -> String {
    let measured = |kind: &Kind| all.iter().any(|rounds| rounds.samples(*kind).is_some());
    let kinds: Vec<Kind> =
        [Kind::Control, Kind::Process, Kind::Disk, Kind::Nginx].into_iter().filter(measured).collect();
    let mut text = format!("{:<14}", "shape");
    for kind in &kinds {
        text.push_str(&format!("  {:>8}: CPU  req/s    p99", kind.name()));
    }
    text.push('\n');
    for rounds in all {
        text.push_str(&format!("{:<14}", rounds.shape));
        for kind in &kinds {
            let samples = rounds.samples(*kind).unwrap_or_default();
            let figures: [Figure; 3] =
                [|sample| sample.cpu_us, Sample::requests_per_second, |sample| sample.tally.p99_us];
            let [cpu, speed, p99] = figures.map(|figure| shown(median(rounds.ratios(samples, figure))));
            text.push_str(&format!("  {cpu:>13} {speed:>6} {p99:>6}"));
        }
        text.push('\n');
    }
    text
}

/// A ratio as the tables show it.
fn shown(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.3}"))
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
        let mut rounds = Rounds::new(Shape::DEFAULT, &[Kind::Bare, Kind::Process], Kind::Bare);
        // The machine is half as fast in the second round; the ratio stays.
        for speed in [1000, 500, 1000] {
            rounds.add(Kind::Bare, sample(speed, 50.0));
            rounds.add(Kind::Process, sample(speed * 9 / 10, 55.0));
        }
        let table = rounds.table();
        let row = table.lines().find(|line| line.starts_with("process")).unwrap();
        assert!(row.contains(" 0.900 ") && row.contains(" 1.100 ") && row.contains("1.10..1.10"), "{row}");
        assert!(rounds.check(None).unwrap_err().to_string().contains("3 requests failed"));
    }

    #[test]
    fn a_turn_with_another_number_of_answers_is_found() {
        let mut rounds = Rounds::new(Shape::DEFAULT, &[Kind::Bare], Kind::Bare);
        let mut sample = sample(12, 50.0);
        sample.tally.errors = 0;
        rounds.add(Kind::Bare, sample);
        assert!(rounds.check(None).is_ok() && rounds.check(Some(12)).is_ok());
        assert!(rounds.check(Some(13)).is_err());
    }

    #[test]
    fn without_the_yardstick_there_are_no_ratios() {
        let mut rounds = Rounds::new(Shape::DEFAULT, &[Kind::Direct], Kind::Bare);
        rounds.add(Kind::Direct, sample(10, 1.0));
        assert!(rounds.table().lines().last().unwrap().contains(" - "));
    }

    #[test]
    fn the_summary_has_a_line_for_each_shape_and_a_dash_for_who_took_no_part() {
        let over_http2: Shape = "mcp:300:h2c".parse().unwrap();
        let all: Vec<Rounds> = [Shape::DEFAULT, over_http2]
            .map(|shape| {
                let mut rounds = Rounds::new(shape, &[Kind::Bare, Kind::Nginx, Kind::Disk], Kind::Bare);
                rounds.add(Kind::Bare, sample(1000, 50.0));
                rounds.add(Kind::Nginx, sample(1000, 25.0));
                rounds.add(Kind::Disk, sample(500, 60.0));
                rounds
            })
            .into();
        let text = summary(&all);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[1], ["mcp:300:h1", "1.200", "0.500", "1.000", "0.500", "1.000", "1.000"]);
        assert_eq!(lines[2], ["mcp:300:h2c", "1.200", "0.500", "1.000", "-", "-", "-"]);
    }
}
