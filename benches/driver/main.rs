//! The benchmark driver: what the gateway costs beside bare Pingora, measured in one interleaved run.
//!
//! `cargo build --release --bins --examples`, then `target/release/examples/driver` (or `cargo run --release
//! --example driver -- --help`). It prints a table of medians with ratios to the pass-through of the same round;
//! absolute figures mean little on a shared machine, ratios in one run much. `--smoke` only shows that every
//! target serves. The driver starts everything it needs and stops it again.
//!
//! Start reading at `run`. `targets` starts what is measured, `load` makes the load, `report` makes the table,
//! `upstream` is the tool server behind all of them, `counters` counts system calls.
#![expect(clippy::print_stdout, reason = "a report on standard output is what this program is for")]

mod counters;
mod load;
mod machine;
mod process;
mod report;
mod targets;
mod upstream;
mod wire;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};

use crate::counters::{Counters, is_installed};
use crate::load::{Generator, Intensity};
use crate::report::{Rounds, Sample, count, ratio};
use crate::targets::{Kind, Places, Target};
use crate::wire::Workload;

/// Measures the gateway beside bare Pingora, in one interleaved run.
#[derive(Debug, Parser)]
struct Options {
    #[command(subcommand)]
    mode: Option<Mode>,
    /// What to measure; `control` is bare once more and shows the noise [default: bare,control,process,disk,direct and, if installed, nginx]
    #[arg(long, value_delimiter = ',')]
    targets: Vec<Kind>,
    /// Rounds; each measures every target once
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Length of one target's turn in a round; whole seconds with wrk
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Keep-alive connections of the load
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Threads of the load [default: a quarter of the CPUs, at least 2]
    #[arg(long)]
    load_threads: Option<usize>,
    /// Threads of the upstream [default: a quarter of the CPUs, at least 1]
    #[arg(long)]
    upstream_threads: Option<usize>,
    /// Size of the request body
    #[arg(long, default_value_t = 300)]
    body_bytes: usize,
    /// Use the built-in load generator even if wrk is installed
    #[arg(long)]
    built_in: bool,
    /// Count system calls and events for each request too (strace and perf, where they are)
    #[arg(long)]
    counters: bool,
    /// One round of 0.3 s with the built-in generator; fails if a target fails
    #[arg(long)]
    smoke: bool,
    /// Folder for ledgers and settings, on the disk to be measured [default: the folder of the programs]
    #[arg(long)]
    dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Mode {
    /// Only serve as the tool server, until standard input ends
    Upstream {
        #[arg(long, default_value_t = 1)]
        threads: usize,
    },
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    match options.mode {
        Some(Mode::Upstream { threads }) => upstream::run(threads),
        None => run(&options),
    }
}

fn run(options: &Options) -> anyhow::Result<()> {
    let programs = programs()?;
    let dir =
        tempfile::Builder::new().prefix("bench-").tempdir_in(options.dir.as_ref().unwrap_or(&programs))?;
    let upstream_threads = options.upstream_threads.unwrap_or_else(|| (machine::cpus() / 4).max(1));
    let places = Places { programs, dir: dir.path().to_owned(), upstream_threads };
    let kinds = kinds(options);
    let bench = Bench::new(options, dir.path())?;
    println!("{}, load average {}", machine::description(), machine::load_average());
    println!("{}", bench.describe());
    describe_programs(&places, &kinds);

    let upstream = Target::start_upstream(&places)?;
    // `direct` is an upstream of its own, so that its CPU time is not mixed with that of the others' calls.
    let targets: Vec<Target> =
        kinds.iter().map(|kind| Target::start(*kind, &places, upstream.address)).collect::<Result<_, _>>()?;
    let rounds = bench.measure(&targets, upstream.address)?;

    println!("\n{}", rounds.table());
    println!(
        "ratio: median over the rounds of target / bare in the same round; load average {}",
        machine::load_average()
    );
    if options.counters {
        bench.count(&targets)?;
    }
    if rounds.errors() > 0 {
        bail!("{} requests failed", rounds.errors());
    }
    Ok(())
}

/// One set-up of load.
struct Bench {
    generator: Generator,
    workload: Workload,
    intensity: Intensity,
    rounds: usize,
    dir: PathBuf,
}

impl Bench {
    fn new(options: &Options, dir: &Path) -> anyhow::Result<Bench> {
        let workload = Workload::tools_call(options.body_bytes);
        // wrk takes whole seconds only.
        let wrk = !options.smoke
            && !options.built_in
            && options.seconds >= 1.0
            && options.seconds.fract() == 0.0
            && is_installed("wrk");
        let generator = if wrk {
            let script = dir.join("load.lua");
            fs::write(&script, load::wrk_script(&workload))?;
            Generator::Wrk(script)
        } else {
            Generator::BuiltIn
        };
        let (rounds, seconds) = if options.smoke { (1, 0.3) } else { (options.rounds, options.seconds) };
        let duration = Duration::try_from_secs_f64(seconds).context("--seconds")?;
        let threads = options.load_threads.unwrap_or_else(|| (machine::cpus() / 4).max(2));
        let intensity = Intensity { connections: options.connections, threads, duration };
        Ok(Bench { generator, workload, intensity, rounds, dir: dir.to_owned() })
    }

    fn describe(&self) -> String {
        let by = match self.generator {
            Generator::Wrk(_) => "wrk",
            Generator::BuiltIn => "the built-in generator",
        };
        let Intensity { connections, threads, duration } = self.intensity;
        format!(
            "{} rounds of {duration:?}, {connections} connections, {}-byte tools/call, load by {by} with {threads} threads",
            self.rounds,
            self.workload.body.len()
        )
    }

    /// All rounds. The order rotates, so that no target always follows the same other one.
    fn measure(&self, targets: &[Target], upstream: SocketAddr) -> anyhow::Result<Rounds> {
        let kinds: Vec<Kind> = targets.iter().map(|target| target.kind).collect();
        let mut rounds = Rounds::new(&kinds);
        for target in targets {
            target.probe(&self.workload, seen_by(target, upstream))?;
        }
        for round in 0..self.rounds {
            for target in targets.iter().cycle().skip(round).take(targets.len()) {
                rounds.add(target.kind, self.turn(target, seen_by(target, upstream))?);
            }
        }
        for target in targets {
            target.probe(&self.workload, seen_by(target, upstream))?;
        }
        Ok(rounds)
    }

    /// One target's turn. An answer the upstream did not give is an error even if it was 2xx.
    fn turn(&self, target: &Target, upstream: SocketAddr) -> anyhow::Result<Sample> {
        let pids = target.pids();
        let (cpu_before, served_before) = (machine::cpu_seconds(&pids)?, upstream::served(upstream)?);
        let mut tally = self.generator.run(target.address, &self.workload, self.intensity)?;
        let cpu_s = machine::cpu_seconds(&pids)? - cpu_before;
        let served = upstream::served(upstream)? - served_before;
        tally.errors += tally.completed.saturating_sub(served);
        let cpu_us = ratio(cpu_s * 1e6, count(tally.completed));
        if tally.completed == 0 {
            bail!("{}: no request was answered", target.kind.name());
        }
        Ok(Sample { tally, cpu_us })
    }

    fn count(&self, targets: &[Target]) -> anyhow::Result<()> {
        let Bench { generator, workload, intensity, dir, .. } = self;
        let counters = Counters { dir, generator, workload, intensity: *intensity };
        for target in targets {
            for line in counters.measure(target)? {
                println!("{line}");
            }
        }
        Ok(())
    }
}

/// The upstream that sees a target's calls.
fn seen_by(target: &Target, upstream: SocketAddr) -> SocketAddr {
    if target.kind == Kind::Direct { target.address } else { upstream }
}

fn kinds(options: &Options) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for kind in &options.targets {
        if !kinds.contains(kind) {
            kinds.push(*kind);
        }
    }
    if kinds.is_empty() {
        kinds.extend([Kind::Bare, Kind::Process, Kind::Disk, Kind::Direct]);
        if !options.smoke {
            kinds.insert(1, Kind::Control);
            kinds.extend(is_installed("nginx").then_some(Kind::Nginx));
        }
    }
    kinds
}

/// `target/PROFILE`, from the driver's own place `target/PROFILE/examples/driver`.
fn programs() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(Path::parent);
    Ok(folder.context("the driver is not in target/PROFILE/examples")?.to_owned())
}

/// Names the programs with their age: measuring yesterday's build is an easy mistake.
fn describe_programs(places: &Places, kinds: &[Kind]) {
    let mut programs: Vec<PathBuf> = kinds.iter().filter_map(|kind| places.program(*kind)).collect();
    programs.dedup();
    for program in programs {
        if let Some(age) = machine::age(&program) {
            println!("{}, built {} min ago", program.display(), age.as_secs() / 60);
        }
    }
}
