//! The policy server as a library, with an executor of one's own: `cargo run --example custom_executor -- policy.yaml`, then
//! `curl localhost:8000/api/v1/execute -d '{"action_type": "read", "target": "crm", "params": {"id": 7}}'`.

use std::io::Write;
use std::sync::Arc;

use aegis_gateway::app::{PolicyServerOptions, policy_server};
use aegis_gateway::gateway::{Executor, ExecutorAction, ExecutorError};
use anyhow::{Context, Result};
use async_trait::async_trait;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

/// A tool of ours: contacts that can be read.
#[derive(Debug)]
struct Contacts;

#[async_trait]
impl Executor for Contacts {
    async fn execute(&self, action: ExecutorAction) -> Result<Box<RawValue>, ExecutorError> {
        // Nothing was done yet, so an approval of this action stays good.
        let params: Value = serde_json::from_str(action.params.get())
            .map_err(|error| ExecutorError::not_sent(format!("params: {error}")))?;
        if action.action_type != "read" {
            return Err(ExecutorError::not_sent("contacts can only be read"));
        }
        let contact = json!({"id": params.get("id"), "name": "Ada", "of": action.target});
        to_raw_value(&contact).map_err(|error| ExecutorError::failed(error.to_string()))
    }
}

fn main() -> Result<()> {
    let policy = std::env::args().nth(1).context("which policy? custom_executor POLICY")?;
    let app = policy_server(&PolicyServerOptions::new(policy), Arc::new(Contacts))?;
    writeln!(std::io::stdout(), "listening on http://{}", app.control_address())?;
    app.run()?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test: a failed expectation is what it is for")]
mod tests {
    use std::io::Read;
    use std::net::{SocketAddr, TcpStream};

    use super::*;

    fn execute(address: SocketAddr, action: &str) -> Value {
        let mut stream = TcpStream::connect(address).unwrap();
        let length = action.len();
        let head =
            format!("POST /api/v1/execute HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n");
        stream.write_all(format!("{head}Connection: close\r\n\r\n{action}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    #[test]
    fn what_is_let_through_is_run_by_the_executor() {
        let folder = tempfile::TempDir::new().unwrap();
        let policy = folder.path().join("policy.yaml");
        let rules = "rules:\n- {name: all, match: {type: \"[rw]*\"}, approval: auto}\n";
        std::fs::write(&policy, rules).unwrap();
        let mut options = PolicyServerOptions::new(policy);
        options.listen.set_port(0);
        let app = policy_server(&options, Arc::new(Contacts)).unwrap();
        let (address, stop) = (app.control_address(), app.stop_handle());
        let serving = std::thread::spawn(move || app.run().unwrap());
        let read = execute(address, r#"{"action_type":"read","target":"crm","params":{"id":7}}"#);
        assert_eq!((&read["status"], &read["data"]["name"]), (&json!("success"), &json!("Ada")));
        let write = execute(address, r#"{"action_type":"write","target":"crm"}"#);
        assert_eq!(
            (&write["status"], &write["error"]),
            (&json!("failed"), &json!("contacts can only be read"))
        );
        let delete = execute(address, r#"{"action_type":"delete","target":"crm"}"#);
        assert_eq!(delete["error"], "Blocked by policy rule: <default>");
        stop.stop();
        serving.join().unwrap();
    }
}
