//! The load made by `wrk`. Start reading at `run`.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};

use crate::load::tally::{Tally, micros};
use crate::load::{Amount, Intensity};
use crate::workload::Workload;

/// The script: the request, and a last line with the result that a program can read. The answers' status is checked
/// by `wrk` itself; a `response` function in Lua would slow it to half.
pub(super) fn script(workload: &Workload) -> String {
    let headers: String = workload
        .headers
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

/// Loads `address` by `wrk` with that script.
pub(super) fn run(
    script: &Path,
    address: SocketAddr,
    workload: &Workload,
    intensity: Intensity,
) -> anyhow::Result<Tally> {
    let Amount::Time(duration) = intensity.amount else { bail!("wrk runs for a time, not for a number") };
    let output = Command::new("wrk")
        .arg(format!("-c{}", intensity.under_way))
        .arg(format!("-t{}", intensity.threads.min(intensity.under_way)))
        .arg(format!("-d{}s", duration.as_secs().max(1)))
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
}
