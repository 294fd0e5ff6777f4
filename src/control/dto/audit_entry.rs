//! An executed action, as document 002's audit log shows it.

use crate::audit::index::Call;
use crate::model::json::{CaseEqualKeys, Json, Reader, write_json, write_json_string};

/// Records are ours: nothing in them is refused for being deep or doubled in letter case.
const READER: Reader = Reader { max_depth: 1024, case_equal_keys: CaseEqualKeys::Allow };

/// An entry of the audit log: a decision's record and, where the action was run, what became of it.
#[derive(Debug)]
pub(in crate::control) struct AuditEntry<'c> {
    decision: Json<'c>,
    execution: Json<'c>,
}

impl<'c> AuditEntry<'c> {
    /// The entry of a call; `None` for a line that is no record.
    pub(in crate::control) fn of(call: &'c Call) -> Option<Self> {
        let decision = READER.parse_answer(&call.line).ok()?;
        let executed = call.execution.as_ref().map(|executed| READER.parse_answer(&executed.line));
        Some(Self { decision, execution: executed.and_then(Result::ok).unwrap_or_default() })
    }

    /// Appends the entry. `python` writes parameters and data as the texts they are in the document.
    pub(in crate::control) fn write(&self, python: fn(&Json<'_>) -> String, out: &mut Vec<u8>) {
        let (decision, execution) = (&self.decision, &self.execution);
        let ran = *execution != Json::Null;
        let result = |name: &str| if ran { execution.member(name) } else { decision.member(name) };
        out.extend_from_slice(b"{\"id\":");
        raw(decision.member("action_no"), out);
        text("session_id", decision.member("session_id"), out);
        let time = decision.member("time").and_then(Json::as_str).unwrap_or_default();
        owned(
            "timestamp",
            &time.strip_suffix('Z').map_or(time.to_owned(), |time| format!("{time}+00:00")),
            out,
        );
        text("action_type", decision.member("capability"), out);
        text("action_target", decision.member("resource"), out);
        owned("action_params", &decision.member("arguments").map_or_else(|| "{}".to_owned(), python), out);
        text("action_desc", decision.member("description"), out);
        let risk = decision.pointer("/risk/level").and_then(Json::as_str).unwrap_or_default();
        owned("risk_level", &risk.to_uppercase(), out);
        owned("approval", self.approval(), out);
        owned("matched_rule", self.rule().unwrap_or("<default>"), out);
        option("human_decision", self.human_decision(), out);
        option("result_status", self.status(), out);
        let data = result("result_data").filter(|data| **data != Json::Null).map(python);
        option("result_data", data.as_deref(), out);
        text("result_error", result("result_error"), out);
        text("agent_id", decision.member("agent_id"), out);
        out.extend_from_slice(b",\"parent_agent_id\":null,\"chain_id\":null,\"chain_depth\":0");
        text("decision_id", decision.member("decision_id"), out);
        for name in ["hold_id", "metadata"] {
            if let Some(value) = decision.member(name) {
                name_of(name, out);
                raw(Some(value), out);
            }
        }
        out.push(b'}');
    }

    /// What the policy says, as its words: the strictest of the findings.
    fn approval(&self) -> &'static str {
        let strictness = |finding: &Json<'_>| match finding.member("outcome").and_then(Json::as_str) {
            Some("ALLOW") => 1,
            Some("REQUIRE_CONFIRMATION") => 2,
            Some("ESCALATE") => 3,
            _ => 4,
        };
        // What an engine would have done that is only watched, or warns of, is nothing the policy says.
        let says = |finding: &&Json<'_>| {
            ["would_have", "warning"].iter().all(|besides| finding.member(besides).is_none())
        };
        let told = self.findings().iter().filter(says);
        match told.map(strictness).max() {
            Some(1) => "auto",
            Some(2) => "approve",
            Some(3) => "escalate",
            _ => "block",
        }
    }

    fn rule(&self) -> Option<&str> {
        let rules = |finding: &&Json<'_>| finding.member("engine").and_then(Json::as_str) == Some("rules");
        self.findings().iter().find(rules)?.member("rule")?.as_str()
    }

    fn findings(&self) -> &[Json<'c>] {
        match self.decision.member("findings") {
            Some(Json::Array(findings)) => findings,
            _ => &[],
        }
    }

    fn human_decision(&self) -> Option<&'static str> {
        match self.decision.member("code")?.as_str()? {
            "approved" => Some("approved"),
            "hold_rejected" => Some("denied"),
            _ => None,
        }
    }

    /// What became of it. An action that was let through and never ended is one whose gateway died.
    fn status(&self) -> Option<&str> {
        if self.execution == Json::Null {
            return self.decision.member("result_status")?.as_str();
        }
        self.execution.member("result_status").or(self.execution.member("result"))?.as_str()
    }
}

fn name_of(name: &str, out: &mut Vec<u8>) {
    out.push(b',');
    write_json_string(name, out);
    out.push(b':');
}

fn raw(value: Option<&Json<'_>>, out: &mut Vec<u8>) {
    write_json(value.unwrap_or(&Json::Null), &|_| false, out);
}

fn text(name: &str, value: Option<&Json<'_>>, out: &mut Vec<u8>) {
    option(name, value.and_then(Json::as_str), out);
}

fn owned(name: &str, value: &str, out: &mut Vec<u8>) {
    option(name, Some(value), out);
}

fn option(name: &str, value: Option<&str>, out: &mut Vec<u8>) {
    name_of(name, out);
    match value {
        Some(value) => write_json_string(value, out),
        None => raw(None, out),
    }
}
