//! `PUT /api/v1/policy/engines/{engine}/policies:batch`: many policies at once, all of them or none.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::admin::{CedarChange, CedarEdit, IfMatch};
use crate::control::changes::{apply_cedar, in_turn_of};
use crate::control::error::{CedarError, shown};
use crate::control::routes::cedar::asks::{Asking, Body, keeper};
use crate::control::routes::cedar::engines::{EnginePath, engine, named};
use crate::control::routes::cedar::forms::policy_form;
use crate::control::routes::cedar::policies::{Wanted, new_id};
use crate::control::{ControlError, ControlState};
use crate::policy::engines::HeldEngine;

/// Most changes at once.
const CHANGES_MOST: usize = 1000;

/// An element of `policies`, before its policy is read.
struct Item {
    /// The policy in whose place it stands; `None`: in that of none.
    id: Option<String>,
    /// The version which that must have.
    revision: Option<u64>,
    wanted: Wanted,
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
    let deleted = body.texts("delete", CHANGES_MOST);
    let mut items = Vec::new();
    for mut element in body.elements("policies", CHANGES_MOST) {
        items.push(Item::read(&mut element));
        body.take_wrong(&mut element);
    }
    if items.len() + deleted.len() > CHANGES_MOST {
        let message = format!("A batch should have at most {CHANGES_MOST} changes");
        body.wrong(json!({"type": "too_long", "loc": ["body"], "msg": message, "input": null}));
    }
    body.finish()?;
    let (shared, name) = (state.clone(), engine_name.clone());
    let work = async move {
        let held = engine(&shared, &engine_name)?;
        let ids: Vec<_> = items.iter().map(|_| new_id(&shared)).collect();
        let reading = spawn_blocking(move || {
            let numbered = items.into_iter().zip(ids).enumerate();
            let edits =
                numbered.map(|(index, (item, new))| item.edit(&held, &format!("policies[{index}]"), &new));
            edits.collect::<Result<Vec<_>, _>>()
        });
        let mut edits = reading.await.map_err(|_| ControlError::Internal)??;
        edits.extend(deleted.into_iter().map(|id| CedarEdit::Delete { id: id.into(), if_match: None }));
        let change = CedarChange::Policies { engine: engine_name.into(), edits };
        apply_cedar(&shared, &operator, change).await
    };
    let applied = in_turn_of(&state, &name, work).await?;
    let forms: Vec<_> = applied.policies.iter().map(|object| policy_form(object)).collect();
    let deleted = forms.len();
    let version = applied.snapshot.version;
    Ok(Json(json!({"policies": forms, "changed": deleted, "snapshot_version": version})))
}

impl Item {
    fn read(body: &mut Body) -> Self {
        let id = body.optional_text("policy_id");
        let revision = match body.value("revision").cloned() {
            None | Some(Value::Null) => None,
            Some(revision) => {
                let read = revision.as_u64();
                if read.is_none() {
                    body.amiss("revision", ("int_type", "Input should be a valid integer"), &revision);
                }
                read
            }
        };
        if body.flag("dry_run", false) {
            body.amiss("dry_run", ("value_error", "A batch is made whole, and never dry"), &json!(true));
        }
        Self { id, revision, wanted: Wanted::of(body) }
    }

    /// What it comes to. Errors call it `place`; `new` is the id it has where it stands in the place of none.
    fn edit(self, held: &HeldEngine, place: &str, new: &str) -> Result<CedarEdit, CedarError> {
        let Some(id) = self.id else {
            return Ok(CedarEdit::Create(self.wanted.written_now(held, (new, place), None)?.0));
        };
        let missing =
            || CedarError::Said(StatusCode::NOT_FOUND, format!("{place}: policy '{}' not found", shown(&id)));
        let before = held.policy(&id).ok_or_else(missing)?;
        let version = before.stamp.version;
        if self.revision.is_some_and(|revision| revision != version) {
            let message = format!("{place} was changed meanwhile: it has version {version}.");
            return Err(CedarError::Said(StatusCode::PRECONDITION_FAILED, message));
        }
        let (written, _) = self.wanted.written_now(held, (&id, place), Some(before))?;
        Ok(CedarEdit::Replace { written, if_match: self.revision.map(IfMatch::Version) })
    }
}
