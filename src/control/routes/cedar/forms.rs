//! Engines and policies in answers.

use axum::Json;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::model::time::Timestamp;
use crate::policy::engines::HeldEngine;
use crate::policy::governance::{Content, Object, Source, Stamp};

/// Status of what is there: nothing is made later here.
const ACTIVE: &str = "ACTIVE";

/// Why an engine with policies that can be read no more denies calls.
pub(super) const BROKEN: &str = "there are policies that can be read no more: until they are replaced or deleted they deny calls as policy.cedar.quarantine says";

/// A policy's words for whether it counts.
pub(super) const ENFORCEMENT_MODES: [&str; 2] = ["ACTIVE", "LOG_ONLY"];

/// An engine's words for which policies it takes.
pub(super) const VALIDATION_MODES: [&str; 2] = ["IGNORE_ALL_FINDINGS", "FAIL_ON_ANY_FINDINGS"];

/// The word for whether a policy counts.
pub(super) const fn enforcement_mode(log_only: bool) -> &'static str {
    if log_only { ENFORCEMENT_MODES[1] } else { ENFORCEMENT_MODES[0] }
}

/// The word for which policies an engine takes.
pub(super) const fn validation_mode(strict: bool) -> &'static str {
    if strict { VALIDATION_MODES[1] } else { VALIDATION_MODES[0] }
}

/// An engine.
pub(super) fn engine_form(engine: &HeldEngine) -> Option<Value> {
    let object = engine.object()?;
    let written = |name: &str| object.written.get(name).cloned().unwrap_or_default();
    let strict = written("strict") == Value::Bool(true);
    let broken: Vec<&str> = engine.engine().broken().keys().map(AsRef::as_ref).collect();
    let mut members = Map::new();
    members.insert("policy_engine_id".to_owned(), json!(&*object.key.name));
    members.insert("name".to_owned(), written("name"));
    members.insert("description".to_owned(), written("description"));
    members.insert("status".to_owned(), json!(ACTIVE));
    stamped(&mut members, &object.stamp);
    members.insert("policy_count".to_owned(), json!(engine.policy_count()));
    members.insert("has_schema".to_owned(), json!(!written("schema").is_null()));
    members.insert("validation_mode".to_owned(), json!(validation_mode(strict)));
    if !broken.is_empty() {
        members.insert("status_reasons".to_owned(), json!([BROKEN]));
        members.insert("errors".to_owned(), json!(broken));
    }
    Some(Value::Object(members))
}

/// A policy.
pub(super) fn policy_form(object: &Object) -> Value {
    let written = |name: &str| object.written.get(name).cloned().unwrap_or_default();
    let log_only = written("log_only") == Value::Bool(true);
    let mut members = Map::new();
    members.insert("policy_id".to_owned(), json!(&*object.stamp.id));
    members.insert("policy_engine_id".to_owned(), written("engine"));
    members.insert("definition".to_owned(), written("definition"));
    members.insert("description".to_owned(), written("description"));
    members.insert("status".to_owned(), json!(ACTIVE));
    if !written("name").is_null() {
        members.insert("name".to_owned(), written("name"));
    }
    members.insert("enforcement_mode".to_owned(), json!(enforcement_mode(log_only)));
    stamped(&mut members, &object.stamp);
    if let Content::CedarPolicy(policy) = &object.content {
        match &policy.policy {
            Ok(policy) => {
                members.insert("effect".to_owned(), json!(policy.effect().as_str()));
            }
            Err(problems) => {
                members.insert("status_reasons".to_owned(), json!([problems.to_string()]));
            }
        }
    }
    Value::Object(members)
}

/// Version and times; of what a file says, the file.
fn stamped(members: &mut Map<String, Value>, stamp: &Stamp) {
    members.insert("created_at".to_owned(), json!(offset(stamp.created_at)));
    members.insert("updated_at".to_owned(), json!(offset(stamp.updated_at)));
    members.insert("revision".to_owned(), json!(stamp.version));
    members.insert("etag".to_owned(), json!(tag(stamp)));
    match &stamp.source {
        Source::Api => members.insert("source".to_owned(), json!("api")),
        Source::File(file) => {
            members.insert("source".to_owned(), json!("file"));
            members.insert("file".to_owned(), json!(&**file))
        }
    };
}

/// A time as the document writes it: with an offset rather than a `Z`.
pub(super) fn offset(time: Timestamp) -> String {
    let text = time.to_rfc3339();
    text.strip_suffix('Z').map_or_else(|| text.clone(), |time| format!("{time}+00:00"))
}

fn tag(stamp: &Stamp) -> String {
    format!("\"{}\"", stamp.version)
}

/// An answer with one object: its version is the entity tag.
pub(super) fn answered(status: StatusCode, stamp: &Stamp, body: Value) -> Response {
    let mut response = (status, Json(body)).into_response();
    if let Ok(tag) = HeaderValue::from_str(&tag(stamp)) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}
