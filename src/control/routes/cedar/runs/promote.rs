//! `POST .../assets/{asset}/promote`: makes a policy of an asset.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::admin::{CedarChange, CedarEdit};
use crate::control::auth::Operator;
use crate::control::changes::{apply_cedar, in_turn_of};
use crate::control::error::{CedarError, finding_forms};
use crate::control::routes::cedar::asks::{Asking, keeper, parameter};
use crate::control::routes::cedar::engines::engine;
use crate::control::routes::cedar::forms::{ENFORCEMENT_MODES, VALIDATION_MODES, answered, policy_form};
use crate::control::routes::cedar::policies::{checked, new_id};
use crate::control::routes::cedar::runs::generations::{made, run};
use crate::control::{ControlError, ControlState};
use crate::policy::engines::HeldEngine;
use crate::policy::governance::Written;
use crate::policy::governance::raw::RawCedarPolicy;

/// What stands in the path of an asset.
type AssetPath = Result<Path<(String, String, String)>, PathRejection>;

/// Makes a policy of an asset: of all that was generated, what a person wants. Once: one policy more would change nothing.
pub(in crate::control::routes::cedar) async fn promote(
    operator: Asking,
    State(state): State<ControlState>,
    path: AssetPath,
    request: Request,
) -> Result<Response, CedarError> {
    let operator = keeper(operator)?;
    let Ok(Path((name, id, asset))) = path else { return Err(CedarError::no_such("Asset", "?")) };
    let query = request.uri().query();
    let log_only = second_of(query, "enforcement_mode", ENFORCEMENT_MODES)?.unwrap_or(false);
    let strict = second_of(query, "validation_mode", VALIDATION_MODES)?;
    let (shared, engine) = (state.clone(), name.clone());
    let work = async move { promoted(&shared, &operator, (name, id, asset), (log_only, strict)).await };
    in_turn_of(&state, &engine, work).await
}

/// Makes it, in its turn.
async fn promoted(
    state: &ControlState,
    operator: &Operator,
    (name, id, asset): (String, String, String),
    (log_only, strict): (bool, Option<bool>),
) -> Result<Response, CedarError> {
    let held = engine(state, &name)?;
    let run = run(state, Ok(Path((name.clone(), id)))).await?;
    let found =
        made(&run).into_iter().find(|made| made.get("asset_id").and_then(Value::as_str) == Some(&asset));
    let found = found.ok_or_else(|| CedarError::no_such("Asset", &asset))?;
    let Some(text) = found.get("definition").and_then(Value::as_str).map(str::to_owned) else {
        return Err(CedarError::bad("This asset is no policy; its findings say why."));
    };
    let policy_id = new_id(state);
    let work = move || {
        if let Some(there) = made_of(&held, &text) {
            let message = format!("A policy was made of asset '{asset}' already: '{there}'");
            return Err(CedarError::Said(StatusCode::CONFLICT, message));
        }
        let (policy, found) = checked(&held, &text, strict).map_err(|error| error.of(&policy_id))?;
        let raw = RawCedarPolicy {
            engine: name,
            name: None,
            definition: text,
            description: format!("Generated: {asset} of {}", run.id),
            log_only,
        };
        Ok((Written::cedar_policy(&policy_id, &raw, policy), found))
    };
    let (written, found) = spawn_blocking(work).await.map_err(|_| ControlError::Internal)??;
    let engine = written.key.name.split_once('/').map_or("", |(engine, _)| engine).into();
    let change = CedarChange::Policies { engine, edits: vec![CedarEdit::Create(written)] };
    let applied = apply_cedar(state, operator, change).await?;
    let object = applied.object.ok_or(ControlError::Internal)?;
    let mut form = policy_form(&object);
    if let Some(members) = form.as_object_mut() {
        members.insert("findings".to_owned(), json!(finding_forms(&found)));
    }
    Ok(answered(StatusCode::CREATED, &object.stamp, form))
}

/// The policy that says what the asset says, word for word: with its id, its window and its evidence.
fn made_of(held: &HeldEngine, text: &str) -> Option<String> {
    let same =
        held.policies().find(|object| object.written.get("definition").and_then(Value::as_str) == Some(text));
    same.map(|object| object.stamp.id.to_string())
}

/// Whether the parameter is the second of two words; `None` where it is not there.
fn second_of(
    query: Option<&str>,
    name: &'static str,
    [first, second]: [&str; 2],
) -> Result<Option<bool>, CedarError> {
    match parameter(query, name)? {
        None => Ok(None),
        Some(word) if word == first => Ok(Some(false)),
        Some(word) if word == second => Ok(Some(true)),
        Some(other) => {
            let message = format!("Input should be '{first}' or '{second}'");
            Err(CedarError::field("enum", &json!(["query", name]), &message, &json!(other)))
        }
    }
}
