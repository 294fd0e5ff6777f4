//! A program under test: started, waited for, and stopped again whatever happens to the driver's run.
//!
//! It imports nothing of ours. Start reading at `Process::start`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};

/// How long a program may take to say that it is ready; debug builds on a busy machine are slow.
const START_LIMIT: Duration = Duration::from_secs(30);
/// How long a program may take to end after SIGTERM before it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// A running child. Dropping it sends SIGTERM, waits, and kills what does not end.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
    stderr: PathBuf,
}

impl Process {
    /// Starts a program whose standard error goes to `NAME.stderr` in `dir`.
    pub(crate) fn start(command: &mut Command, dir: &Path, name: &str) -> anyhow::Result<Process> {
        let stderr = dir.join(format!("{name}.stderr"));
        let mut child = command
            // Held open while we live: the upstream ends when it is closed.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&stderr)?)
            .spawn()
            .with_context(|| format!("{name}: {} cannot be started", command.get_program().display()))?;
        let (sender, lines) = channel();
        if let Some(stdout) = child.stdout.take() {
            // Read to the end even when nobody listens, or a talkative program would block on a full pipe.
            std::thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        Ok(Process { child, lines, stderr })
    }

    /// The process id, for `/proc` and tracers.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads standard output up to the line `last` starts and gives the lines read, that one included.
    pub(crate) fn wait_for_line(&mut self, last: &str) -> anyhow::Result<Vec<String>> {
        let deadline = Instant::now() + START_LIMIT;
        let mut lines = Vec::new();
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => lines.push(line),
                Err(RecvTimeoutError::Timeout) => {
                    bail!("no line `{last}` within {START_LIMIT:?}; {}", self.last_words(&lines))
                }
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("it ended before the line `{last}`; {}", self.last_words(&lines))
                }
            }
            if lines.last().is_some_and(|line| line.starts_with(last)) {
                return Ok(lines);
            }
        }
    }

    /// Fails if the program has ended; `address` is what it should be serving.
    pub(crate) fn wait_for_port(&mut self, address: std::net::SocketAddr) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        while std::net::TcpStream::connect(address).is_err() {
            if self.child.try_wait()?.is_some() || Instant::now() > deadline {
                bail!("it does not serve {address}; {}", self.last_words(&[]));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// What the program said last, for an error message.
    pub(crate) fn last_words(&self, lines: &[String]) -> String {
        let stderr = std::fs::read_to_string(&self.stderr).unwrap_or_default();
        let tail: Vec<&str> = stderr.lines().rev().take(10).collect();
        let tail: Vec<&str> = tail.into_iter().rev().collect();
        format!("it printed {lines:?} and on standard error:\n{}", tail.join("\n"))
    }

    /// Sends a signal; a process that has ended already is no error.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    /// Waits for the end, or kills the process when `limit` has passed.
    pub(crate) fn wait_or_kill(&mut self, limit: Duration) {
        let deadline = Instant::now() + limit;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::TERM);
            self.wait_or_kill(STOP_LIMIT);
        }
    }
}
