//! `PUT /api/v1/policy/engines/{engine}/policies:batch`: many policies at once, all of them or none.

use axum::Json;
use axum::extract::{Request, State};
use serde_json::{Map, Value, json};
use tokio::task::spawn_blocking;

use crate::admin::{CedarChange, CedarEdit, IfMatch};
use crate::control::changes::{apply_cedar, in_turn_of};
use crate::control::error::CedarError;
use crate::control::routes::cedar::asks::{Asking, Body, keeper};
use crate::control::routes::cedar::engines::{EnginePath, engine, named};
use crate::control::routes::cedar::forms::policy_form;
use crate::control::routes::cedar::policies::{Wanted, new_id};
use crate::control::{ControlError, ControlState};
use crate::policy::engines::HeldEngine;

/// Most changes at once.
const CHANGES_MOST: usize = 1000;

/// What an element of `delete` is.
const DELETE: &str = "delete";

/// One change, before its policy is read.
enum Step {
    Create(String, Wanted),
    Replace(String, Wanted, Option<IfMatch>),
    Delete(String),
}

/// Makes them. `policies`: each with `policy_id` where it stands in the place of another; `delete`: ids.
pub(super) async fn change(
    operator: Asking,
    State(state): State<ControlState>,
    path: EnginePath,
    request: Request,
) -> Result<Json<Value>, CedarError> {
    let operator = keeper(operator)?;
    let engine_name = named(path)?;
    let (_, mut body) = Body::read(request).await?;
    let deleted = deleted(&mut body);
    let items = body.objects("policies", CHANGES_MOST);
    if items.len() + deleted.len() > CHANGES_MOST {
        let message = format!("A batch should have at most {CHANGES_MOST} changes");
        body.wrong(json!({"type": "too_long", "loc": ["body"], "msg": message, "input": null}));
    }
    body.finish()?;
    let (shared, name) = (state.clone(), engine_name.clone());
    let work = async move {
        let held = engine(&shared, &engine_name)?;
        let mut steps: Vec<Step> = Vec::with_capacity(items.len() + deleted.len());
        for item in items {
            steps.push(step(&shared, item)?);
        }
        steps.extend(deleted.into_iter().map(Step::Delete));
        let edits =
            spawn_blocking(move || edits(&held, steps)).await.map_err(|_| ControlError::Internal)??;
        let change = CedarChange::Policies { engine: engine_name.into(), edits };
        apply_cedar(&shared, &operator, change).await
    };
    let applied = in_turn_of(&state, &name, work).await?;
    let forms: Vec<_> = applied.policies.iter().map(|object| policy_form(object)).collect();
    let deleted = forms.len();
    let version = applied.snapshot.version;
    Ok(Json(json!({"policies": forms, "changed": deleted, "snapshot_version": version})))
}

fn deleted(body: &mut Body) -> Vec<String> {
    match body.value(DELETE) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(ids)) if ids.iter().all(Value::is_string) => {
            ids.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Some(_) => {
            body.wrong(json!({
                "type": "list_type", "loc": ["body", DELETE], "msg": "Input should be a list of policy ids", "input": null,
            }));
            Vec::new()
        }
    }
}

fn step(state: &ControlState, item: Map<String, Value>) -> Result<Step, CedarError> {
    let mut body = Body::of(item);
    let id = body.optional_text("policy_id");
    let revision = match body.value("revision") {
        None | Some(Value::Null) => None,
        Some(revision) => {
            let read = revision.as_u64();
            if read.is_none() {
                body.wrong(json!({
                    "type": "int_type", "loc": ["body", "policies", "revision"], "msg": "Input should be a valid integer", "input": null,
                }));
            }
            read.map(IfMatch::Version)
        }
    };
    if body.flag("dry_run", false) {
        body.wrong(json!({
            "type": "value_error", "loc": ["body", "policies", "dry_run"], "msg": "A batch is made whole, and never dry", "input": true,
        }));
    }
    let wanted = Wanted::read(body)?;
    Ok(match id {
        Some(id) => Step::Replace(id, wanted, revision),
        None => Step::Create(new_id(state), wanted),
    })
}

fn edits(held: &HeldEngine, steps: Vec<Step>) -> Result<Vec<CedarEdit>, CedarError> {
    let edit = |step| {
        Ok(match step {
            Step::Create(id, wanted) => CedarEdit::Create(wanted.written_now(held, &id, None)?.0),
            Step::Replace(id, wanted, if_match) => {
                let before = held.policy(&id).ok_or_else(|| CedarError::no_such("Policy", &id))?;
                let (written, _) = wanted.written_now(held, &id, Some(before))?;
                CedarEdit::Replace { written, if_match }
            }
            Step::Delete(id) => CedarEdit::Delete { id: id.into(), if_match: None },
        })
    };
    steps.into_iter().map(edit).collect()
}
