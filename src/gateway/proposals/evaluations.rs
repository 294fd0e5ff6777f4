//! Where proposed changes are evaluated: the gates judge them, the ledger takes the decision, and only then is it told.

use std::num::NonZeroU32;
use std::sync::Arc;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::audit::record::{EVALUATION, EvaluationRecord, Origin};
use crate::decision::PolicySnapshot;
use crate::gateway::{Gateway, KeyRates, RateStanding};
use crate::identity::{Key, KeyRate};
use crate::model::call::Principal;
use crate::model::decision::{Facts, Outcome, Reason, ReasonCode, RiskLevel};
use crate::model::id::{DECISION, Id, REQUEST};
use crate::model::json::Json;
use crate::model::time::Timestamp;
use crate::risk::gates::{Answer, EvaluateRequest, Evaluation, Impact, Status};
use crate::telemetry::RouteCounters;

/// Where proposed changes are evaluated.
#[derive(Debug)]
pub struct EvaluationDesk {
    gateway: Arc<Gateway>,
    counters: RouteCounters,
    rates: KeyRates,
}

/// How many requests a key may make: in a second, and in a day. The evaluation API document has these numbers, so no configuration
/// changes them.
const PRODUCTION: KeyRate = KeyRate { per_second: NonZeroU32::new(500), per_day: NonZeroU32::new(500_000) };
const ELSEWHERE: KeyRate = KeyRate { per_second: NonZeroU32::new(50), per_day: NonZeroU32::new(10_000) };

/// Who wants an evaluation.
#[derive(Clone, Debug)]
pub struct EvaluationCaller {
    /// Whoever holds the key.
    pub principal: Principal,
    /// What its session is called where the request names none.
    pub session_id: String,
    /// What its answer calls the request.
    pub request_id: String,
}

/// An evaluation that is recorded.
#[derive(Clone, Debug)]
pub struct Evaluated {
    /// Its id.
    pub decision_id: Id,
    /// When it was made.
    pub at: Timestamp,
    /// What it says, in the members and order of the evaluation API document but for those of its sender.
    pub answer: Map<String, Value>,
}

/// Why there is no evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EvaluationRefused {
    /// What is not recorded is not decided.
    #[error("The ledger takes no record, so nothing was decided. Try again later.")]
    Ledger,
}

impl EvaluationDesk {
    /// A desk that records where `gateway` does.
    #[must_use]
    pub fn new(gateway: Arc<Gateway>) -> Self {
        Self { gateway, counters: RouteCounters::default(), rates: KeyRates::default() }
    }

    /// Counts a request of `key`, and says where it stands.
    pub fn count(&self, key: &Key, in_production: bool) -> Option<RateStanding> {
        let rate = if in_production { PRODUCTION } else { ELSEWHERE };
        self.rates.take(rate, key, self.gateway.clock.now())
    }

    /// Evaluates what `request` asks under `snapshot`; `asked` is the same as it came, for the record.
    ///
    /// # Errors
    /// [`EvaluationRefused`].
    pub async fn evaluate(
        &self,
        snapshot: &PolicySnapshot,
        caller: &EvaluationCaller,
        (request, asked): (&EvaluateRequest<'_>, &Json<'_>),
    ) -> Result<Evaluated, EvaluationRefused> {
        let now = self.gateway.clock.now();
        let decision_id = self.gateway.clock.id(DECISION, now);
        let answer = Answer::to(&request.proposal, &snapshot.gates().constants);
        let members = answer.to_json();
        let (outcome, code) = verdict(&answer.evaluation);
        let mut recorded = members.clone();
        // By it an answer is found in the ledger, and the other way round.
        recorded.insert("_request_id".to_owned(), caller.request_id.as_str().into());
        let record = EvaluationRecord {
            origin: Origin {
                route: EVALUATION,
                request_id: &decision_id.with_prefix(REQUEST),
                snapshot: &snapshot.reference,
                facts: Facts::at(now),
            },
            decision_id: &decision_id,
            principal: &caller.principal,
            agent_id: request.agent_id,
            session_id: request.session_id.unwrap_or(&caller.session_id),
            summary: request.summary,
            outcome,
            code,
            reason: &Reason::new(&answer.explanation.rationale),
            enforced: !answer.evaluation.shadow,
            level: level(request.proposal.impact),
            asked,
            answered: &Value::Object(recorded).to_string(),
        };
        let payload = record.payload(&self.gateway.redaction);
        let taken = self.gateway.record(&payload, now).await;
        let (told, code) = match &taken {
            Ok(()) => (Some(outcome), code),
            Err(_) => (None, ReasonCode::LedgerUnavailable),
        };
        self.gateway.metrics.count(EVALUATION, &self.counters, told, code);
        taken.map_err(|error| {
            tracing::error!(%error, "the ledger took no record; the change was not evaluated");
            EvaluationRefused::Ledger
        })?;
        Ok(Evaluated { decision_id, at: now, answer: members })
    }
}

/// What an evaluation is called among decisions, and why.
fn verdict(evaluation: &Evaluation) -> (Outcome, ReasonCode) {
    let outcome = match evaluation.status {
        Status::Proceed => Outcome::Allow,
        Status::Pause => Outcome::RequireConfirmation,
        Status::Escalate => Outcome::Escalate,
        Status::Halt => Outcome::Deny,
    };
    let code = if evaluation.drift_is_critical() {
        ReasonCode::GatesDrift
    } else if !evaluation.gates.all_passed() {
        ReasonCode::GatesFailed
    } else if evaluation.status == Status::Proceed {
        ReasonCode::GatesPassed
    } else {
        ReasonCode::ApprovalRequired
    };
    (outcome, code)
}

const fn level(impact: Impact) -> RiskLevel {
    match impact {
        Impact::Low => RiskLevel::Low,
        Impact::Medium => RiskLevel::Medium,
        Impact::High => RiskLevel::High,
        Impact::Critical => RiskLevel::Critical,
    }
}
