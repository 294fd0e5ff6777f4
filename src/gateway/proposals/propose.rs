//! One proposal through the pipeline: decide, hold, record, answer.

use std::sync::Arc;

use crate::audit::action::{ActionNote, GOVERNANCE};
use crate::audit::record::{DecisionRecord, Origin};
use crate::decision::PolicySnapshot;
use crate::extract::Proposal;
use crate::facts::{LaterStep, Reservation};
use crate::gateway::Consumed;
use crate::gateway::execution::counting::{self, Noted};
use crate::gateway::proposals::answer::allowed;
use crate::gateway::proposals::standing::unused;
use crate::gateway::proposals::{ProposalAnswer, ProposalDesk, ProposalRefused};
use crate::model::call::Principal;
use crate::model::decision::{Decision, Facts, Obligations, Outcome, Reason, ReasonCode};
use crate::model::id::{DECISION, Id, REQUEST};
use crate::model::json::Text;

/// A proposal that is being decided.
pub(super) struct Proposed<'r, 'a> {
    pub(super) desk: &'r ProposalDesk,
    pub(super) snapshot: &'r Arc<PolicySnapshot>,
    pub(super) principal: &'r Principal,
    pub(super) proposal: &'r Proposal<'a>,
    pub(super) request_id: Id,
    pub(super) decision_id: Id,
    pub(super) facts: Facts<'r>,
}

/// What is to be recorded of a proposal, and what it has taken.
pub(super) struct Settled {
    pub(super) record: Vec<u8>,
    pub(super) answer: ProposalAnswer,
    /// The approval that was used up for it.
    pub(super) approval: Option<Box<Consumed>>,
    /// What of limits was taken for it.
    pub(super) reservation: Option<Reservation>,
    /// Whether an earlier decision asked for the hold it stands at, and was observed.
    pub(super) repeats: bool,
}

impl ProposalDesk {
    /// Decides a proposal of `principal`, records the decision and answers.
    ///
    /// INVARIANT: nothing is answered with ALLOW whose record the ledger did not take.
    ///
    /// # Errors
    /// [`ProposalRefused`]; nothing is allowed.
    pub async fn propose(
        &self,
        snapshot: &Arc<PolicySnapshot>,
        principal: &Principal,
        proposal: &Proposal<'_>,
    ) -> Result<ProposalAnswer, ProposalRefused> {
        let now = self.gateway.clock.now();
        let request_id = self.gateway.clock.id(REQUEST, now);
        let decision_id = request_id.with_prefix(DECISION);
        let request = self.request(principal, proposal);
        let decided = self.decide(snapshot, request, now).ok_or(ProposalRefused::Defect)?;
        let mut decision = decided.decision;
        self.gateway.note_found(&decision);
        let facts = Facts { history: decided.history.as_ref(), ..decided.facts };
        if decision.outcome == Outcome::Allow {
            let capability = proposal.call.action.capability().unwrap_or_default();
            decision.reason = Reason::new(&allowed(&decision, capability, &principal.id));
        }
        let proposed = Proposed { desk: self, snapshot, principal, proposal, request_id, decision_id, facts };
        let settled = proposed.settle(&decision, decided.reservation).await?;
        let Settled { record, answer, approval, reservation, repeats } = settled;
        let recorded = self.gateway.record(&record, now).await;
        let (outcome, code) = match &recorded {
            Ok(()) => (Some(answer.outcome), answer.code),
            Err(_) => (None, ReasonCode::LedgerUnavailable),
        };
        counting::settle(reservation, &recorded);
        self.gateway.metrics.count(&self.route, &self.counters, outcome, code);
        if let Err(error) = recorded {
            tracing::error!(%error, "the ledger took no record; the proposal was not decided");
            if let Some(approval) = approval {
                approval.give_back().await;
            }
            return Err(ProposalRefused::Ledger);
        }
        let noted = Noted::of(request, &decision, facts).map(|noted| noted.held(answer.outcome, repeats));
        self.gateway.note_gates(noted.as_ref());
        if approval.is_some()
            && decision.outcome != Outcome::Allow
            && let Some(step) = LaterStep::of(snapshot, request, &decision)
        {
            // What waited for a person counts in its session from now on.
            self.gateway.facts.count_later(&step, now);
        }
        if let Some(approval) = approval {
            // What its proposer does with it is not seen here: it may have been done from now on.
            approval.ended(true);
        }
        if answer.outcome == Outcome::Allow {
            self.gateway.let_through(request, now);
        }
        Ok(answer)
    }
}

impl<'r, 'a> Proposed<'r, 'a> {
    /// What becomes of the proposal, but for the ledger.
    async fn settle(
        &self,
        decision: &Decision,
        reservation: Option<Reservation>,
    ) -> Result<Settled, ProposalRefused> {
        let token = self.proposal.token.as_ref().map(Text::as_str);
        match decision.outcome {
            Outcome::Deny if token.is_some() => Ok(self.settled(&unused(decision), reservation)),
            Outcome::Deny => Ok(self.settled(decision, reservation)),
            Outcome::Allow if token.is_none() => Ok(self.settled(decision, reservation)),
            // Boxed: what is rarely needed must not make the future of every proposal longer.
            Outcome::Allow | Outcome::RequireConfirmation | Outcome::Escalate => {
                Box::pin(self.stand(decision, token, reservation)).await
            }
        }
    }

    /// Decided without a person.
    pub(super) fn settled(&self, decision: &Decision, reservation: Option<Reservation>) -> Settled {
        let charged = reservation.as_ref().map(Reservation::charged);
        let record =
            DecisionRecord { charged, ..self.record(decision) }.payload(&self.desk.gateway.redaction);
        let answer = self.answer(decision, decision.outcome, decision.code, decision.reason.as_str());
        Settled { record, answer, approval: None, reservation, repeats: false }
    }

    /// What the proposer is told.
    pub(super) fn answer(
        &self,
        decision: &Decision,
        outcome: Outcome,
        code: ReasonCode,
        reason: &str,
    ) -> ProposalAnswer {
        let obligations =
            if outcome == Outcome::Allow { decision.obligations.clone() } else { Obligations::default() };
        ProposalAnswer {
            decision_id: self.decision_id,
            outcome,
            code,
            reason: reason.to_owned(),
            score: decision.score,
            obligations,
            at: self.facts.now,
            snapshot: self.snapshot.reference.clone(),
            hold: None,
        }
    }

    /// The record of the decision.
    pub(super) fn record<'d>(&'d self, decision: &'d Decision) -> DecisionRecord<'d, 'a> {
        DecisionRecord {
            origin: Origin {
                route: &self.desk.route,
                request_id: &self.request_id,
                snapshot: &self.snapshot.reference,
                facts: self.facts,
            },
            decision_id: &self.decision_id,
            request: self.desk.request(self.principal, self.proposal),
            decision,
            enforced: true,
            body_bytes: 0,
            charged: None,
            action: Some(ActionNote {
                surface: GOVERNANCE,
                number: None,
                session: self.proposal.session.as_ref().map(Text::as_str),
                agent: None,
                description: "",
                metadata: self.proposal.metadata.as_ref(),
            }),
        }
    }
}
