//! A gateway as its users run it: the built binary, a configuration file, system-chosen ports.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tempfile::TempDir;

use super::Client;

/// A running gateway and its folder. Killed and removed when dropped.
#[derive(Debug)]
pub struct Gateway {
    folder: Arc<TempDir>,
    child: Child,
    pub control: SocketAddr,
    pub address: SocketAddr,
    log: Arc<Mutex<String>>,
}

/// Builds a gateway's files before it starts.
#[derive(Debug)]
pub struct Setup {
    folder: Arc<TempDir>,
    config: String,
    environment: Vec<(String, String)>,
}

/// The built binary.
pub fn aegis() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aegis"));
    command.env_remove("RUST_BACKTRACE").stdin(Stdio::null());
    command
}

impl Setup {
    /// Writes a file beside the configuration.
    pub fn file(self, name: &str, text: &str) -> Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Makes a symbolic link beside the configuration.
    pub fn link(self, name: &str, target: &str) -> Self {
        std::os::unix::fs::symlink(target, self.folder.path().join(name)).unwrap();
        self
    }

    /// Adds an environment variable.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts the gateway and waits until it says it is ready.
    pub fn start(self) -> Gateway {
        self.file_config().spawn()
    }

    fn file_config(self) -> Self {
        let config = self.config.clone();
        self.file("gateway.yaml", &config)
    }

    fn spawn(self) -> Gateway {
        let mut command = aegis();
        command.args(["serve", "--config", "gateway.yaml"]).current_dir(self.folder.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let errors = child.stderr.take().unwrap();
        let collected = Arc::clone(&log);
        std::thread::spawn(move || collect(errors, &collected));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut control, mut address) = (None, None);
        loop {
            let Some(Ok(line)) = lines.next() else {
                let status = child.wait().unwrap();
                panic!("the gateway ended with {status}: {}", log.lock().unwrap());
            };
            let at = |prefix: &str| line.strip_prefix(prefix).map(|address| address.parse().unwrap());
            control = control.or(at("control listening on http://"));
            address = address.or(at("gateway listening on http://")).or(at("gateway listening on https://"));
            if line == "ready" {
                break;
            }
        }
        std::thread::spawn(move || lines.for_each(drop));
        Gateway { folder: self.folder, child, control: control.unwrap(), address: address.unwrap(), log }
    }
}

impl Gateway {
    /// A gateway whose `routes` and `policy` sections are given; everything else fits a test. `rules` is its rules file.
    pub fn with(routes_and_more: &str, rules: &str) -> Setup {
        let config = format!(
            "version: 1\ndata_dir: data\ncontrol: {{listen: \"127.0.0.1:0\"}}\n\
             telemetry: {{log: info}}\naudit: {{durability: process, segment_bytes: 4194304}}\n\
             policy: {{rules: rules.yaml}}\n{routes_and_more}\n"
        );
        let config = if config.contains("\ngateway:") {
            config
        } else {
            format!("{config}gateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\n")
        };
        Self::configured(&config).file("rules.yaml", rules)
    }

    /// A gateway with a whole configuration of the test's own.
    pub fn configured(config: &str) -> Setup {
        let folder = Arc::new(TempDir::new().unwrap());
        Setup { folder, config: config.to_owned(), environment: Vec::new() }
    }

    /// A gateway with one MCP route at `/mcp` and one HTTP route at `/crm` to `tool`, both with an anonymous caller.
    pub fn in_front_of(tool: SocketAddr, rules: &str) -> Setup {
        Self::with(&routes(tool), rules)
    }

    /// A client of the data plane.
    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// A client of the control listener.
    pub fn control_client(&self) -> Client {
        Client::connect(self.control)
    }

    /// The folder of configuration and data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn ledger(&self) -> PathBuf {
        self.folder.path().join("data/ledger")
    }

    /// The admin key of the first start.
    pub fn admin_key(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("data/admin.key")).unwrap().trim().to_owned()
    }

    /// All records of the ledger so far, in order.
    pub fn records(&self) -> Vec<Value> {
        let output = aegis().args(["audit", "tail", "-n", "1000000"]).arg(self.ledger()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        output
            .stdout
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect()
    }

    /// The records of one kind.
    pub fn records_of(&self, kind: &str) -> Vec<Value> {
        self.records().into_iter().filter(|record| record["kind"] == kind).collect()
    }

    /// `aegis audit verify` over its ledger.
    pub fn verify(&self) -> Output {
        aegis().args(["audit", "verify"]).arg(self.ledger()).output().unwrap()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let status =
            Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status().unwrap();
        assert!(status.success());
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Its exit status, once it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Stops it as an orchestrator does, and waits.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait()
    }

    /// Kills it without notice, and waits.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts another gateway in the same folder, after this one has ended.
    pub fn restart(&self) -> Gateway {
        let config = std::fs::read_to_string(self.folder.path().join("gateway.yaml")).unwrap();
        Setup { folder: Arc::clone(&self.folder), config, environment: Vec::new() }.spawn()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// A key's hash as the configuration wants it.
pub fn key_hash(key: &str) -> String {
    use sha2::Digest;
    format!("sha256:{}", data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(key)))
}

/// The two routes of [`Gateway::in_front_of`].
pub fn routes(tool: SocketAddr) -> String {
    format!(
        "routes:\n\
         - {{name: files, match: {{path_prefix: /mcp}}, protocol: mcp, capability_prefix: files, \
            upstream: {{addresses: [\"{tool}\"], path: /mcp}}, anonymous: {{id: dev, type: ai-agent}}, hold: {{wait_ms: 0}}}}\n\
         - name: crm\n  match: {{path_prefix: /crm}}\n  protocol: http\n  capability_prefix: crm\n  \
           upstream: {{addresses: [\"{tool}\"]}}\n  anonymous: {{id: dev, type: ai-agent}}\n  hold: {{wait_ms: 0}}\n  operations:\n  \
           - {{method: GET, path: \"/crm/contacts/{{id}}\", capability: crm.contacts.read, resource: \"contact:{{id}}\"}}\n  \
           - {{method: DELETE, path: \"/crm/contacts/{{id}}\", capability: crm.contacts.delete, resource: \"contact:{{id}}\"}}\n  \
           - {{method: POST, path: \"/crm/contacts\", capability: crm.contacts.create}}\n"
    )
}

fn collect(mut from: impl Read, into: &Mutex<String>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        into.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
}
