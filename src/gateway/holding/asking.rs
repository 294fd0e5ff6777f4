//! What a call asks of approvers.

use std::sync::Arc;

use crate::decision::PolicySnapshot;
use crate::holds::{Ask, Lift, ShownArguments, shown_resource};
use crate::model::call::{Action, CallDigest, Principal, ToolCall};
use crate::model::decision::{Decision, Outcome};
use crate::model::id::Id;
use crate::model::time::Timestamp;
use crate::telemetry::Redaction;

/// A call, and the decision that wants a person.
#[derive(Clone, Copy)]
pub(in crate::gateway) struct Asking<'r, 'a> {
    pub(in crate::gateway) snapshot: &'r PolicySnapshot,
    pub(in crate::gateway) redaction: &'r Redaction,
    pub(in crate::gateway) principal: &'r Principal,
    pub(in crate::gateway) route: &'r Arc<str>,
    pub(in crate::gateway) call: &'r ToolCall<'a>,
    pub(in crate::gateway) decision: &'r Decision,
    pub(in crate::gateway) decision_id: Id,
    pub(in crate::gateway) now: Timestamp,
}

impl Asking<'_, '_> {
    /// What is asked for the call of that digest. `ticket`: a repeat of the call finds its hold.
    pub(in crate::gateway) fn ask(&self, digest: CallDigest, ticket: bool) -> Ask {
        let Self { snapshot, principal, call, decision, .. } = *self;
        let rules = &snapshot.holds;
        let escalated = decision.outcome == Outcome::Escalate;
        Ask {
            tenant: Arc::clone(&principal.tenant),
            actor: Arc::clone(&principal.id),
            actor_kind: principal.kind,
            key: principal.key.clone(),
            person: principal.person.clone(),
            ticket,
            digest,
            route: Arc::clone(self.route),
            capability: match &call.action {
                Action::Named(name) | Action::Tunnel(name) | Action::Shared(name) => name.as_str().to_owned(),
                Action::Verbatim(text) => text.clone().into_owned(),
                Action::Unnamed { tool, .. } => tool.clone().into_owned(),
            },
            resource: if call.resource_hidden {
                "[REDACTED]".to_owned()
            } else {
                shown_resource(&call.resource)
            },
            arguments: ShownArguments::of(&call.parameters, self.redaction),
            outcome: decision.outcome,
            reason: decision.reason.as_str().to_owned(),
            lifts: Lift::of(decision),
            roles: if escalated { rules.escalation_roles.to_vec() } else { Vec::new() },
            decision_id: self.decision_id.to_string(),
            snapshot_version: snapshot.reference.version,
            created_at: self.now,
            expires_at: self.now.after(rules.ttl_for(principal.kind)),
        }
    }
}
