//! The approver's side, over the control API. Start reading at `Office::waiting`.

use std::net::SocketAddr;

use anyhow::Context as _;
use serde_json::Value;

use crate::targets::APPROVER;
use crate::wire::exchange;

/// Where the holds of a gateway are seen and approved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Office {
    pub(super) control: SocketAddr,
}

impl Office {
    /// How many requests wait now.
    pub(super) fn waiting(self) -> anyhow::Result<u64> {
        let status = self.ask("GET", "/api/v1/status")?;
        let waiting = status.pointer("/holds/waiting").and_then(Value::as_u64);
        waiting.context("the status does not say how many wait")
    }

    /// Approves all that are pending, and says how many those were.
    pub(super) fn approve_all(self) -> anyhow::Result<u64> {
        let mut approved = 0;
        loop {
            let page = self.ask("GET", "/api/v1/holds?state=pending&limit=200")?;
            let holds = page.get("holds").and_then(Value::as_array).context("no list of holds")?;
            if holds.is_empty() {
                return Ok(approved);
            }
            for hold in holds {
                let id = hold.get("hold_id").and_then(Value::as_str).context("a hold without an id")?;
                self.ask("POST", &format!("/api/v1/holds/{id}/approve"))?;
                approved += 1;
            }
        }
    }

    fn ask(self, method: &str, path: &str) -> anyhow::Result<Value> {
        let control = self.control;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {control}\r\nX-Api-Key: {}\r\nContent-Length: 0\r\n\r\n",
            APPROVER.0
        );
        let answer = exchange(control, request.as_bytes()).with_context(|| format!("{method} {path}"))?;
        Ok(serde_json::from_str(&answer)?)
    }
}
