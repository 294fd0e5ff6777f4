//! A process that serves, whatever its command line; what it said on standard output is kept.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::{Client, aegis, eventually};

/// A running process. Killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    said: Arc<Mutex<String>>,
    log: Arc<Mutex<String>>,
    collectors: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts a gateway and waits until it says that it is ready, and answers.
    pub fn start(command: &mut Command) -> Self {
        let mut running = Self::spawn(command);
        let started = eventually("ready", || {
            let ready = running.said().lines().any(|line| line == "ready");
            if ready { Some(None) } else { running.ended().map(Some) }
        });
        assert!(started.is_none(), "it ended with {started:?}: {}", running.log());
        // An answer of the data plane, even that it serves no such host or route, shows that all of it runs.
        let answer = Client::connect(running.address("gateway listening on http://")).get("/no/such/route");
        assert!(matches!(answer.status, 404 | 421), "{}", answer.text());
        running
    }

    /// Starts it and waits for nothing.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (said, log) = (Arc::default(), Arc::default());
        let collectors =
            vec![collect(child.stdout.take().unwrap(), &said), collect(child.stderr.take().unwrap(), &log)];
        Self { child, said, log, collectors }
    }

    /// What it has said on standard output.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The rest of the line that begins with `prefix`.
    pub fn line(&self, prefix: &str) -> String {
        let said = self.said();
        let line = said.lines().find_map(|line| line.strip_prefix(prefix));
        line.unwrap_or_else(|| panic!("no line begins with {prefix:?}: {said}")).to_owned()
    }

    /// The address in the line that begins with `prefix`.
    pub fn address(&self, prefix: &str) -> SocketAddr {
        self.line(prefix).parse().unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its exit status, once it has ended. All it ever said is collected then.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().unwrap()?;
        self.collectors.drain(..).for_each(|collector| collector.join().unwrap());
        Some(status)
    }

    /// Sends a signal by name, such as `INT`, and waits until it has ended.
    pub fn stop(&mut self, signal: &str) -> ExitStatus {
        let status =
            Command::new("kill").arg(format!("-{signal}")).arg(self.pid().to_string()).status().unwrap();
        assert!(status.success());
        eventually("the end of the process", || self.ended())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Starts `aegis serve --config gateway.yaml` in a folder where it must not get ready: its exit status, standard output and
/// standard error.
pub fn refused_start(folder: &Path) -> (ExitStatus, String, String) {
    let mut running = Running::spawn(aegis().args(["serve", "--config", "gateway.yaml"]).current_dir(folder));
    let status = eventually("the refusal", || {
        assert!(!running.said().lines().any(|line| line == "ready"), "it started: {}", running.log());
        running.ended()
    });
    (status, running.said(), running.log())
}

fn collect(from: impl Read + Send + 'static, into: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let into = Arc::clone(into);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut text = into.lock().unwrap();
            text.push_str(&line);
            text.push('\n');
        }
    })
}
