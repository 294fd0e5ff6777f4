//! What the kernel tells about a process and about the machine, read from `/proc`.
//!
//! It imports nothing of ours. Start reading at `cpu_seconds`.

use std::fs;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;

/// Clock ticks in a second as `/proc` counts them: `USER_HZ`, 100 on every architecture we build for.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU time in seconds, user and system, of the given processes since they started.
pub(crate) fn cpu_seconds(pids: &[u32]) -> anyhow::Result<f64> {
    let mut ticks = 0;
    for pid in pids {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))
            .with_context(|| format!("process {pid} has ended"))?;
        ticks += stat_ticks(&stat).with_context(|| format!("/proc/{pid}/stat is not understood"))?;
    }
    Ok(f64::from(u32::try_from(ticks).unwrap_or(u32::MAX)) / TICKS_PER_SECOND)
}

/// What a process has in memory, in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    /// All of it (`VmRSS`), pages of mapped files included: the ledger's segment is one.
    pub(crate) resident_kib: u64,
    /// What is its own and of no file (`RssAnon`).
    pub(crate) anonymous_kib: u64,
    /// The most that was resident since it started (`VmHWM`).
    pub(crate) peak_kib: u64,
}

/// The memory of a process.
pub(crate) fn memory(pid: u32) -> anyhow::Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))
        .with_context(|| format!("process {pid} has ended"))?;
    parse_memory(&status).with_context(|| format!("/proc/{pid}/status is not understood"))
}

fn parse_memory(status: &str) -> Option<Memory> {
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    };
    Some(Memory { resident_kib: kib("VmRSS")?, anonymous_kib: kib("RssAnon")?, peak_kib: kib("VmHWM")? })
}

/// A process and its direct children: nginx works in children, the others alone.
pub(crate) fn with_children(pid: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    std::iter::once(pid).chain(children.split_whitespace().filter_map(|child| child.parse().ok())).collect()
}

/// Number of CPUs this process may use.
pub(crate) fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The machine in one line: ratios compare across machines, absolute figures do not.
pub(crate) fn description() -> String {
    let line = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let cpuinfo = line("/proc/cpuinfo");
    let model = cpuinfo.lines().find_map(|entry| entry.strip_prefix("model name")?.split_once(": "));
    let kernel = line("/proc/sys/kernel/osrelease");
    format!("{} CPUs ({}), Linux {kernel}", cpus(), model.map_or("unknown model", |(_, name)| name))
}

/// The load averages over 1, 5 and 15 minutes.
pub(crate) fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// Time since a file was written, so that a stale binary shows.
pub(crate) fn age(file: &std::path::Path) -> Option<Duration> {
    SystemTime::now().duration_since(file.metadata().ok()?.modified().ok()?).ok()
}

/// User and system ticks from a line of `/proc/PID/stat`. The second field, the name, may hold spaces and
/// brackets, so the fields are counted from its last bracket.
fn stat_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_found_behind_any_name() {
        let stat = "42 (a) b) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 3 0 100 1000 10";
        assert_eq!(stat_ticks(stat), Some(300));
    }

    #[test]
    fn memory_is_found_among_the_lines() {
        let status = "Name:\tx\nVmHWM:\t   30 kB\nVmRSS:\t   20 kB\nRssAnon:\t   10 kB\nRssFile:\t   10 kB\n";
        let wanted = Memory { resident_kib: 20, anonymous_kib: 10, peak_kib: 30 };
        assert_eq!(parse_memory(status), Some(wanted));
        assert_eq!(parse_memory("VmRSS:\t20 kB\n"), None);
        assert!(memory(std::process::id()).unwrap().resident_kib > 0);
    }

    #[test]
    fn this_process_has_used_some_cpu() {
        assert!(cpu_seconds(&[std::process::id()]).unwrap() >= 0.0);
        assert_eq!(with_children(std::process::id()).first(), Some(&std::process::id()));
    }
}
