//! Refusals of requests whose route and caller are known.

use std::sync::Arc;

use crate::audit::record::EventRecord;
use crate::config::McpDenial;
use crate::extract::{Extracted, McpEra, rpc_code};
use crate::gateway::assess::known::{Answer, Assessed, Known, rpc_text};
use crate::gateway::{Refusal, RefusalForm};
use crate::model::decision::{Decision, Outcome, Reason, ReasonCode};
use crate::model::id::Id;

impl Known<'_> {
    /// No place is free on the route.
    pub(super) fn overloaded(self, extracted: Extracted<'_>) -> Assessed {
        self.gateway.metrics.shed();
        let (Extracted::Message { rpc_id, .. } | Extracted::Call { rpc_id, .. }) = extracted;
        let rpc_id = rpc_text(rpc_id);
        self.refused(Refusal::overloaded(rpc_id.clone()), rpc_id)
    }

    pub(super) fn refused(self, mut refusal: Refusal, rpc_id: Option<String>) -> Assessed {
        let reason = Reason::new(&refusal.detail);
        let record = EventRecord {
            kind: "refusal",
            origin: Some(self.origin()),
            principal: Some(&self.principal),
            capability: None,
            call: None,
            outcome: Outcome::Deny,
            code: refusal.code,
            reason: &reason,
        };
        let code = refusal.code;
        let record = Some(record.payload());
        refusal.help.clone_from(&self.route.help);
        if code == ReasonCode::MethodNotAllowed {
            let streams = self.route.is_mcp() && self.era == McpEra::Session;
            refusal.allow = Some(if streams { "GET, POST, DELETE" } else { "POST" });
        }
        Assessed {
            answer: Answer::Refuse(Box::new(refusal)),
            record,
            route: Some(Arc::clone(self.route)),
            outcome: None,
            code,
            rpc_id,
            access: self.access(None),
            noted: None,
        }
    }

    pub(super) fn denied(
        &self,
        decision: &Decision,
        decision_id: Id,
        rpc_id: Option<String>,
        tool_result: bool,
    ) -> Refusal {
        let mut refusal = Refusal::problem(403, decision.code, decision.reason.as_str());
        refusal.decision_id = Some(decision_id);
        refusal.help.clone_from(&self.route.help);
        let Some(id) = rpc_id else { return refusal };
        if tool_result && self.route.mcp_denial == McpDenial::ToolError {
            return refusal.in_form(RefusalForm::ToolResult { id, era: self.era });
        }
        // MCP clients read a JSON-RPC error only from a 200: any other status is a broken transport to them.
        refusal.status = 200;
        refusal.in_form(RefusalForm::Rpc { code: rpc_code::DENIED, id, data: None })
    }
}
