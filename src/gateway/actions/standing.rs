//! An action that wants a person: its hold, and what that makes of it.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::audit::held::{HeldDecision, HeldOutcome};
use crate::facts::{Exceeded, LaterCharge, Reservation};
use crate::gateway::actions::execute::{Asked, Settled, Then, answered};
use crate::gateway::actions::{ActionAnswer, ActionRefused};
use crate::gateway::holding::answers;
use crate::gateway::holding::{Asking, Charging, Stood};
use crate::gateway::{Consumed, HoldNote};
use crate::holds::{Ended, Hold, Limits, Named, StoreError};
use crate::model::call::{CallDigest, DigestBody, DigestParts};
use crate::model::decision::{Decision, Outcome, Reason, ReasonCode};
use crate::model::id::Id;
use crate::model::json::{Json, NormalPath, PathAllowance, Text};

/// How often an action is asked for anew because others used its approval up.
const TRIES: usize = 4;

/// The path actions are executed at: a part of what a call is known by again.
const PATH: &str = "/api/v1/execute";

impl<'a> Asked<'_, 'a> {
    /// Finds or opens the action's hold, and says what that makes of it.
    pub(super) async fn stand(&self, decision: &Decision) -> Result<Settled, ActionRefused> {
        let record = self.record(decision).held(self.digest(), &self.desk.gateway.redaction);
        let ask = Arc::new(self.asking(decision).ask(record.digest(), true));
        let limits = Limits::of(&self.snapshot.holds);
        let request = self.desk.request(self.caller, self.action);
        let charge = LaterCharge::of(request, decision);
        let charging = Charging { facts: &self.desk.gateway.facts, charge: charge.as_ref() };
        let holds = &self.desk.gateway.holds;
        for _try in 0..TRIES {
            let stood = holds.stand(&ask, Named::No, limits, None, charging).await;
            return Ok(match stood.map_err(|error| unavailable(&error))? {
                Stood::Approved(hold, consumed, taken) => approved(&record, &hold, consumed, taken),
                Stood::Exceeded(hold, exceeded) => self.exceeded(&record, &hold, exceeded),
                Stood::Pending(hold, _no_waiter) => self.pending(&record, decision, &hold),
                // Another request for the same action was first. This one is asked for like one that comes a moment later.
                Stood::Ended(Ended::Consumed(_)) => continue,
                Stood::Ended(ended) => self.ended(&record, &ended),
                // Policy wants a person, or the action would not be here: it is not run.
                Stood::Unneeded(_) => break,
            });
        }
        Err(unavailable(&StoreError::OneHold("the hold of this action changes too often".to_owned())))
    }

    /// Nobody has decided yet.
    fn pending(&self, record: &HeldDecision, decision: &Decision, hold: &Hold) -> Settled {
        let note = HoldNote::of(hold, self.desk.gateway.holds.links(self.snapshot));
        let error = answers::ticket(decision.reason.as_str(), &note);
        let mut answer = ActionAnswer::without_data("pending", error, self.decision_id);
        answer.hold = Some(note);
        let (outcome, code) = (decision.outcome, ReasonCode::ApprovalRequired);
        self.refused(record, (outcome, code), &decision.reason, Some(hold), answer)
    }

    /// Somebody said no, or there is no place for it.
    fn ended(&self, record: &HeldDecision, ended: &Ended) -> Settled {
        let (code, hold, error) = (ended.code(), ended.hold(), answers::ended(ended));
        let reason = Reason::new(&error);
        let mut answer = ActionAnswer::without_data("denied", error, self.decision_id);
        answer.hold = hold.map(|hold| HoldNote::of(hold, self.desk.gateway.holds.links(self.snapshot)));
        self.refused(record, (Outcome::Deny, code), &reason, hold, answer)
    }

    /// It is approved, and a limit has no room for it for now.
    fn exceeded(&self, record: &HeldDecision, hold: &Hold, exceeded: Exceeded) -> Settled {
        let error = format!("The action is approved. {exceeded}");
        let reason = Reason::new(&error);
        let mut answer = ActionAnswer::without_data("denied", error, self.decision_id);
        answer.hold = Some(HoldNote::of(hold, self.desk.gateway.holds.links(self.snapshot)));
        self.refused(record, (Outcome::Deny, exceeded.code()), &reason, Some(hold), answer)
    }

    fn refused(
        &self,
        record: &HeldDecision,
        (outcome, code): (Outcome, ReasonCode),
        reason: &Reason,
        hold: Option<&Hold>,
        mut answer: ActionAnswer,
    ) -> Settled {
        answer.code = Some(code);
        let repeats = hold.is_some_and(|hold| hold.ask.decision_id != self.decision_id.to_string());
        let (hold, approved_by, charged) = (hold.map(|hold| &hold.id), &[][..], None);
        let mut record =
            record.payload(HeldOutcome { outcome, code, reason, hold, approved_by, charged, repeats });
        answered(&answer, &mut record);
        Settled { record, outcome, code, then: Then::Answer(Box::new(answer)), repeats }
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

    fn asking<'d>(&'d self, decision: &'d Decision) -> Asking<'d, 'a> {
        Asking {
            snapshot: self.snapshot,
            redaction: &self.desk.gateway.redaction,
            principal: &self.caller.principal,
            route: &self.desk.route,
            call: &self.action.call,
            decision,
            decision_id: self.decision_id,
            now: self.facts.now,
        }
    }
}

/// It goes on by virtue of its approval.
fn approved(record: &HeldDecision, hold: &Id, consumed: Consumed, taken: Option<Reservation>) -> Settled {
    let approved_by = consumed.approved_by();
    let (outcome, code) = (Outcome::Allow, ReasonCode::Approved);
    let reason = Reason::new(&format!("Approved by {}.", approved_by.join(" and ")));
    let charged = taken.as_ref().map(Reservation::charged);
    let hold = Some(hold);
    let record = record.payload(HeldOutcome {
        outcome,
        code,
        reason: &reason,
        hold,
        approved_by: &approved_by,
        charged,
        repeats: true,
    });
    let then = Then::Run(Some(Box::new(consumed)), taken);
    Settled { record, outcome, code, then, repeats: true }
}

fn unavailable(error: &StoreError) -> ActionRefused {
    tracing::error!(%error, "an action that wants a person was refused");
    ActionRefused::Store
}
