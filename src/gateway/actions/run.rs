//! An action under way, as a guard: its record is written when it is dropped, so exactly once, also by a panic or a gateway that
//! stops.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use tokio::task::JoinError;

use crate::audit::action::ActionResult;
use crate::audit::execution::{Ended, ExecutionOf, ExecutionRecord};
use crate::facts::Who;
use crate::gateway::Consumed;
use crate::gateway::actions::desk::ActionDesk;
use crate::gateway::actions::execute::Asked;
use crate::gateway::actions::{ActionAnswer, ExecutorAction, ExecutorError};
use crate::gateway::execution::Became;
use crate::model::decision::{ExecutionResult, Reason, ReasonCode};
use crate::model::id::Id;
use crate::model::json::{Json, write_json};

/// Longest time an executor may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// What an executor made of an action.
type Ran = Result<Box<RawValue>, Failure>;

/// An action that did not succeed.
struct Failure {
    error: ExecutorError,
    code: ReasonCode,
}

/// An action under way.
pub(super) struct Run {
    desk: Arc<ActionDesk>,
    who: Option<Who>,
    /// `None` once it is written.
    record: Option<ExecutionRecord>,
    approval: Option<Box<Consumed>>,
    action: Option<ExecutorAction>,
    decision_id: Id,
    started: Instant,
    ran: Ran,
}

impl Run {
    /// The action `asked`, let through by `approval` where it needed one.
    pub(super) fn begin(asked: &Asked<'_, '_>, approval: Option<Box<Consumed>>) -> Self {
        let (action, caller) = (asked.action, asked.caller);
        let record = ExecutionRecord::begin(ExecutionOf {
            principal: &caller.principal,
            action: &action.call.action,
            route: &asked.desk.route,
            decision_id: Some(&asked.decision_id),
            request_id: &asked.request_id,
        });
        let action = ExecutorAction {
            action_type: action.call.action.capability().unwrap_or_default().to_owned(),
            target: action.call.resource.to_string(),
            params: raw(&action.call.parameters.to_json()),
            description: action.call.description.to_string(),
            agent_id: caller.named_agent.then(|| caller.principal.id.to_string()),
            session_id: asked.desk.session_of(action).to_owned(),
            decision_id: asked.decision_id,
        };
        Self {
            desk: Arc::clone(asked.desk),
            who: asked.who(),
            record: Some(record),
            approval,
            action: Some(action),
            decision_id: asked.decision_id,
            started: Instant::now(),
            // Until something else is known.
            ran: Err(Failure {
                error: ExecutorError::failed("The gateway stopped before the action had ended."),
                code: ReasonCode::Interrupted,
            }),
        }
    }

    /// Has the action run, and says what its caller is told.
    pub(super) async fn finish(mut self) -> ActionAnswer {
        if let Some(action) = self.action.take() {
            self.ran = run(&self.desk, action).await;
        }
        let mut answer = match &self.ran {
            Ok(data) => ActionAnswer {
                status: "success",
                data: Some(data.clone()),
                error: None,
                decision_id: self.decision_id,
                code: None,
                hold: None,
            },
            Err(failure) => {
                ActionAnswer::without_data("failed", failure.error.message.clone(), self.decision_id)
            }
        };
        if let Some(error) = &mut answer.error {
            *error = Reason::new(error).to_string();
        }
        answer
    }
}

/// Asks the executor in a task of its own, so that its panics end nothing else.
async fn run(desk: &Arc<ActionDesk>, action: ExecutorAction) -> Ran {
    let executor = Arc::clone(&desk.executor);
    let mut task = tokio::spawn(async move { executor.execute(action).await });
    match tokio::time::timeout(PATIENCE, &mut task).await {
        Ok(Ok(Ok(data))) => Ok(data),
        Ok(Ok(Err(error))) => Err(Failure { error, code: ReasonCode::UpstreamFailed }),
        Ok(Err(ended)) => Err(defect(desk, &ended)),
        Err(_late) => {
            task.abort();
            let error = ExecutorError::failed(format!("no answer within {} seconds", PATIENCE.as_secs()));
            Err(Failure { error, code: ReasonCode::UpstreamTimeout })
        }
    }
}

fn defect(desk: &ActionDesk, ended: &JoinError) -> Failure {
    if !ended.is_panic() {
        let error = ExecutorError::failed("The gateway stopped before the action had ended.");
        return Failure { error, code: ReasonCode::Interrupted };
    }
    desk.gateway.metrics.panicked();
    tracing::error!("a panic of the executor was caught; the action failed");
    Failure {
        error: ExecutorError::failed("a defect of the executor was caught"),
        code: ReasonCode::InternalError,
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let sent = self.ran.as_ref().map_or_else(|failure| failure.error.sent, |_| true);
        if let Some(approval) = self.approval.take() {
            approval.ended(sent);
        }
        let Some(record) = self.record.take() else { return };
        let (result, code) = match &self.ran {
            Ok(_) => (ExecutionResult::Completed, None),
            Err(failure) if !sent => (ExecutionResult::NotForwarded, Some(failure.code)),
            Err(failure) => match failure.code {
                ReasonCode::UpstreamFailed => (ExecutionResult::Failed, Some(failure.code)),
                code => (ExecutionResult::UnknownOutcome, Some(code)),
            },
        };
        let error = self.ran.as_ref().err().map(|failure| Reason::new(&failure.error.message));
        let said = ActionResult {
            status: if self.ran.is_ok() { "success" } else { "failed" },
            data: self.ran.as_ref().ok().map(|data| data.get()),
            error: error.as_ref().map(Reason::as_str),
        };
        let ended = Ended { result, code, status: None, response_bytes: 0, duration: self.started.elapsed() };
        let gateway = &self.desk.gateway;
        let record = record.end_action(&ended, said, &gateway.redaction);
        let became = Became { who: self.who, result, status: None };
        gateway.recorder.record(record, (&self.desk.route, &self.desk.counters), became);
    }
}

/// A value as it was judged, as JSON text.
fn raw(value: &Json<'_>) -> Box<RawValue> {
    let mut text = Vec::new();
    write_json(value, &|_| false, &mut text);
    let raw = String::from_utf8(text).ok().and_then(|text| RawValue::from_string(text).ok());
    raw.unwrap_or_else(|| RawValue::NULL.to_owned())
}
