//! `GET` and `PUT /api/v1/policy`: the policy in force, and another one in its place.

use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::control::error::DocumentError;
use crate::control::routes::policy_server::batch::{body, json as answer};
use crate::control::routes::policy_server::caller::{Caller, Wanted};
use crate::control::routes::policy_server::evaluate::risk;
use crate::control::{ControlState, PolicyRefused};
use crate::extract::read_json;
use crate::model::json::{CaseEqualKeys, Json, Reader, write_json};
use crate::policy::rules::RuleSet;

/// Policies are read as strictly as other bodies, but for keys that differ in letter case: parameters may.
const READER: Reader = Reader { max_depth: 128, case_equal_keys: CaseEqualKeys::Allow };

/// Shows the policy in force.
pub(in crate::control) async fn show(
    State(state): State<ControlState>,
    request: Request,
) -> Result<Response, DocumentError> {
    let caller = Caller::admit(&state, &request, Wanted::Policy)?;
    let snapshot = &caller.snapshot;
    let rules: Vec<Value> = snapshot
        .rules()
        .map_or(&[][..], RuleSet::rules)
        .iter()
        .map(|rule| {
            json!({
                "name": rule.written_name.as_deref(),
                "match_type": rule.action_type,
                "match_target": rule.target,
                "match_agent": rule.agent,
                "risk_level": risk(rule.risk),
                "approval": rule.outcome.approval_word(),
                "conditions": rule.conditions,
            })
        })
        .collect();
    let shown = json!({
        "default_risk_level": risk(snapshot.default_risk()),
        "default_approval": snapshot.default_outcome().approval_word(),
        "rules": rules,
    });
    Ok(answer(shown.to_string().into_bytes()))
}

/// Replaces the policy. It is in force for every request that comes after the answer.
pub(in crate::control) async fn replace(
    State(state): State<ControlState>,
    request: Request,
) -> Result<Response, DocumentError> {
    let caller = Caller::admit(&state, &request, Wanted::Manage)?;
    let bytes = body(request).await?;
    let (text, has_lines) = written(&bytes)?;
    let by = caller.name().to_owned();
    let policies = state.policies;
    let replaced = spawn_blocking(move || policies.replace(&text, &by)).await;
    let replaced = replaced.map_err(|_| DocumentError::Unavailable("The gateway stops.".to_owned()))?;
    match replaced {
        Ok(rules) => Ok(answer(json!({"status": "updated", "rule_count": rules}).to_string().into_bytes())),
        Err(PolicyRefused::Unavailable(why)) => Err(DocumentError::Unavailable(why)),
        Err(PolicyRefused::Bad { problems, more }) => {
            let place = |(line, detail): (Option<usize>, String)| (line.filter(|_| has_lines), detail);
            Err(DocumentError::Policy { problems: problems.into_iter().map(place).collect(), more })
        }
    }
}

/// The policy's text in a body, and whether its lines are its writer's own. What the document's model finds no policy in is told
/// so in its words.
fn written(bytes: &[u8]) -> Result<(String, bool), DocumentError> {
    let body = read_json(&READER, bytes)?;
    let holds = |names: &[&str]| match &body {
        Json::Object(members) => members.iter().any(|(name, _)| names.contains(&name.as_str())),
        Json::Array(items) => {
            items.iter().any(|item| item.as_str().is_some_and(|item| names.contains(&item)))
        }
        Json::String(text) => names.iter().any(|name| text.as_str().contains(name)),
        _ => true,
    };
    if !holds(&["yaml", "rules", "defaults"]) {
        return Err(DocumentError::NoPolicy);
    }
    match (&body, body.member("yaml")) {
        (_, Some(Json::String(yaml))) => Ok((yaml.as_str().to_owned(), true)),
        (_, Some(other)) => {
            let detail = format!("yaml is a text, not of type {}.", other.type_name());
            Err(DocumentError::bad(Some("yaml"), detail))
        }
        (Json::Object(_), None) => {
            let mut text = Vec::with_capacity(bytes.len());
            write_json(&body, &|_| false, &mut text);
            Ok((String::from_utf8(text).unwrap_or_default(), false))
        }
        (other, None) => {
            let detail = format!("The body is an object, not of type {}.", other.type_name());
            Err(DocumentError::bad(None, detail))
        }
    }
}
