//! What a request costs the kernel: system calls by `strace`, and what `perf` can count on this machine.
//!
//! Tracing slows a target several times over, so nothing here is a speed; ours minus bare is what matters. A
//! tool that is not installed, or may not trace here, is left out. It imports `load`, `process`, `report` and
//! `targets`. Start reading at `Counters::measure`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::load::Load;
use crate::process::Process;
use crate::report::{count, ratio};
use crate::targets::Target;

/// The events asked of `perf`; those the machine lacks are left out of the report.
const EVENTS: &str = "instructions,context-switches,cpu-migrations,page-faults";

/// Where and how to measure.
#[derive(Debug)]
pub(crate) struct Counters<'a> {
    pub(crate) dir: &'a Path,
    pub(crate) load: &'a Load,
}

impl Counters<'_> {
    /// The counts of one target for each request, one line a tool.
    pub(crate) fn measure(&self, target: &Target) -> anyhow::Result<Vec<String>> {
        let calls = self.traced(target, "strace", &["-c", "-f", "-q"], parse_strace)?;
        let events = self.traced(target, "perf", &["stat", "-x,", "-e", EVENTS], parse_perf)?;
        Ok([calls, events].into_iter().flatten().collect())
    }

    /// Attaches a tool to the target, loads the target, and reads the file the tool wrote.
    fn traced(
        &self,
        target: &Target,
        tool: &str,
        arguments: &[&str],
        parse: fn(&str) -> Vec<(String, u64)>,
    ) -> anyhow::Result<Option<String>> {
        if !is_installed(tool) {
            return Ok(None);
        }
        let pids: Vec<String> = target.pids().iter().map(u32::to_string).collect();
        let output = self.dir.join(format!("{}.{tool}", target.kind.name()));
        let mut command = Command::new(tool);
        command.args(arguments).arg("-o").arg(&output).arg("-p").arg(pids.join(","));
        let mut tracer = Process::start(&mut command, self.dir, tool)?;
        if tool == "strace" {
            wait_until_traced(&pids);
        } else {
            // perf does not say when it counts; what it misses of the load is a few per mille.
            std::thread::sleep(Duration::from_millis(50));
        }
        let tally = self.load.run(target.address)?;
        tracer.signal(Signal::INT);
        tracer.wait_or_kill(Duration::from_secs(5));
        let counts = parse(&fs::read_to_string(&output).unwrap_or_default());
        Ok((!counts.is_empty() && tally.completed > 0).then(|| line(target, tool, &counts, tally.completed)))
    }
}

/// Whether a program can be started.
pub(crate) fn is_installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

fn line(target: &Target, tool: &str, counts: &[(String, u64)], requests: u64) -> String {
    let parts: Vec<String> = counts
        .iter()
        .map(|(name, number)| (name, ratio(count(*number), count(requests))))
        .filter(|(_, each)| *each >= 0.005)
        .map(|(name, each)| format!("{name} {each:.2}"))
        .collect();
    format!("{:<8} {tool}, each of {requests} requests: {}", target.kind.name(), parts.join(", "))
}

/// Waits until every thread of the processes is traced, a second at most.
fn wait_until_traced(pids: &[String]) {
    let deadline = Instant::now() + Duration::from_secs(1);
    while Instant::now() < deadline && !pids.iter().all(|pid| is_traced(pid)) {
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn is_traced(pid: &str) -> bool {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return true };
    tasks.flatten().all(|task| {
        let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
        !status.lines().any(|line| line.strip_prefix("TracerPid:").is_some_and(|pid| pid.trim() == "0"))
    })
}

/// Reads the table of `strace -c`: calls in the fourth column, the name in the last; the sum comes first.
fn parse_strace(table: &str) -> Vec<(String, u64)> {
    let mut counts: Vec<(String, u64)> = table
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let calls = fields.get(3)?.parse().ok()?;
            Some((fields.last()?.to_string(), calls))
        })
        .collect();
    counts.sort_by_key(|(_, calls)| std::cmp::Reverse(*calls));
    counts
}

/// Reads `perf stat -x,`: the value in the first column, the event in the third.
fn parse_perf(lines: &str) -> Vec<(String, u64)> {
    lines
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let value = fields.first()?.parse().ok()?;
            Some(((*fields.get(2)?).to_owned(), value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_strace_is_read() {
        let table = "% time     seconds  usecs/call     calls    errors syscall\n\
                     ------ ----------- ----------- --------- --------- ----------------\n\
                     60.00    0.000600           1       100        20 read\n\
                     40.00    0.000400           2       200           write\n\
                     ------ ----------- ----------- --------- --------- ----------------\n\
                     100.00    0.001000           1       300        20 total\n";
        let wanted =
            [("total", 300), ("write", 200), ("read", 100)].map(|(name, calls)| (name.to_owned(), calls));
        assert_eq!(parse_strace(table), wanted);
    }

    #[test]
    fn events_the_machine_lacks_are_left_out() {
        let lines =
            "# started\n\n<not supported>,,instructions,0,100.00,,\n12,,context-switches,1,100.00,,\n";
        assert_eq!(parse_perf(lines), [("context-switches".to_owned(), 12)]);
    }
}
