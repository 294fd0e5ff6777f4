//! `POST /api/v1/execute`: actions through the whole pipeline, one after the other.

use axum::extract::{Request, State};
use axum::response::Response;

use crate::control::ControlState;
use crate::control::error::{DocumentError, ItemError};
use crate::control::routes::policy_server::batch::{Answers, body, write_or_null};
use crate::control::routes::policy_server::caller::{Caller, Wanted};
use crate::extract::{ActionCall, ActionError, Actions};
use crate::gateway::ActionAnswer;
use crate::model::json::write_json_string;

/// Executes each action. What has begun goes on to its end if the caller leaves.
pub(in crate::control) async fn execute(
    State(state): State<ControlState>,
    request: Request,
) -> Result<Response, DocumentError> {
    let caller = Caller::admit(&state, &request, Wanted::Propose)?;
    let bytes = body(request).await?;
    let running = tokio::spawn(async move { run(&state, &caller, &bytes).await });
    running.await.unwrap_or_else(|_| Err(DocumentError::Unavailable("The gateway stops.".to_owned())))
}

async fn run(state: &ControlState, caller: &Caller, bytes: &[u8]) -> Result<Response, DocumentError> {
    let actions = Actions::read(&caller.snapshot.reader, bytes)?;
    let mut answers = Answers::of(actions.items.len());
    for item in &actions.items {
        let action = item.as_ref().map_err(ItemError::unreadable).and_then(recordable);
        let answered = match action {
            Ok(action) => one(state, caller, action).await,
            Err(error) => Err(error),
        };
        match (item, answered) {
            (Ok(action), Ok(answer)) => answers.add(|text| write(action, &answer, text)),
            (_, Err(error)) => answers.fail(error),
            // An item that is none has no answer.
            (Err(error), Ok(_)) => answers.fail(ItemError::unreadable(error)),
        }
    }
    answers.end()
}

async fn one(
    state: &ControlState,
    caller: &Caller,
    action: &ActionCall<'_>,
) -> Result<ActionAnswer, ItemError> {
    let asks = caller.asks(action)?;
    state.actions.execute(&caller.snapshot, &asks, action).await.map_err(ItemError::refused)
}

/// A description that is no text cannot be recorded as one.
fn recordable<'i, 'a>(action: &'i ActionCall<'a>) -> Result<&'i ActionCall<'a>, ItemError> {
    if !action.odd_description {
        return Ok(action);
    }
    let detail = "description is a text.".to_owned();
    Err(ItemError::unreadable(&ActionError { field: Some("description"), detail }))
}

fn write(action: &ActionCall<'_>, answer: &ActionAnswer, text: &mut Vec<u8>) {
    text.extend_from_slice(b"{\"action_type\":");
    write_json_string(action.call.action.capability().unwrap_or_default(), text);
    text.extend_from_slice(b",\"target\":");
    write_json_string(&action.call.resource, text);
    text.extend_from_slice(b",\"status\":");
    write_json_string(answer.status, text);
    text.extend_from_slice(b",\"data\":");
    text.extend_from_slice(answer.data.as_ref().map_or("null", |data| data.get()).as_bytes());
    text.extend_from_slice(b",\"error\":");
    write_or_null(answer.error.as_deref(), text);
    text.extend_from_slice(b",\"decision_id\":");
    write_json_string(&answer.decision_id.to_string(), text);
    if let Some(code) = answer.code {
        text.extend_from_slice(b",\"code\":");
        write_json_string(code.as_str(), text);
    }
    if let Some(hold) = &answer.hold {
        text.extend_from_slice(b",\"hold_id\":");
        write_json_string(&hold.id.to_string(), text);
        text.extend_from_slice(b",\"hold_state\":");
        write_json_string(hold.state, text);
        text.extend_from_slice(b",\"expires_at\":");
        write_json_string(&hold.expires_at.to_rfc3339(), text);
        text.extend_from_slice(b",\"hold_url\":");
        write_or_null(hold.link.as_deref(), text);
    }
    text.push(b'}');
}
