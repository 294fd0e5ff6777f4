//! An action that wants a person: its hold, and what that makes of it.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::audit::held::{HeldDecision, HeldOutcome};
use crate::gateway::HoldNote;
use crate::gateway::actions::execute::{Asked, Settled, Then, answered};
use crate::gateway::actions::{ActionAnswer, ActionRefused};
use crate::gateway::holding::answers;
use crate::holds::{Ask, Hold, Lift, Limits, Named, ShownArguments, Standing, StoreError, shown_resource};
use crate::model::call::{CallDigest, DigestBody, DigestParts};
use crate::model::decision::{Decision, Outcome, Reason, ReasonCode};
use crate::model::json::{Json, NormalPath, PathAllowance, Text};

/// How often a hold is looked at again because others used its approval up and gave it back.
const TRIES: usize = 4;

/// The path actions are executed at: a part of what a call is known by again.
const PATH: &str = "/api/v1/execute";

impl Asked<'_, '_> {
    /// Finds or opens the action's hold, and says what that makes of it.
    pub(super) async fn stand(&self, decision: &Decision) -> Result<Settled, ActionRefused> {
        let record = self.record(decision).held(self.digest(), &self.desk.gateway.redaction);
        let ask = Arc::new(self.ask(decision, record.digest()));
        let rules = &self.snapshot.holds;
        let limits = Limits {
            all: rules.max_pending,
            tenant: rules.max_pending_per_tenant,
            actor: rules.max_pending_per_actor,
        };
        let holds = &self.desk.gateway.holds;
        for _try in 0..TRIES {
            let claimed = holds.claim(Arc::clone(&ask), Named::No, limits, None).await;
            let (claimed, _no_waiter) = claimed.map_err(|error| unavailable(&error))?;
            let hold = match claimed.standing {
                Standing::Approved(hold) => hold,
                Standing::Pending(hold) => return Ok(self.pending(&record, decision, &hold)),
                ended => return Ok(self.ended(&record, &ended)),
            };
            if let Some(consumed) =
                holds.consume(&hold, &self.decision_id).await.map_err(|error| unavailable(&error))?
            {
                let approved_by = consumed.approved_by();
                let (outcome, code) = (Outcome::Allow, ReasonCode::Approved);
                let reason = Reason::new(&format!("Approved by {}.", approved_by.join(" and ")));
                let hold = Some(&hold.id);
                let record = record.payload(HeldOutcome {
                    outcome,
                    code,
                    reason: &reason,
                    hold,
                    approved_by: &approved_by,
                });
                return Ok(Settled { record, outcome, code, then: Then::Run(Some(Box::new(consumed))) });
            }
            // Another request for the same action used the approval up first.
            let taken = holds.look(hold.id).await.map_err(|error| unavailable(&error))?;
            if let Some(taken) = taken.filter(|taken| taken.consumed_by.is_some()) {
                return Ok(self.ended(&record, &Standing::Consumed(taken)));
            }
        }
        Err(unavailable(&StoreError::OneHold("the hold of this action changes too often".to_owned())))
    }

    /// Nobody has decided yet.
    fn pending(&self, record: &HeldDecision, decision: &Decision, hold: &Hold) -> Settled {
        let note = HoldNote::of(hold, self.links());
        let error = answers::ticket(decision.reason.as_str(), &note);
        let mut answer = ActionAnswer::without_data("pending", error, self.decision_id);
        answer.hold = Some(note);
        let (outcome, code) = (decision.outcome, ReasonCode::ApprovalRequired);
        self.refused(record, (outcome, code), &decision.reason, Some(hold), answer)
    }

    /// Somebody said no, or there is no place for it.
    fn ended(&self, record: &HeldDecision, standing: &Standing) -> Settled {
        let (code, hold) = match standing {
            Standing::Rejected(hold) => (ReasonCode::HoldRejected, Some(hold)),
            Standing::Expired(hold) => (ReasonCode::HoldExpired, Some(hold)),
            Standing::Cancelled(hold) => (ReasonCode::HoldCancelled, Some(hold)),
            Standing::Consumed(hold) => (ReasonCode::AlreadyExecuted, Some(hold)),
            Standing::Full(_) => (ReasonCode::HoldLimit, None),
            Standing::Foreign | Standing::Pending(_) | Standing::Approved(_) | Standing::Unneeded => {
                (ReasonCode::HoldMismatch, None)
            }
        };
        let error = match standing {
            Standing::Full(limit) => answers::full(*limit).to_owned(),
            _ => answers::ended(code, hold),
        };
        let reason = Reason::new(&error);
        let mut answer = ActionAnswer::without_data("denied", error, self.decision_id);
        answer.hold = hold.map(|hold| HoldNote::of(hold, self.links()));
        self.refused(record, (Outcome::Deny, code), &reason, hold, answer)
    }

    fn refused(
        &self,
        record: &HeldDecision,
        (outcome, code): (Outcome, ReasonCode),
        reason: &Reason,
        hold: Option<&Hold>,
        answer: ActionAnswer,
    ) -> Settled {
        let hold = hold.map(|hold| &hold.id);
        let mut record = record.payload(HeldOutcome { outcome, code, reason, hold, approved_by: &[] });
        answered(&answer, &mut record);
        Settled { record, outcome, code, then: Then::Answer(Box::new(answer)) }
    }

    fn links(&self) -> Option<&str> {
        let configured = self.snapshot.holds.public_url.as_ref();
        configured.or_else(|| self.desk.gateway.holds.links()).map(|links| &**links)
    }

    /// What the action is known by again: who asks, and everything that is run.
    pub(super) fn digest(&self) -> CallDigest {
        let call = &self.action.call;
        let text = |text: &str| Json::String(Text::from_owned(text.to_owned()));
        let mut members = vec![
            (Text::from_value("action_type"), text(call.action.capability().unwrap_or_default())),
            (Text::from_value("target"), text(&call.resource)),
            (Text::from_value("params"), call.parameters.to_json().into_owned()),
            (Text::from_value("description"), text(&call.description)),
        ];
        // What was done before in its session is a part of what approvers agree to.
        if let Some(session) = &self.action.session {
            members.push((Text::from_value("session_id"), text(session.as_str())));
        }
        let body = Json::Object(members);
        let Ok(path) = NormalPath::parse(PATH, PathAllowance::default()) else {
            // The path is a constant that parses. Were it not, no other action would have this digest.
            return CallDigest::from_bytes(Sha256::digest(self.decision_id.to_string()).into());
        };
        CallDigest::of(&DigestParts {
            principal: &self.caller.principal,
            route: &self.desk.route,
            method: "POST",
            path: &path,
            query: None,
            content_types: &[],
            mcp_params: &[],
            body: DigestBody::Json(&body),
        })
    }

    fn ask(&self, decision: &Decision, digest: CallDigest) -> Ask {
        let (principal, rules, call) = (&self.caller.principal, &self.snapshot.holds, &self.action.call);
        let escalated = decision.outcome == Outcome::Escalate;
        Ask {
            tenant: Arc::clone(&principal.tenant),
            actor: Arc::clone(&principal.id),
            actor_kind: principal.kind,
            key: principal.key.clone(),
            person: principal.person.clone(),
            // Nobody but the callers of this listener comes here, so a repeat finds its hold, key or not.
            ticket: true,
            digest,
            route: Arc::clone(&self.desk.route),
            capability: call.action.capability().unwrap_or_default().to_owned(),
            resource: shown_resource(&call.resource),
            arguments: ShownArguments::of(&call.parameters, &self.desk.gateway.redaction),
            outcome: decision.outcome,
            reason: decision.reason.as_str().to_owned(),
            lifts: Lift::of(decision),
            roles: if escalated { rules.escalation_roles.to_vec() } else { Vec::new() },
            decision_id: self.decision_id.to_string(),
            snapshot_version: self.snapshot.reference.version,
            created_at: self.facts.now,
            expires_at: self.facts.now.after(rules.ttl_for(principal.kind)),
        }
    }
}

fn unavailable(error: &StoreError) -> ActionRefused {
    tracing::error!(%error, "an action that wants a person was refused");
    ActionRefused::Store
}
