//! The measurement: every shape with every target, in rounds. Start reading at `Bench::measure`.
//!
//! It imports everything beside it but `main`.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::bail;

use crate::counters::Counters;
use crate::load::{Amount, Intensity, Load};
use crate::report::{Rounds, Sample, count, ratio};
use crate::targets::{Kind, Target};
use crate::{machine, upstream};

/// What is measured, and how often.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) loads: Vec<Load>,
    pub(crate) intensity: Intensity,
    pub(crate) rounds: usize,
    /// Whose figures the others' are divided by.
    pub(crate) yardstick: Kind,
    /// For files of this run.
    pub(crate) dir: PathBuf,
}

impl Bench {
    /// The measurement in a few lines.
    pub(crate) fn describe(&self) -> String {
        let amount = match self.intensity.amount {
            Amount::Time(duration) => format!("{duration:?} a turn"),
            Amount::Each(requests) => {
                format!("{} requests a turn", requests * self.intensity.under_way as u64)
            }
        };
        let mut text =
            format!("{} rounds, {amount}, {} threads of load", self.rounds, self.intensity.threads);
        for load in &self.loads {
            text.push_str(&format!("\n  {}", load.describe()));
        }
        text
    }

    /// All rounds of all shapes. The order of targets rotates, so that none always follows the same other one; each
    /// target's turn is seconds away from that of the yardstick.
    pub(crate) fn measure(&self, targets: &[Target], upstream: SocketAddr) -> anyhow::Result<Vec<Rounds>> {
        let kinds: Vec<Kind> = targets.iter().map(|target| target.kind).collect();
        let mut all: Vec<Rounds> =
            self.loads.iter().map(|load| Rounds::new(load.shape, &kinds, self.yardstick)).collect();
        self.probe(targets, upstream)?;
        for round in 0..self.rounds {
            for (load, rounds) in self.loads.iter().zip(&mut all) {
                let taking_part: Vec<&Target> = taking_part(targets, load).collect();
                for target in taking_part.iter().cycle().skip(round).take(taking_part.len()) {
                    rounds.add(target.kind, turn(target, load, seen_by(target, upstream))?);
                    target.drop_records()?;
                }
            }
            println!("round {} of {} done", round + 1, self.rounds);
        }
        self.probe(targets, upstream)?;
        Ok(all)
    }

    fn probe(&self, targets: &[Target], upstream: SocketAddr) -> anyhow::Result<()> {
        for load in &self.loads {
            for target in taking_part(targets, load) {
                target.probe(load, seen_by(target, upstream))?;
            }
        }
        Ok(())
    }

    /// What a request costs the kernel, one line for each shape, target and tool.
    pub(crate) fn count(&self, targets: &[Target]) -> anyhow::Result<Vec<String>> {
        let mut lines = Vec::new();
        for load in &self.loads {
            let counters = Counters { dir: &self.dir, load };
            for target in taking_part(targets, load) {
                let counted = counters.measure(target)?;
                lines.extend(counted.into_iter().map(|line| format!("{:<14} {line}", load.shape)));
                target.drop_records()?;
            }
        }
        Ok(lines)
    }

    /// Fails if a turn was not exactly what a run by number asks for, each request answered and none failed.
    pub(crate) fn check(&self, all: &[Rounds]) -> anyhow::Result<()> {
        for rounds in all {
            rounds.check(self.intensity.total())?;
        }
        Ok(())
    }
}

fn taking_part<'t>(targets: &'t [Target], load: &Load) -> impl Iterator<Item = &'t Target> {
    let version = load.shape.version;
    targets.iter().filter(move |target| target.kind.speaks(version))
}

/// One target's turn. An answer the upstream did not give is an error even if it was 200, and so is a body that
/// did not arrive whole.
fn turn(target: &Target, load: &Load, upstream: SocketAddr) -> anyhow::Result<Sample> {
    let pids = target.pids();
    let (cpu_before, before) = (machine::cpu_seconds(&pids)?, upstream::served(upstream)?);
    let mut tally = load.run(target.address)?;
    let cpu_s = machine::cpu_seconds(&pids)? - cpu_before;
    let after = upstream::served(upstream)?;
    let (calls, bytes) = (after.calls - before.calls, after.body_bytes - before.body_bytes);
    tally.errors += match load.cuts_off() {
        true => tally.completed.saturating_sub(calls),
        false => tally.completed.abs_diff(calls),
    };
    tally.errors += u64::from(bytes != calls * load.workload.body.len() as u64);
    if tally.completed == 0 {
        bail!("{}, {}: no request was answered", target.kind.name(), load.shape);
    }
    let cpu_us = ratio(cpu_s * 1e6, count(tally.completed));
    Ok(Sample { tally, cpu_us })
}

/// The upstream that sees a target's calls.
fn seen_by(target: &Target, upstream: SocketAddr) -> SocketAddr {
    if target.kind == Kind::Direct { target.address } else { upstream }
}
