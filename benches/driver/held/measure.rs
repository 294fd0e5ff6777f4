//! The measurement: the same load at gateways with and without held calls, in turns. Start reading at `measure`.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::bench::Bench;
use crate::held::callers::Callers;
use crate::held::office::Office;
use crate::load::Amount;
use crate::machine::{self, Memory};
use crate::report::{count, ratio};
use crate::targets::{Kind, Places, Target};
use crate::upstream;

/// What is measured: a gateway without held calls, the same again, and one with them.
pub(crate) const KINDS: [Kind; 3] = [Kind::Free, Kind::Again, Kind::Held];

/// What a gateway may have in memory while it holds 1,000 calls.
const BAR_MIB: f64 = 100.0;
/// How long a route lets a call wait, less what it takes to open and to approve the calls.
const WAIT_LIMIT: Duration = Duration::from_secs(300 - 60);
/// How long it may take until all calls wait.
const OPEN_LIMIT: Duration = Duration::from_secs(30);

/// Holds so many calls and measures the load of `bench` beside them. At the end all of them are approved, and each must be
/// answered by the tool, once.
pub(crate) fn measure(bench: &Bench, places: &Places, calls: u16) -> anyhow::Result<()> {
    fits(bench)?;
    let upstream = Target::start_upstream(places)?;
    let targets: Vec<Target> =
        KINDS.iter().map(|kind| Target::start(*kind, places, upstream.address)).collect::<Result<_, _>>()?;
    let (Some(free), Some(held)) = (targets.first(), targets.last()) else { bail!("no targets") };
    let office = Office { control: held.control.context("a gateway without a control listener")? };

    println!("\nmemory in MiB                      resident  of no file  peak");
    show("held: just started", held)?;
    let callers = Callers::call(held.address, calls);
    wait_for(office, calls, &callers)?;
    let memory = show(&format!("held: {calls} calls wait"), held)?;
    let all = bench.measure(&targets, upstream.address)?;
    show(&format!("held: {calls} calls wait, after load"), held)?;
    show("free: no call waits, after load", free)?;
    let waiting = office.waiting()?;
    if waiting != u64::from(calls) {
        bail!("{waiting} calls of {calls} wait still");
    }
    release(office, callers, calls, upstream.address)?;
    println!(
        "{calls} held calls: {:.1} MiB resident; the bar for 1000 is {BAR_MIB:.0} MiB\n",
        mib(memory.resident_kib)
    );
    for rounds in &all {
        println!("{}", rounds.table().trim_end());
    }
    println!("ratio: median over the rounds of target / free in the same round");
    bench.check(&all)
}

/// A call waits for so long at most: what takes longer would measure a gateway whose callers have been sent away.
fn fits(bench: &Bench) -> anyhow::Result<()> {
    let turns = bench.rounds * bench.loads.len() * KINDS.len();
    let Amount::Time(turn) = bench.intensity.amount else { return Ok(()) };
    let needed = turn.saturating_mul(u32::try_from(turns).unwrap_or(u32::MAX));
    if needed > WAIT_LIMIT {
        bail!(
            "{turns} turns of {turn:?} take longer than calls may wait ({WAIT_LIMIT:?}): fewer --rounds or --seconds"
        );
    }
    Ok(())
}

fn wait_for(office: Office, calls: u16, callers: &Callers) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        let waiting = office.waiting()?;
        if waiting == u64::from(calls) {
            return Ok(());
        }
        if callers.have_ended() || started.elapsed() > OPEN_LIMIT {
            bail!("{waiting} calls of {calls} wait");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Approves all of them. Each runs once.
fn release(
    office: Office,
    callers: Callers,
    calls: u16,
    upstream: std::net::SocketAddr,
) -> anyhow::Result<()> {
    let (before, started) = (upstream::served(upstream)?, Instant::now());
    let approved = office.approve_all()?;
    callers.answered()?;
    let ran = upstream::served(upstream)?.calls - before.calls;
    if (approved, ran) != (u64::from(calls), u64::from(calls)) {
        bail!("{approved} calls of {calls} were approved, and the tool was called {ran} times");
    }
    println!("all {calls} were approved and ran, each once, within {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

fn show(what: &str, target: &Target) -> anyhow::Result<Memory> {
    let pid = *target.pids().first().context("no process")?;
    let memory = machine::memory(pid)?;
    println!(
        "{what:<36} {:>6.1}  {:>10.1}  {:>4.1}",
        mib(memory.resident_kib),
        mib(memory.anonymous_kib),
        mib(memory.peak_kib)
    );
    Ok(memory)
}

fn mib(kib: u64) -> f64 {
    ratio(count(kib), 1024.0)
}
