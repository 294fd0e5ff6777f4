//! One action through the pipeline: decide, hold or approve, record, run.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::audit::action::{ActionNote, POLICY_SERVER, record_answer};
use crate::audit::held::HeldOutcome;
use crate::audit::record::{DecisionRecord, Origin};
use crate::decision::PolicySnapshot;
use crate::extract::ActionCall;
use crate::facts::{Decided, LaterStep, Reservation, Who};
use crate::gateway::Consumed;
use crate::gateway::actions::desk::{ActionCaller, ActionDesk};
use crate::gateway::actions::run::Run;
use crate::gateway::actions::{ActionAnswer, ActionRefused};
use crate::gateway::execution::counting::{self, Noted};
use crate::model::decision::{Charged, Decision, Facts, Outcome, Reason, ReasonCode};
use crate::model::id::{DECISION, Id, REQUEST};

/// Who approves where nobody is asked, in records.
const AUTO_APPROVER: &str = "auto";

/// An action that is being executed.
pub(super) struct Asked<'r, 'a> {
    pub(super) desk: &'r Arc<ActionDesk>,
    pub(super) snapshot: &'r Arc<PolicySnapshot>,
    pub(super) caller: &'r ActionCaller,
    pub(super) action: &'r ActionCall<'a>,
    pub(super) request_id: Id,
    pub(super) decision_id: Id,
    pub(super) number: u64,
    pub(super) facts: Facts<'r>,
    /// What was taken for it of limits when it was decided.
    pub(super) charged: Option<Charged>,
}

/// What is to be recorded of an action, and then done.
pub(super) struct Settled {
    pub(super) record: Vec<u8>,
    pub(super) outcome: Outcome,
    pub(super) code: ReasonCode,
    pub(super) then: Then,
    /// Whether an earlier decision asked for the hold it stands at, and was observed.
    pub(super) repeats: bool,
}

/// What is done with an action once its record is in the ledger.
pub(super) enum Then {
    /// It is run; by virtue of this approval, where it needed one, with what was taken for it of limits.
    Run(Option<Box<Consumed>>, Option<Reservation>),
    /// It is not.
    Answer(Box<ActionAnswer>),
}

impl ActionDesk {
    /// Decides an action, records the decision, and runs what is let through.
    ///
    /// INVARIANT: the executor is asked only after the ledger took the record, once.
    ///
    /// Dropped while the executor runs, what became of the action is recorded as unknown: let a task of its own await this if its
    /// caller may leave.
    ///
    /// # Errors
    /// [`ActionRefused`]; nothing was done.
    pub async fn execute(
        self: &Arc<Self>,
        snapshot: &Arc<PolicySnapshot>,
        caller: &ActionCaller,
        action: &ActionCall<'_>,
    ) -> Result<ActionAnswer, ActionRefused> {
        let now = self.gateway.clock.now();
        let request_id = self.gateway.clock.id(REQUEST, now);
        let decision_id = request_id.with_prefix(DECISION);
        let request = self.request(caller, action);
        let goes_on = |decision: &Decision| self.lets_through(decision);
        let decided = self.decide(|facts| facts.decide(snapshot, request, now, goes_on));
        let Decided { mut decision, history, facts, reservation } = decided.ok_or(ActionRefused::Defect)?;
        self.gateway.note_found(&decision);
        // What was taken for an action that cannot be run as it must is given back.
        let fulfills = self.fulfill(&mut decision);
        let reservation = reservation.filter(|_| fulfills);
        let facts = Facts { history: history.as_ref(), ..facts };
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let charged = reservation.as_ref().map(Reservation::charged);
        let asked =
            Asked { desk: self, snapshot, caller, action, request_id, decision_id, number, facts, charged };
        let settled = asked.settle(&decision).await?;
        let recorded = self.gateway.record(&settled.record, now).await;
        let (outcome, code) = match &recorded {
            Ok(()) => (Some(settled.outcome), settled.code),
            Err(_) => (None, ReasonCode::LedgerUnavailable),
        };
        let noted = recorded.is_ok().then(|| Noted::of(request, &decision, facts)).flatten();
        let noted = noted.map(|noted| noted.held(settled.outcome, settled.repeats));
        self.gateway.note_gates(noted.as_ref());
        self.gateway.metrics.count(&self.route, &self.counters, outcome, code);
        let then = match settled.then {
            Then::Run(approval, taken) => {
                counting::settle(reservation.or(taken), &recorded);
                Then::Run(approval, None)
            }
            answer => answer,
        };
        match (recorded, then) {
            (Ok(()), Then::Answer(answer)) => Ok(*answer),
            (Ok(()), Then::Run(approval, _)) => {
                // What waited for a person counts in its session from now on.
                if approval.is_some()
                    && let Some(step) = LaterStep::of(snapshot, request, &decision)
                {
                    self.gateway.facts.count_later(&step, now);
                }
                if let Some(who) = asked.who() {
                    self.gateway.facts.live().let_through(&who, now);
                }
                Ok(Run::begin(&asked, approval).finish().await)
            }
            (Err(error), then) => {
                tracing::error!(%error, "the ledger took no record; the action was not run");
                if let Then::Run(Some(approval), _) = then {
                    approval.give_back().await;
                }
                Err(ActionRefused::Ledger)
            }
        }
    }
}

impl<'r, 'a> Asked<'r, 'a> {
    /// What becomes of the action, but for the ledger.
    async fn settle(&self, decision: &Decision) -> Result<Settled, ActionRefused> {
        match decision.outcome {
            Outcome::Allow => {
                let record = self.record(decision).payload(&self.desk.gateway.redaction);
                let (outcome, code) = (decision.outcome, decision.code);
                Ok(Settled { record, outcome, code, then: Then::Run(None, None), repeats: false })
            }
            Outcome::Deny => {
                let answer = ActionAnswer::without_data("blocked", blocked(decision), self.decision_id);
                let mut record = self.record(decision).payload(&self.desk.gateway.redaction);
                answered(&answer, &mut record);
                let (outcome, code) = (decision.outcome, decision.code);
                let then = Then::Answer(Box::new(answer));
                Ok(Settled { record, outcome, code, then, repeats: false })
            }
            Outcome::RequireConfirmation if self.desk.lets_through(decision) => {
                Ok(self.approved_by_itself(decision))
            }
            // Boxed: what is rarely needed must not make the future of every action longer.
            Outcome::RequireConfirmation | Outcome::Escalate => Box::pin(self.stand(decision)).await,
        }
    }

    /// The policy wants a person, and the operator wants none to be asked.
    fn approved_by_itself(&self, decision: &Decision) -> Settled {
        let held = self.record(decision).held(self.digest(), &self.desk.gateway.redaction);
        let reason =
            Reason::new(&format!("Approved without a person (--approval auto): {}", decision.reason));
        let (outcome, code) = (Outcome::Allow, ReasonCode::Approved);
        let (approved_by, charged, repeats) = (&[AUTO_APPROVER.to_owned()], self.charged, false);
        let (reason, hold) = (&reason, None);
        let record = held.payload(HeldOutcome { outcome, code, reason, hold, approved_by, charged, repeats });
        Settled { record, outcome, code, then: Then::Run(None, None), repeats }
    }

    /// Whose action it is, by what its records say of it.
    pub(super) fn who(&self) -> Option<Who> {
        let principal = &self.caller.principal;
        Some(Who::new(&principal.tenant, &principal.id, self.action.call.action.capability()?))
    }

    /// The record of the decision.
    pub(super) fn record<'d>(&'d self, decision: &'d Decision) -> DecisionRecord<'d, 'a> {
        let action = self.action;
        DecisionRecord {
            origin: Origin {
                route: &self.desk.route,
                request_id: &self.request_id,
                snapshot: &self.snapshot.reference,
                facts: self.facts,
            },
            decision_id: &self.decision_id,
            request: self.desk.request(self.caller, action),
            decision,
            enforced: true,
            body_bytes: 0,
            charged: self.charged,
            action: Some(ActionNote {
                surface: POLICY_SERVER,
                number: Some(self.number),
                session: Some(self.desk.session_of(action)),
                agent: self.caller.named_agent.then_some(&*self.caller.principal.id),
                description: &action.call.description,
                metadata: action.metadata.as_ref(),
            }),
        }
    }
}

/// Writes the answer to an action that is not run behind the members of its record.
pub(super) fn answered(answer: &ActionAnswer, record: &mut Vec<u8>) {
    record_answer(answer.status, answer.error.as_deref(), record);
}

/// What the caller of a blocked action is told: the document's words where its rules or their default said so; what else denies says
/// itself why.
fn blocked(decision: &Decision) -> String {
    match decision.code {
        ReasonCode::RuleDenied | ReasonCode::DefaultDenied => {
            format!("Blocked by policy rule: {}", decision.rule.as_deref().unwrap_or("<default>"))
        }
        _ => decision.reason.to_string(),
    }
}
