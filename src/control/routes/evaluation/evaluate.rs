//! `POST /evaluate`: a proposed change through all six gates. It is recorded before it is told.

use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::control::ControlState;
use crate::control::body::read_whole;
use crate::control::error::EvaluationError;
use crate::control::routes::evaluation::caller::Caller;
use crate::gateway::Evaluated;
use crate::model::json::{Json as Read, Reader};
use crate::risk::gates::EvaluateRequest;

/// Longest body, in bytes.
const BODY_MAX_BYTES: usize = 1024 * 1024;

/// The answer of the document, whatever the gates say: 200.
///
/// # Errors
/// 400, 403, 408, 413, 429; 503 where the decision could not be recorded.
pub(super) async fn evaluate(state: ControlState, request: Request) -> Result<Response, EvaluationError> {
    let caller = Caller::admit(&state, &request)?;
    let bytes = body(request).await?;
    let read = read(&bytes)?;
    let asked = EvaluateRequest::read(&read)?;
    let evaluated = state.evaluations.evaluate(&caller.snapshot, &caller.asks, (&asked, &read)).await?;
    Ok(Json(Value::Object(told(evaluated, caller.tenant(), caller.request_id()))).into_response())
}

/// The whole body.
///
/// # Errors
/// 408 or 413.
pub(super) async fn body(request: Request) -> Result<Vec<u8>, EvaluationError> {
    let (parts, body) = request.into_parts();
    Ok(read_whole(&parts.headers, body, BODY_MAX_BYTES).await?)
}

/// The JSON in a body, read strictly. Whole numbers of any length are numbers.
///
/// # Errors
/// 400.
pub(super) fn read(bytes: &[u8]) -> Result<Read<'_>, EvaluationError> {
    let read = Reader::default().parse_answer(bytes);
    read.map_err(|error| EvaluationError::bad(format!("The body is not the JSON this path takes: {error}.")))
}

/// The members in the document's order.
fn told(evaluated: Evaluated, tenant: &str, request_id: &str) -> Map<String, Value> {
    let Evaluated { decision_id, at, answer } = evaluated;
    let mut told = Map::with_capacity(answer.len() + 4);
    for (name, value) in answer {
        let last = name == "constraints";
        told.insert(name, value);
        if last {
            told.insert("decision_id".to_owned(), decision_id.uuid().into());
            told.insert("timestamp".to_owned(), offset(&at.to_rfc3339()).into());
        }
    }
    told.insert("_tenant_id".to_owned(), json!(tenant));
    told.insert("_request_id".to_owned(), json!(request_id));
    told
}

/// A time as the document writes it: with an offset rather than a `Z`.
fn offset(time: &str) -> String {
    time.strip_suffix('Z').map_or_else(|| time.to_owned(), |time| format!("{time}+00:00"))
}
