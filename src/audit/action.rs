//! What the records of decisions say besides that come by the control listener: who asked in which session, and what came of
//! running the policy server's actions.
//!
//! Imports `model` and `audit::record`.

use crate::audit::execution::{Ended, ExecutionRecord};
use crate::audit::record::Line;
use crate::model::decimal::write_decimal;
use crate::model::json::{Json, Reader, write_json};
use crate::telemetry::Redaction;

/// `surface` of decisions on actions, and the route their metrics and records name.
pub const POLICY_SERVER: &str = "policy_server";

/// `surface` of decisions on proposals, and the route their metrics and records name.
pub const GOVERNANCE: &str = "governance";

/// Longest result that is recorded, in bytes of JSON; of a longer one only the length is.
pub const RESULT_MAX_BYTES: usize = 16 * 1024;

/// What the record of a decision says of the action or proposal it is about.
#[derive(Clone, Copy, Debug)]
pub struct ActionNote<'r> {
    /// [`POLICY_SERVER`] or [`GOVERNANCE`].
    pub surface: &'static str,
    /// Its number among the actions of this ledger, from 1; proposals have none.
    pub number: Option<u64>,
    /// The session it belongs to; `None` where its caller named none.
    pub session: Option<&'r str>,
    /// The agent it was asked for, where the caller named one.
    pub agent: Option<&'r str>,
    /// What its caller said it is for.
    pub description: &'r str,
    /// What its caller wants recorded with it.
    pub metadata: Option<&'r Json<'r>>,
}

/// What came of running an action.
#[derive(Clone, Copy, Debug)]
pub struct ActionResult<'r> {
    /// The word its caller was told: `success` or `failed`.
    pub status: &'static str,
    /// What it gave, as JSON text.
    pub data: Option<&'r str>,
    /// What went wrong.
    pub error: Option<&'r str>,
}

impl Line {
    /// The members of a note.
    pub(super) fn action(&mut self, note: &ActionNote<'_>, redaction: &Redaction) {
        self.plain(",\"surface\":\"", note.surface);
        if let Some(number) = note.number {
            self.raw(",\"action_no\":", "");
            write_decimal(number, &mut self.bytes);
        }
        if let Some(session) = note.session {
            self.text(",\"session_id\":", session);
        }
        if let Some(agent) = note.agent {
            self.text(",\"agent_id\":", agent);
        }
        if !note.description.is_empty() {
            self.text(",\"description\":", note.description);
        }
        if let Some(metadata) = note.metadata {
            self.raw(",\"metadata\":", "");
            write_json(metadata, &|key| redaction.hides(key), &mut self.bytes);
        }
    }
}

/// Adds to the record of an action that was not run what its caller was told.
pub fn record_answer(status: &'static str, error: Option<&str>, record: &mut Vec<u8>) {
    let mut line = Line { bytes: std::mem::take(record) };
    line.plain(",\"result_status\":\"", status);
    if let Some(error) = error {
        line.text(",\"result_error\":", error);
    }
    *record = line.bytes;
}

impl ExecutionRecord {
    /// The record's members, with the result of an action.
    #[must_use]
    pub fn end_action(self, ended: &Ended, result: ActionResult<'_>, redaction: &Redaction) -> Vec<u8> {
        let mut line = Line { bytes: self.end(ended) };
        line.plain(",\"result_status\":\"", result.status);
        line.raw(",\"result_data\":", "");
        let long = result.data.filter(|data| data.len() > RESULT_MAX_BYTES);
        // What an executor gives may hold secrets like anything else; what cannot be looked through is not stored.
        let shown = result.data.filter(|_| long.is_none());
        match shown.and_then(|data| Reader::default().parse_answer(data.as_bytes()).ok()) {
            Some(data) => write_json(&data, &|key| redaction.hides(key), &mut line.bytes),
            None => line.raw("null", ""),
        }
        if let Some(data) = long {
            line.raw(",\"result_data_bytes\":", "");
            write_decimal(u64::try_from(data.len()).unwrap_or(u64::MAX), &mut line.bytes);
        }
        match result.error {
            Some(error) => line.text(",\"result_error\":", error),
            None => line.raw(",\"result_error\":null", ""),
        }
        line.bytes
    }
}
