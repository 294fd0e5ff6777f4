//! The benchmark driver: what the gateway costs beside bare Pingora, measured in one interleaved run.
//!
//! `cargo build --release --bins --examples`, then `target/release/examples/driver` (or `cargo run --release
//! --example driver -- --help`). It prints tables of medians with ratios to the pass-through of the same round;
//! absolute figures mean little on a shared machine, ratios in one run much. `--smoke` only shows that every
//! target serves every shape of traffic. The driver starts everything it needs and stops it again.
//!
//! Start reading at `run`. `shape` and `workload` are what is sent, `targets` starts what is measured, `load` makes
//! the load, `bench` measures, `held` measures with calls that wait for a person, `report` makes the tables, `upstream` is the tool server behind all targets,
//! `counters` counts system calls.
#![expect(clippy::print_stdout, reason = "a report on standard output is what this program is for")]

mod bench;
mod counters;
mod held;
mod load;
mod machine;
mod process;
mod report;
mod shape;
mod targets;
mod upstream;
mod wire;
mod workload;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::bench::Bench;
use crate::counters::is_installed;
use crate::load::{Amount, Intensity, Load};
use crate::report::summary;
use crate::shape::Shape;
use crate::targets::{Kind, Places, Target};

/// Measures the gateway beside bare Pingora, in one interleaved run.
#[derive(Debug, Parser)]
struct Options {
    #[command(subcommand)]
    mode: Option<Mode>,
    /// Shapes of traffic, PROTOCOL:BODY:HTTP each: mcp or http (the kind of route), the body's length in bytes (300, 100k,
    /// 1m), h1 or h2c (what callers speak); as in mcp:300:h1,http:100k:h2c [default: mcp:300:h1]
    #[arg(long, value_delimiter = ',')]
    shapes: Vec<Shape>,
    /// Every shape: mcp and http with 300, 100k and 1m over h1 and h2c
    #[arg(long, conflicts_with = "shapes")]
    all: bool,
    /// What to measure; `control` is bare once more and shows the noise; direct and nginx only over h1
    /// [default: bare,control,process,disk,direct and, if installed, nginx]
    #[arg(long, value_delimiter = ',')]
    targets: Vec<Kind>,
    /// Let the gateway write its access log, to a file
    #[arg(long)]
    access_log: bool,
    /// Rounds; each measures every shape with every target once
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Length of one target's turn in a round; whole seconds with wrk
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Requests under way at any time: over h1 keep-alive connections, over h2c streams
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Streams that share a connection over h2c
    #[arg(long, default_value_t = 8)]
    streams: usize,
    /// Threads of the load [default: a quarter of the CPUs, at least 2]
    #[arg(long)]
    load_threads: Option<usize>,
    /// Threads of the upstream [default: a quarter of the CPUs, at least 1]
    #[arg(long)]
    upstream_threads: Option<usize>,
    /// Use the built-in load generator over h1 even if wrk is installed
    #[arg(long)]
    built_in: bool,
    /// Measure the gateway while so many calls wait for a person, beside one that holds none: the memory of both, and what
    /// the load costs at each [1000 if no number is given]
    #[arg(long, value_name = "CALLS", num_args = 0..=1, default_missing_value = "1000",
        value_parser = clap::value_parser!(u16).range(1..=1000), conflicts_with_all = ["targets", "all", "counters"])]
    held: Option<u16>,
    /// Count system calls and events for each request too (strace and perf, where they are)
    #[arg(long)]
    counters: bool,
    /// A few requests of every shape (or of --shapes) with every target; fails unless each is answered 200 by the tool
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

/// Calls that `--smoke` holds.
const SMOKE_HELD: u16 = 8;

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
    let places = Places {
        programs,
        dir: dir.path().to_owned(),
        upstream_threads: options.upstream_threads.unwrap_or_else(|| (machine::cpus() / 4).max(1)),
        access_log: options.access_log,
    };
    let kinds = kinds(options);
    let bench = bench(options, shapes(options), dir.path())?;
    println!("{}, load average {}", machine::description(), machine::load_average());
    println!("{}", bench.describe());
    describe_programs(&places, &kinds);
    if let Some(calls) = options.held.filter(|_| !options.smoke) {
        return held::measure(&bench, &places, calls);
    }

    let upstream = Target::start_upstream(&places)?;
    // `direct` is an upstream of its own, so that its CPU time is not mixed with that of the others' calls.
    let targets: Vec<Target> =
        kinds.iter().map(|kind| Target::start(*kind, &places, upstream.address)).collect::<Result<_, _>>()?;
    let all = bench.measure(&targets, upstream.address)?;

    if options.smoke {
        bench.check(&all)?;
        println!("all shapes were served by all targets");
        return held::measure(&held_smoke(options, dir.path())?, &places, options.held.unwrap_or(SMOKE_HELD));
    }
    for rounds in &all {
        println!("\n{}", rounds.table().trim_end());
    }
    if all.len() > 1 {
        println!("\n{}", summary(&all).trim_end());
    }
    println!(
        "\nratio: median over the rounds of target / bare in the same round; load average {}",
        machine::load_average()
    );
    if options.counters {
        for line in bench.count(&targets)? {
            println!("{line}");
        }
    }
    bench.check(&all)
}

fn bench(options: &Options, shapes: Vec<Shape>, dir: &Path) -> anyhow::Result<Bench> {
    let (rounds, under_way, streams, amount) = if options.smoke {
        (1, 4, 2, Amount::Each(3))
    } else {
        let duration = Duration::try_from_secs_f64(options.seconds).context("--seconds")?;
        (options.rounds, options.connections.max(1), options.streams.max(1), Amount::Time(duration))
    };
    let threads = options.load_threads.unwrap_or_else(|| (machine::cpus() / 4).max(2)).max(1);
    let intensity = Intensity { under_way, streams, threads, amount };
    let loads = shapes
        .into_iter()
        .map(|shape| Load::new(shape, intensity, !options.built_in, dir))
        .collect::<Result<_, _>>()?;
    let yardstick = if options.held.is_some() { Kind::Free } else { Kind::Bare };
    Ok(Bench { loads, intensity, rounds, yardstick, dir: dir.to_owned() })
}

/// The held calls of `--smoke`: the standing shape beside them, or the first of those that are asked for.
fn held_smoke(options: &Options, dir: &Path) -> anyhow::Result<Bench> {
    let shape = options.shapes.first().copied().unwrap_or(Shape::DEFAULT);
    Ok(Bench { yardstick: Kind::Free, ..bench(options, vec![shape], dir)? })
}

fn shapes(options: &Options) -> Vec<Shape> {
    let mut shapes = Vec::new();
    for shape in &options.shapes {
        if !shapes.contains(shape) {
            shapes.push(*shape);
        }
    }
    match shapes.is_empty() {
        true if options.all || options.smoke => Shape::all(),
        true => vec![Shape::DEFAULT],
        false => shapes,
    }
}

fn kinds(options: &Options) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for kind in &options.targets {
        if !kinds.contains(kind) {
            kinds.push(*kind);
        }
    }
    if options.held.is_some() && !options.smoke {
        return held::KINDS.to_vec();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes_of(arguments: &[&str]) -> Vec<Shape> {
        shapes(&Options::try_parse_from([&["driver"], arguments].concat()).unwrap())
    }

    #[test]
    fn without_a_choice_the_standing_shape_is_measured() {
        assert_eq!(shapes_of(&[]), [Shape::DEFAULT]);
        assert_eq!(shapes_of(&["--all"]), Shape::all());
        assert_eq!(shapes_of(&["--smoke"]), Shape::all());
    }

    #[test]
    fn shapes_are_chosen_by_name_and_measured_once() {
        let chosen = shapes_of(&["--shapes", "mcp:300:h1,http:100k:h2c,mcp:300:h1"]);
        assert_eq!(chosen, [Shape::DEFAULT, "http:100k:h2c".parse().unwrap()]);
        assert_eq!(shapes_of(&["--smoke", "--shapes", "http:1m:h1"]).len(), 1);
        assert!(Options::try_parse_from(["driver", "--shapes", "mcp:300"]).is_err());
    }
}
