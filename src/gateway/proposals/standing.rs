//! A proposal that wants a person, or that brings a confirmation: its hold, and what that makes of it.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::audit::held::{HeldDecision, HeldOutcome};
use crate::facts::Reservation;
use crate::gateway::HoldNote;
use crate::gateway::holding::answers;
use crate::gateway::proposals::ProposalRefused;
use crate::gateway::proposals::answer::allowed;
use crate::gateway::proposals::propose::{Proposed, Settled};
use crate::holds::{Ask, Hold, Lift, Limits, Named, ShownArguments, Standing, StoreError, shown_resource};
use crate::model::call::{CallDigest, DigestBody, DigestParts};
use crate::model::decision::{Decision, Outcome, Reason, ReasonCode};
use crate::model::id::{HOLD, Id};
use crate::model::json::{Json, NormalPath, PathAllowance, Text};

/// How often a hold is looked at again because others used its approval up and gave it back.
const TRIES: usize = 4;

/// The path of proposals: a part of what one is known by again.
const PATH: &str = "/api/v1/governance/propose";

/// What a confirmation that is not good for the proposal is told with, before what holds without it.
const NOT_CONFIRMED: &str = "The confirmation_token names no approved hold of exactly this proposal, so it was decided anew.";

impl Proposed<'_, '_> {
    /// Finds or opens the proposal's hold, and says what that makes of it.
    ///
    /// A hold lets a proposal through only when the proposal names it: without its token, an approved hold is shown and kept.
    pub(super) async fn stand(
        &self,
        decision: &Decision,
        token: Option<&str>,
        mut reservation: Option<Reservation>,
    ) -> Result<Settled, ProposalRefused> {
        let record = self.record(decision).held(self.digest(), &self.desk.gateway.redaction);
        let ask = Arc::new(self.ask(decision, record.digest()));
        let Some(token) = token else { return self.unnamed(&record, &ask, decision, false).await };
        let holds = &self.desk.gateway.holds;
        let Some(id) = Id::parse(HOLD, token) else {
            return self.unconfirmed(&record, &ask, decision, reservation).await;
        };
        for _try in 0..TRIES {
            let claimed = holds.claim(Arc::clone(&ask), Named::ByCaller(id), self.limits(), None).await;
            let (claimed, _no_waiter) = claimed.map_err(|error| unavailable(&error))?;
            let hold = match claimed.standing {
                Standing::Approved(hold) if hold.id == id => hold,
                Standing::Pending(hold) if hold.id == id && decision.outcome != Outcome::Allow => {
                    return Ok(self.pending(&record, decision, &hold, ReasonCode::ApprovalRequired));
                }
                _ => return self.unconfirmed(&record, &ask, decision, reservation).await,
            };
            // Taken before the approval is used up: with none left the approval stays good for later.
            if reservation.is_none() {
                let request = self.desk.request(self.principal, self.proposal);
                match self.desk.gateway.reserve(request, decision, self.facts.now) {
                    Ok(taken) => reservation = taken,
                    Err(refused) => return Ok(self.exceeded(&record, decision, &refused)),
                }
            }
            let consumed = holds.consume(&hold, &self.decision_id).await;
            if let Some(consumed) = consumed.map_err(|error| unavailable(&error))? {
                let approved_by = consumed.approved_by();
                let (outcome, code) = (Outcome::Allow, ReasonCode::Approved);
                let by = approved_by.join(" and ");
                let capability = self.proposal.call.action.capability().unwrap_or_default();
                let said = format!("Approved by {by}. {}", allowed(decision, capability, &self.principal.id));
                let reason = Reason::new(&said);
                let line = record.payload(HeldOutcome {
                    outcome,
                    code,
                    reason: &reason,
                    hold: Some(&hold.id),
                    approved_by: &approved_by,
                });
                let answer = self.answer(decision, outcome, code, reason.as_str());
                return Ok(Settled { record: line, answer, approval: Some(Box::new(consumed)), reservation });
            }
            // Another proposal with the same token used the approval up first.
            let taken = holds.look(hold.id).await.map_err(|error| unavailable(&error))?;
            if taken.is_some_and(|taken| taken.consumed_by.is_some()) {
                return self.unconfirmed(&record, &ask, decision, None).await;
            }
        }
        Err(unavailable(&StoreError::OneHold("the hold of this proposal changes too often".to_owned())))
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
            return Ok(self.settled(decision, reservation));
        }
        self.unnamed(record, ask, decision, true).await
    }

    /// The hold of a proposal that names none.
    async fn unnamed(
        &self,
        record: &HeldDecision,
        ask: &Arc<Ask>,
        decision: &Decision,
        unconfirmed: bool,
    ) -> Result<Settled, ProposalRefused> {
        let holds = &self.desk.gateway.holds;
        let claimed = holds.claim(Arc::clone(ask), Named::No, self.limits(), None).await;
        let (claimed, _no_waiter) = claimed.map_err(|error| unavailable(&error))?;
        let code = if unconfirmed { ReasonCode::ConfirmationInvalid } else { ReasonCode::ApprovalRequired };
        Ok(match claimed.standing {
            Standing::Pending(hold) | Standing::Approved(hold) => self.pending(record, decision, &hold, code),
            ended => self.ended(record, decision, &ended),
        })
    }

    /// A person is wanted.
    fn pending(&self, record: &HeldDecision, decision: &Decision, hold: &Hold, code: ReasonCode) -> Settled {
        let note = HoldNote::of(hold, self.links());
        let said = match code {
            ReasonCode::ConfirmationInvalid => format!("{NOT_CONFIRMED} {}", decision.reason),
            _ => decision.reason.to_string(),
        };
        let reason = Reason::new(&said);
        self.refused(record, decision, (decision.outcome, code), &reason, Some((hold, note)))
    }

    /// Somebody said no, or there is no place for it.
    fn ended(&self, record: &HeldDecision, decision: &Decision, standing: &Standing) -> Settled {
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
        let said = match standing {
            Standing::Full(limit) => answers::full(*limit).to_owned(),
            _ => answers::ended(code, hold),
        };
        let hold = hold.map(|hold| (hold, HoldNote::of(hold, self.links())));
        self.refused(record, decision, (Outcome::Deny, code), &Reason::new(&said), hold)
    }

    /// It is approved, and its caller's grant allows no more calls for now.
    fn exceeded(&self, record: &HeldDecision, decision: &Decision, reason: &Reason) -> Settled {
        self.refused(record, decision, (Outcome::Deny, ReasonCode::GrantRateExceeded), reason, None)
    }

    fn refused(
        &self,
        record: &HeldDecision,
        decision: &Decision,
        (outcome, code): (Outcome, ReasonCode),
        reason: &Reason,
        hold: Option<(&Hold, HoldNote)>,
    ) -> Settled {
        let id = hold.as_ref().map(|(hold, _)| &hold.id);
        let line = record.payload(HeldOutcome { outcome, code, reason, hold: id, approved_by: &[] });
        let mut answer = self.answer(decision, outcome, code, reason.as_str());
        answer.hold = hold.map(|(_, note)| note);
        Settled { record: line, answer, approval: None, reservation: None }
    }

    fn links(&self) -> Option<&str> {
        let configured = self.snapshot.holds.public_url.as_ref();
        configured.or_else(|| self.desk.gateway.holds.links()).map(|links| &**links)
    }

    fn limits(&self) -> Limits {
        let rules = &self.snapshot.holds;
        Limits {
            all: rules.max_pending,
            tenant: rules.max_pending_per_tenant,
            actor: rules.max_pending_per_actor,
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

    fn ask(&self, decision: &Decision, digest: CallDigest) -> Ask {
        let (rules, principal, call) = (&self.snapshot.holds, self.principal, &self.proposal.call);
        let key = principal.key.as_deref().and_then(|id| self.snapshot.keys.by_id(id));
        let escalated = decision.outcome == Outcome::Escalate;
        Ask {
            tenant: Arc::clone(&principal.tenant),
            actor: Arc::clone(&principal.id),
            actor_kind: principal.kind,
            key: principal.key.clone(),
            person: key.and_then(|key| key.person.clone()),
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

fn unavailable(error: &StoreError) -> ProposalRefused {
    tracing::error!(%error, "a proposal that wants a person was refused");
    ProposalRefused::Store
}
