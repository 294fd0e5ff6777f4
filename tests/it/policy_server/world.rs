//! A policy server as its users run it, and what is asked of it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Answer, Client, Running, aegis, eventually};

/// Five rules, and a default that wants approval.
pub const POLICY: &str = "version: 1\ndefaults: {risk_level: medium, approval: approve}\nrules:\n\
    - {name: reads, match: {type: \"read*\"}, risk_level: low, approval: auto}\n\
    - {name: writes, match: {type: \"write*\"}, risk_level: high, approval: approve}\n\
    - {name: deletes, match: {type: \"delete*\"}, risk_level: critical, approval: block}\n\
    - {name: big, match: {type: pay}, conditions: {param_gt: {amount: 100}}, approval: block}\n\
    - {name: bot, match: {type: ping, agent: \"bot-*\"}, approval: auto}\n";

/// How a server is started.
#[derive(Clone, Debug, Default)]
pub struct Start {
    pub arguments: Vec<String>,
    pub variables: Vec<(String, String)>,
    /// No line of its log can be written.
    pub deaf: bool,
}

impl Start {
    pub fn with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self {
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            variables: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            deaf: false,
        }
    }
}

/// A running server. Killed and removed when dropped.
#[derive(Debug)]
pub struct Server {
    pub running: Running,
    pub address: SocketAddr,
    folder: Arc<TempDir>,
}

impl Server {
    /// Over `policy`, with `start`'s arguments and variables; `Err` with its exit status and what it said where it does not start.
    pub fn try_start(policy: &str, start: &Start) -> Result<Self, (Option<i32>, String)> {
        let folder = Arc::new(TempDir::new().unwrap());
        std::fs::write(folder.path().join("policy.yaml"), policy).unwrap();
        Self::spawn(folder, start)
    }

    pub fn start(policy: &str, start: &Start) -> Self {
        Self::try_start(policy, start).unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    /// Another one over the same files, after this one was stopped.
    pub fn restart(&self, start: &Start) -> Self {
        self.try_restart(start).unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    /// The same, or as [`Self::try_start`] where it does not start.
    pub fn try_restart(&self, start: &Start) -> Result<Self, (Option<i32>, String)> {
        Self::spawn(Arc::clone(&self.folder), start)
    }

    fn spawn(folder: Arc<TempDir>, start: &Start) -> Result<Self, (Option<i32>, String)> {
        let mut command = if start.deaf {
            let mut shell = Command::new("sh");
            shell.args(["-c", "exec \"$@\" 2>/dev/full", "sh"]).arg(aegis().get_program());
            shell
        } else {
            aegis()
        };
        command.env_remove("AEGIS_API_KEY").env_remove("AEGIS_ADMIN_KEY");
        command.args(["serve", "policy.yaml", "--port", "0"]).args(&start.arguments);
        command.envs(start.variables.iter().map(|(name, value)| (name, value))).current_dir(folder.path());
        let mut running = Running::spawn(&mut command);
        let ended = eventually("ready", || {
            let ready = running.said().lines().any(|line| line == "ready");
            if ready { Some(None) } else { running.ended().map(Some) }
        });
        if let Some(status) = ended {
            return Err((status.code(), running.log()));
        }
        let address = running.address("control listening on http://");
        Ok(Self { running, address, folder })
    }

    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.client().post_json(path, &body.to_string())
    }

    pub fn evaluate(&self, body: &Value) -> Value {
        self.post("/api/v1/evaluate", body).json()
    }

    pub fn execute(&self, body: &Value) -> Value {
        self.post("/api/v1/execute", body).json()
    }

    pub fn audit(&self, query: &str) -> Value {
        self.client().get(&format!("/api/v1/audit{query}")).json()
    }

    /// The approval that the policy in force has for an action type.
    pub fn approval(&self, action_type: &str) -> String {
        let answer = self.evaluate(&json!({"action_type": action_type}));
        answer["approval"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    pub fn policy_file(&self) -> PathBuf {
        self.folder.path().join("policy.yaml")
    }

    /// The records of the ledger so far.
    pub fn records(&self) -> Vec<Value> {
        records(&self.ledger())
    }

    pub fn ledger(&self) -> PathBuf {
        self.folder.path().join("policy.yaml.aegis/ledger")
    }
}

/// The records of a ledger.
pub fn records(ledger: &Path) -> Vec<Value> {
    let output = aegis().args(["audit", "tail", "-n", "100000"]).arg(ledger).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}
