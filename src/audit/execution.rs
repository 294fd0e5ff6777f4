//! The second record of a call that was let through: what became of it (`kind: "execution"`), and what a start says of a
//! call whose process died first (`kind: "reconciliation"`).
//!
//! Imports `model` and `audit::record`. An execution record is begun beside the decision's, while everything it names is at
//! hand, and ended with the call: one allocation in all.

use std::borrow::Cow;
use std::time::Duration;

use crate::audit::record::Line;
use crate::model::call::{Action, Principal};
use crate::model::decimal::{write_decimal, write_millis};
use crate::model::decision::{ExecutionResult, OUTCOME_UNKNOWN, ReasonCode};
use crate::model::id::Id;

/// What an execution record is expected to need, in bytes.
const EXECUTION_BYTES: usize = 512;

/// Which call was let through.
#[derive(Clone, Copy, Debug)]
pub struct ExecutionOf<'r, 'a> {
    /// Who called.
    pub principal: &'r Principal,
    /// What was called.
    pub action: &'r Action<'a>,
    /// The route's name.
    pub route: &'r str,
    /// The decision's id; `None` on a route in mode `off`.
    pub decision_id: Option<&'r Id>,
    /// The request's id.
    pub request_id: &'r Id,
}

/// How its execution ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// What became of the call.
    pub result: ExecutionResult,
    /// What kept its whole answer from being passed on; `None` when it was.
    pub code: Option<ReasonCode>,
    /// The HTTP status of the tool's answer; `None` when none began.
    pub status: Option<u16>,
    /// Bytes of the answer's body that came from the tool.
    pub response_bytes: u64,
    /// From the moment the call was let through.
    pub duration: Duration,
}

/// A record that waits for the end of its call.
#[derive(Debug)]
pub struct ExecutionRecord {
    line: Line,
}

impl ExecutionRecord {
    /// Begins the record of a call.
    #[must_use]
    pub fn begin(of: ExecutionOf<'_, '_>) -> Self {
        let mut line = Line::sized("execution", EXECUTION_BYTES);
        line.text(",\"tenant\":", &of.principal.tenant);
        line.text(",\"actor\":", &of.principal.id);
        match of.action {
            Action::Named(name) | Action::Tunnel(name) | Action::Shared(name) => {
                line.plain(",\"capability\":\"", name.as_str())
            }
            Action::Verbatim(text) => line.text(",\"capability\":", text),
            Action::Unnamed { tool, .. } => line.text(",\"tool\":", tool),
        }
        line.text(",\"route\":", of.route);
        if let Some(id) = of.decision_id {
            line.id(",\"decision_id\":\"", id);
        }
        line.id(",\"request_id\":\"", of.request_id);
        Self { line }
    }

    /// The record's members.
    #[must_use]
    pub fn end(self, ended: &Ended) -> Vec<u8> {
        let Self { mut line } = self;
        line.plain(",\"result\":\"", ended.result.as_str());
        if let Some(code) = ended.code {
            line.plain(",\"code\":\"", code.as_str());
        }
        if let Some(status) = ended.status {
            line.raw(",\"status\":", "");
            write_decimal(u64::from(status), &mut line.bytes);
            line.raw(",\"response_bytes\":", "");
            write_decimal(ended.response_bytes, &mut line.bytes);
        }
        line.raw(",\"duration_ms\":", "");
        write_millis(ended.duration, &mut line.bytes);
        line.bytes
    }
}

/// A call whose process died before it said what became of it.
#[derive(Clone, Debug)]
pub struct ReconciledCall<'r> {
    /// The epoch that holds the record of the call.
    pub epoch: &'r str,
    /// Its number there.
    pub seq: u64,
    /// What that record says of the call, where it says it.
    pub members: [(&'static str, Option<Cow<'r, str>>); 7],
}

impl ReconciledCall<'_> {
    /// The record's members.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut line = reconciliation(self.epoch);
        line.raw(",\"decided_seq\":", "");
        write_decimal(self.seq, &mut line.bytes);
        for (name, value) in &self.members {
            if let Some(value) = value {
                line.plain(",\"", name);
                line.text(":", value);
            }
        }
        line.bytes
    }
}

/// Calls of an epoch that were more than a start names one by one.
#[derive(Clone, Copy, Debug)]
pub struct ReconciledCrowd<'r> {
    /// The epoch that holds their records.
    pub epoch: &'r str,
    /// The number of the first of them there.
    pub first_seq: u64,
    /// How many they are.
    pub calls: u64,
}

impl ReconciledCrowd<'_> {
    /// The record's members.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut line = reconciliation(self.epoch);
        line.raw(",\"first_seq\":", "");
        write_decimal(self.first_seq, &mut line.bytes);
        line.raw(",\"calls\":", "");
        write_decimal(self.calls, &mut line.bytes);
        line.bytes
    }
}

fn reconciliation(epoch: &str) -> Line {
    let mut line = Line::sized("reconciliation", EXECUTION_BYTES);
    line.plain(",\"result\":\"", OUTCOME_UNKNOWN);
    line.text(",\"epoch\":", epoch);
    line
}
