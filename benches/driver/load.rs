//! The load: the same request over and over on a fixed number of keep-alive connections.
//!
//! `wrk` does it where it is installed, else a generator built in here. It imports `wire`.
//! Start reading at `Generator::run`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

use crate::wire::{Head, Workload, is_success};

/// What one run of load saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    /// Answered requests, whatever the answer.
    pub(crate) completed: u64,
    /// Answers other than 2xx, broken connections and timeouts.
    pub(crate) errors: u64,
    pub(crate) seconds: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
}

/// Who makes the load.
#[derive(Clone, Debug)]
pub(crate) enum Generator {
    /// The `wrk` program; the path is that of its generated script.
    Wrk(PathBuf),
    BuiltIn,
}

/// How much load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Intensity {
    pub(crate) connections: usize,
    pub(crate) threads: usize,
    /// `wrk` takes whole seconds only.
    pub(crate) duration: Duration,
}

impl Generator {
    /// Loads `address` and waits until the last answer is in or given up.
    pub(crate) fn run(
        &self,
        address: SocketAddr,
        workload: &Workload,
        intensity: Intensity,
    ) -> anyhow::Result<Tally> {
        match self {
            Generator::Wrk(script) => run_wrk(script, address, workload, intensity),
            Generator::BuiltIn => run_built_in(address, workload, intensity),
        }
    }
}

/// The `wrk` script: the request, and a last line with the result that a program can read. The answers' status
/// is checked by `wrk` itself; a `response` function in Lua would slow it to half.
pub(crate) fn wrk_script(workload: &Workload) -> String {
    let headers: String = Workload::headers()
        .iter()
        .map(|(name, value)| format!("wrk.headers[\"{name}\"] = \"{value}\"\n"))
        .collect();
    format!(
        "wrk.method = \"POST\"\nwrk.body = [==[{}]==]\n{headers}\
         function done(summary, latency, requests)\n\
         \x20 local e = summary.errors\n\
         \x20 io.write(string.format(\"RESULT %d %d %d %d %d\\n\", summary.requests,\n\
         \x20   e.connect + e.read + e.write + e.timeout + e.status, summary.duration,\n\
         \x20   latency:percentile(50), latency:percentile(99)))\n\
         end\n",
        workload.body
    )
}

fn run_wrk(
    script: &std::path::Path,
    address: SocketAddr,
    workload: &Workload,
    intensity: Intensity,
) -> anyhow::Result<Tally> {
    let output = Command::new("wrk")
        .arg(format!("-c{}", intensity.connections))
        .arg(format!("-t{}", intensity.threads.min(intensity.connections)))
        .arg(format!("-d{}s", intensity.duration.as_secs().max(1)))
        .arg("-s")
        .arg(script)
        .arg(format!("http://{address}{}", workload.path))
        .output()
        .context("wrk cannot be started")?;
    let text = String::from_utf8_lossy(&output.stdout);
    parse_result(&text)
        .ok_or_else(|| anyhow!("wrk gave no result: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// Reads the line that the script's `done` wrote.
fn parse_result(output: &str) -> Option<Tally> {
    let line = output.lines().find_map(|line| line.strip_prefix("RESULT "))?;
    let mut fields = line.split(' ').map(str::parse::<u64>);
    let mut next = || fields.next()?.ok();
    let (completed, errors, duration_us) = (next()?, next()?, next()?);
    Some(Tally {
        completed,
        errors,
        seconds: Duration::from_micros(duration_us).as_secs_f64(),
        p50_us: micros(next()?),
        p99_us: micros(next()?),
    })
}

/// What one connection of the built-in generator saw; latencies in microseconds.
#[derive(Debug, Default)]
struct Seen {
    errors: u64,
    latencies: Vec<u64>,
}

/// Threads with an event loop each, so that a connection costs a task and not a thread.
fn run_built_in(address: SocketAddr, workload: &Workload, intensity: Intensity) -> anyhow::Result<Tally> {
    let request: Arc<[u8]> = workload.request_bytes(address).into();
    let started = Instant::now();
    let deadline = started + intensity.duration;
    let threads = intensity.threads.clamp(1, intensity.connections.max(1));
    let workers: Vec<_> = (0..threads)
        .map(|thread| {
            let connections = intensity.connections.saturating_sub(thread).div_ceil(threads);
            let request = request.clone();
            std::thread::spawn(move || run_thread(address, &request, connections, deadline))
        })
        .collect();
    let mut all = Seen::default();
    for worker in workers {
        let seen = worker.join().map_err(|_| anyhow!("a load thread panicked"))??;
        all.errors += seen.errors;
        all.latencies.extend(seen.latencies);
    }
    let seconds = started.elapsed().as_secs_f64();
    all.latencies.sort_unstable();
    Ok(Tally {
        completed: all.latencies.len() as u64,
        errors: all.errors,
        seconds,
        p50_us: percentile(&all.latencies, 50),
        p99_us: percentile(&all.latencies, 99),
    })
}

fn run_thread(
    address: SocketAddr,
    request: &Arc<[u8]>,
    connections: usize,
    deadline: Instant,
) -> anyhow::Result<Seen> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let tasks: Vec<_> =
            (0..connections).map(|_| tokio::spawn(keep_asking(address, request.clone(), deadline))).collect();
        let mut all = Seen::default();
        for task in tasks {
            let seen = task.await?;
            all.errors += seen.errors;
            all.latencies.extend(seen.latencies);
        }
        Ok(all)
    })
}

/// Asks on one connection until the deadline. A connection that fails is opened again, but not for ever: a
/// target that is down would otherwise be asked in a tight loop.
async fn keep_asking(address: SocketAddr, request: Arc<[u8]>, deadline: Instant) -> Seen {
    let mut seen = Seen::default();
    // A target that hangs must not hang the driver.
    let give_up = tokio::time::Instant::from_std(deadline + Duration::from_secs(10));
    while Instant::now() < deadline && seen.errors < 100 {
        let asking = ask_on_connection(address, &request, deadline, &mut seen);
        match tokio::time::timeout_at(give_up, asking).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => seen.errors += 1,
        }
    }
    seen
}

async fn ask_on_connection(
    address: SocketAddr,
    request: &[u8],
    deadline: Instant,
    seen: &mut Seen,
) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(4096);
    while Instant::now() < deadline {
        let asked = Instant::now();
        stream.write_all(request).await?;
        read_answer(&mut stream, &mut buffer).await?;
        seen.latencies.push(u64::try_from(asked.elapsed().as_micros())?);
        seen.errors += u64::from(!is_success(&buffer));
    }
    Ok(())
}

async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<()> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            bail!("the connection was closed");
        }
        match Head::parse(buffer) {
            Some(head) if head.transfer_encoding => bail!("the answer has no Content-Length"),
            Some(head) if buffer.len() >= head.message_bytes() => return Ok(()),
            _ => {}
        }
    }
}

/// The value below which `percent` of the sorted values lie.
fn percentile(sorted: &[u64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().map_or(0.0, micros)
}

fn micros(value: u64) -> f64 {
    f64::from(u32::try_from(value).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_line_is_read() {
        let tally = parse_result("Running 3s test\nRESULT 1000 2 3000000 812 4100\n").unwrap();
        let wanted = Tally { completed: 1000, errors: 2, seconds: 3.0, p50_us: 812.0, p99_us: 4100.0 };
        assert_eq!(tally, wanted);
        assert_eq!(parse_result("unable to connect"), None);
    }

    #[test]
    fn percentiles_are_ranks() {
        let values: Vec<u64> = (1..=200).collect();
        assert_eq!((percentile(&values, 50), percentile(&values, 99)), (100.0, 198.0));
        assert_eq!(percentile(&[], 50), 0.0);
        assert_eq!(percentile(&[7], 99), 7.0);
    }
}
