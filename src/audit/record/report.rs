//! What callers report of calls that they carry out themselves: `kind: "report"`.
//!
//! Imports `model` and `audit::record`.

use crate::audit::record::Line;
use crate::model::decimal::write_decimal;
use crate::model::id::Id;

/// A report of what became of an allowed proposal.
#[derive(Clone, Copy, Debug)]
pub struct ReportRecord<'r> {
    /// The decision that allowed it.
    pub decision_id: &'r Id,
    /// Who says so.
    pub by: ReportedBy<'r>,
    /// What was done.
    pub capability: &'r str,
    /// How it ended, in the document's words.
    pub status: &'static str,
    /// The same in the words of executions.
    pub result: &'static str,
    /// Whether it was a failure; `None`: it says nothing of the actor.
    pub failed: Option<bool>,
    /// What came of it.
    pub summary: Option<&'r str>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<u64>,
    /// The exit code.
    pub exit_code: Option<i64>,
}

/// Who reports.
#[derive(Clone, Copy, Debug)]
pub struct ReportedBy<'r> {
    /// Its tenant.
    pub tenant: &'r str,
    /// The actor whose proposal it was.
    pub actor: &'r str,
    /// The id of the key.
    pub key: Option<&'r str>,
}

impl ReportRecord<'_> {
    /// The record's members.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut line = Line::sized("report", 512);
        line.text(",\"tenant\":", self.by.tenant);
        line.text(",\"actor\":", self.by.actor);
        if let Some(key) = self.by.key {
            line.text(",\"key\":", key);
        }
        line.text(",\"capability\":", self.capability);
        line.id(",\"decision_id\":\"", self.decision_id);
        line.plain(",\"result\":\"", self.result);
        line.plain(",\"report_status\":\"", self.status);
        if let Some(failed) = self.failed {
            line.raw(",\"failed\":", if failed { "true" } else { "false" });
        }
        if let Some(summary) = self.summary {
            line.text(",\"summary\":", summary);
        }
        if let Some(duration) = self.duration_ms {
            line.raw(",\"duration_ms\":", "");
            write_decimal(duration, &mut line.bytes);
        }
        if let Some(code) = self.exit_code {
            line.raw(",\"exit_code\":", &code.to_string());
        }
        line.bytes
    }
}
