//! A proposal that wants a person, or that brings a confirmation: its hold, and what that makes of it.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::audit::held::{HeldDecision, HeldOutcome};
use crate::facts::{Exceeded, LaterCharge, Reservation};
use crate::gateway::holding::{Asking, Charging, Stood, answers};
use crate::gateway::proposals::ProposalRefused;
use crate::gateway::proposals::propose::{Proposed, Settled};
use crate::gateway::{Consumed, HoldNote};
use crate::holds::{Ask, Ended, Hold, Limits, Named, StoreError};
use crate::model::call::{CallDigest, DigestBody, DigestParts};
use crate::model::decision::{Decision, Outcome, Reason, ReasonCode};
use crate::model::id::{HOLD, Id};
use crate::model::json::{Json, NormalPath, PathAllowance, Text};

/// What a proposal is told with that wants a person.
const APPROVAL: ReasonCode = ReasonCode::ApprovalRequired;

/// The path of proposals: a part of what one is known by again.
const PATH: &str = "/api/v1/governance/propose";

/// What a confirmation that is not good for the proposal is told with, before what holds without it.
const NOT_CONFIRMED: &str =
    "The confirmation_token names no approved hold of exactly this proposal, so it was decided anew.";

impl Proposed<'_, '_> {
    /// Finds or opens the proposal's hold, and says what that makes of it.
    ///
    /// A hold lets a proposal through only when the proposal names it: without its token, an approved hold is shown and kept.
    pub(super) async fn stand(
        &self,
        decision: &Decision,
        token: Option<&str>,
        reservation: Option<Reservation>,
    ) -> Result<Settled, ProposalRefused> {
        let record = self.record(decision).held(self.digest(), &self.desk.gateway.redaction);
        let ask = Arc::new(self.asking(decision).ask(record.digest(), true));
        let Some(token) = token else { return self.unnamed(&record, &ask, decision, APPROVAL).await };
        let Some(id) = Id::parse(HOLD, token) else {
            return self.unconfirmed(&record, &ask, decision, reservation).await;
        };
        let request = self.desk.request(self.principal, self.proposal);
        // What policy allows by now has taken its own.
        let charge = LaterCharge::of(request, decision).filter(|_| decision.outcome != Outcome::Allow);
        let charging = Charging { facts: &self.desk.gateway.facts, charge: charge.as_ref() };
        let (holds, limits) = (&self.desk.gateway.holds, Limits::of(&self.snapshot.holds));
        let stood = holds.stand(&ask, Named::ByCaller(id), limits, None, charging).await;
        match stood.map_err(|error| unavailable(&error))? {
            Stood::Approved(hold, consumed, taken) => {
                Ok(self.approved(&record, decision, &hold, consumed, taken.or(reservation)))
            }
            Stood::Exceeded(hold, exceeded) => Ok(self.exceeded(&record, decision, &hold, exceeded)),
            // What policy asks for has become more than the hold that is named was for: another one was opened.
            Stood::Pending(hold, _no_waiter) => {
                let code = if hold.id == id { APPROVAL } else { ReasonCode::ConfirmationInvalid };
                Ok(self.pending(&record, decision, &hold, code))
            }
            Stood::Unneeded(_) => Ok(self.settled(decision, reservation)),
            Stood::Ended(Ended::Rejected(hold)) => Ok(self.ended(&record, decision, &Ended::Rejected(hold))),
            Stood::Ended(_) => self.unconfirmed(&record, &ask, decision, reservation).await,
        }
    }

    /// The proposal names a hold that does not let it through: it is decided as if it named none, and told so.
    async fn unconfirmed(
        &self,
        record: &HeldDecision,
        ask: &Arc<Ask>,
        decision: &Decision,
        reservation: Option<Reservation>,
    ) -> Result<Settled, ProposalRefused> {
        if decision.outcome == Outcome::Allow {
            let told = Decision { code: ReasonCode::ConfirmationInvalid, ..unused(decision) };
            return Ok(self.settled(&told, reservation));
        }
        self.unnamed(record, ask, decision, ReasonCode::ConfirmationInvalid).await
    }

    /// The hold of a proposal that names none.
    async fn unnamed(
        &self,
        record: &HeldDecision,
        ask: &Arc<Ask>,
        decision: &Decision,
        code: ReasonCode,
    ) -> Result<Settled, ProposalRefused> {
        let found = self.desk.gateway.holds.ask(ask, Limits::of(&self.snapshot.holds)).await;
        Ok(match found.map_err(|error| unavailable(&error))? {
            Ok(hold) => self.pending(record, decision, &hold, code),
            Err(ended) => self.ended(record, decision, &ended),
        })
    }

    /// People said yes, and it is this proposal that they meant.
    fn approved(
        &self,
        record: &HeldDecision,
        decision: &Decision,
        hold: &Id,
        consumed: Consumed,
        reservation: Option<Reservation>,
    ) -> Settled {
        let approved_by = consumed.approved_by();
        let (outcome, code) = (Outcome::Allow, ReasonCode::Approved);
        let capability = self.proposal.call.action.capability().unwrap_or_default();
        let (by, actor) = (approved_by.join(" and "), &self.principal.id);
        let reason = Reason::new(&format!(
            "Capability '{capability}' authorized for actor '{actor}'. Approved by {by}. Risk score {}.",
            decision.score
        ));
        let (hold, charged) = (Some(hold), reservation.as_ref().map(Reservation::charged));
        let line = record.payload(HeldOutcome {
            outcome,
            code,
            reason: &reason,
            hold,
            approved_by: &approved_by,
            charged,
            repeats: true,
        });
        let answer = self.answer(decision, outcome, code, reason.as_str());
        Settled { record: line, answer, approval: Some(Box::new(consumed)), reservation, repeats: true }
    }

    /// A person is wanted.
    fn pending(&self, record: &HeldDecision, decision: &Decision, hold: &Hold, code: ReasonCode) -> Settled {
        let said = match code {
            ReasonCode::ConfirmationInvalid => format!("{NOT_CONFIRMED} {}", decision.reason),
            _ => decision.reason.to_string(),
        };
        self.refused(record, decision, (decision.outcome, code), &Reason::new(&said), Some(hold))
    }

    /// Somebody said no, or there is no place for it.
    fn ended(&self, record: &HeldDecision, decision: &Decision, ended: &Ended) -> Settled {
        let reason = Reason::new(&answers::ended(ended));
        self.refused(record, decision, (Outcome::Deny, ended.code()), &reason, ended.hold())
    }

    /// It is approved, and a limit has no room for it for now.
    fn exceeded(
        &self,
        record: &HeldDecision,
        decision: &Decision,
        hold: &Hold,
        exceeded: Exceeded,
    ) -> Settled {
        let reason = Reason::new(&format!("The proposal is approved. {exceeded}"));
        let told = (Outcome::Deny, exceeded.code());
        self.refused(record, decision, told, &reason, Some(hold))
    }

    fn refused(
        &self,
        record: &HeldDecision,
        decision: &Decision,
        (outcome, code): (Outcome, ReasonCode),
        reason: &Reason,
        hold: Option<&Hold>,
    ) -> Settled {
        let id = hold.map(|hold| &hold.id);
        let repeats = hold.is_some_and(|hold| hold.ask.decision_id != self.decision_id.to_string());
        let (approved_by, charged) = (&[][..], None);
        let line =
            record.payload(HeldOutcome { outcome, code, reason, hold: id, approved_by, charged, repeats });
        let mut answer = self.answer(decision, outcome, code, reason.as_str());
        answer.hold = hold.map(|hold| HoldNote::of(hold, self.desk.gateway.holds.links(self.snapshot)));
        Settled { record: line, answer, approval: None, reservation: None, repeats }
    }

    /// What approvers are asked.
    fn asking<'d>(&'d self, decision: &'d Decision) -> Asking<'d, 'd> {
        Asking {
            snapshot: self.snapshot,
            redaction: &self.desk.gateway.redaction,
            principal: self.principal,
            route: &self.desk.route,
            call: &self.proposal.call,
            decision,
            decision_id: self.decision_id,
            now: self.facts.now,
        }
    }

    /// What the proposal is known by again: who proposes, and all of it but the token.
    fn digest(&self) -> CallDigest {
        let proposal = self.proposal;
        let text = |text: &str| Json::String(Text::from_owned(text.to_owned()));
        let mut members = vec![
            (Text::from_value("actor_type"), text(proposal.kind.as_str())),
            (Text::from_value("capability"), text(proposal.call.action.capability().unwrap_or_default())),
            (Text::from_value("parameters"), proposal.call.parameters.to_json().into_owned()),
        ];
        if let Some(session) = &proposal.session {
            members.push((Text::from_value("session_id"), text(session.as_str())));
        }
        if let Some(metadata) = &proposal.metadata {
            members.push((Text::from_value("metadata"), metadata.clone()));
        }
        let body = Json::Object(members);
        let Ok(path) = NormalPath::parse(PATH, PathAllowance::default()) else {
            // The path is a constant that parses. Were it not, no other proposal would have this digest.
            return CallDigest::from_bytes(Sha256::digest(self.decision_id.to_string()).into());
        };
        CallDigest::of(&DigestParts {
            principal: self.principal,
            route: &self.desk.route,
            method: "POST",
            path: &path,
            query: None,
            content_types: &[],
            mcp_params: &[],
            body: DigestBody::Json(&body),
        })
    }
}

fn unavailable(error: &StoreError) -> ProposalRefused {
    tracing::error!(%error, "a proposal that wants a person was refused");
    ProposalRefused::Store
}

/// The decision, telling that the confirmation token that came with the proposal had no part in it.
pub(super) fn unused(decision: &Decision) -> Decision {
    let reason = Reason::new(&format!("{} The confirmation_token was not used.", decision.reason));
    Decision { reason, ..decision.clone() }
}
