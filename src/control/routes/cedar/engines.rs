//! `/api/v1/policy/engines`: engines, and what their policies are checked against.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::admin::CedarChange;
use crate::control::changes::{apply_cedar, in_turn_of};
use crate::control::error::CedarError;
use crate::control::routes::cedar::asks::{Asking, Body, anybody, if_match, keeper, parameter};
use crate::control::routes::cedar::forms::{VALIDATION_MODES, answered, engine_form, validation_mode};
use crate::control::routes::cedar::lists::{Page, Paging};
use crate::control::{ControlError, ControlState};
use crate::policy::engines::HeldEngine;
use crate::policy::governance::raw::RawCedarEngine;
use crate::policy::governance::{
    CEDAR_ENGINE_RULE, CedarEngine, Content, Object, Written, is_cedar_engine_name,
};

const PATH: &str = "/api/v1/policy/engines";

/// What stands in the path, as far as it could be decoded.
pub(super) type EnginePath = Result<Path<String>, PathRejection>;

/// The engine of that name in force.
///
/// # Errors
/// 404.
pub(super) fn engine(state: &ControlState, name: &str) -> Result<HeldEngine, CedarError> {
    let engines = state.cedar.in_force().engines();
    engines.find(name).cloned().ok_or_else(|| CedarError::no_such("Policy engine", name))
}

/// The name in a path; one that cannot be decoded is none that an engine has.
pub(super) fn named(path: EnginePath) -> Result<String, CedarError> {
    path.map(|Path(name)| name).map_err(|_| CedarError::no_such("Policy engine", "?"))
}

/// A page of engines.
pub(super) async fn list(
    operator: Asking,
    State(state): State<ControlState>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, CedarError> {
    let operator = anybody(operator)?;
    let paging = Paging::read(&state, &operator, (PATH, query.as_deref()), &[])?;
    let engines = state.cedar.in_force().engines();
    let all = engines.iter().filter_map(|engine| Some((engine.object()?.stamp.clone(), engine)));
    let Page { items, next_token } =
        paging.page(&state, &operator, all, |(stamp, _)| (stamp.created_at, stamp.id.to_string()));
    let forms: Vec<_> = items.into_iter().filter_map(|(_, engine)| engine_form(engine)).collect();
    Ok(Json(json!({"policy_engines": forms, "next_token": next_token})))
}

/// One engine.
pub(super) async fn show(
    operator: Asking,
    State(state): State<ControlState>,
    path: EnginePath,
) -> Result<Response, CedarError> {
    anybody(operator)?;
    shown(StatusCode::OK, &engine(&state, &named(path)?)?)
}

fn shown(status: StatusCode, engine: &HeldEngine) -> Result<Response, CedarError> {
    let object = engine.object().ok_or(ControlError::Internal)?;
    let form = engine_form(engine).ok_or(ControlError::Internal)?;
    Ok(answered(status, &object.stamp, form))
}

/// Makes one. It is there, and active, when this is answered.
pub(super) async fn create(
    operator: Asking,
    State(state): State<ControlState>,
    request: Request,
) -> Result<Response, CedarError> {
    let operator = keeper(operator)?;
    let (_, mut body) = Body::read(request).await?;
    let name = body.text("name");
    if body.value("name").is_some_and(Value::is_string) && !is_cedar_engine_name(&name) {
        body.wrong(json!({
            "type": "string_pattern_mismatch", "loc": ["body", "name"], "msg": format!("A name {CEDAR_ENGINE_RULE}"), "input": null,
        }));
    }
    let description = body.description().unwrap_or_default();
    body.object("config");
    let schema = body.optional_text("schema");
    let strict = body.word("validation_mode", &VALIDATION_MODES) == Some(VALIDATION_MODES[1]);
    body.finish()?;
    let raw = RawCedarEngine { name: name.clone(), description, schema, strict };
    let written = read(raw).await?;
    apply_cedar(&state, &operator, CedarChange::CreateEngine(written)).await?;
    shown(StatusCode::CREATED, &engine(&state, &name)?)
}

/// Takes one away with its policies; nothing where there is none.
pub(super) async fn delete(
    operator: Asking,
    State(state): State<ControlState>,
    path: EnginePath,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, CedarError> {
    let operator = keeper(operator)?;
    let name = named(path)?;
    let force = match parameter(query.as_deref(), "force")?.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => {
            let message = "Input should be true or false";
            return Err(CedarError::field(
                "bool_parsing",
                &json!(["query", "force"]),
                message,
                &json!(other),
            ));
        }
    };
    let (shared, turn) = (state.clone(), name.clone());
    let work = async move {
        let enforcing =
            shared.publisher.handle().load().cedar.enforcing().map(|found| Arc::clone(&found.name));
        let change = CedarChange::DeleteEngine { engine: name.as_str().into(), force, enforcing };
        apply_cedar(&shared, &operator, change).await
    };
    in_turn_of(&state, &turn, work).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The schema that an engine's policies are checked against.
pub(super) async fn schema(
    operator: Asking,
    State(state): State<ControlState>,
    path: EnginePath,
) -> Result<Response, CedarError> {
    anybody(operator)?;
    let engine = engine(&state, &named(path)?)?;
    let object = engine.object().ok_or(ControlError::Internal)?;
    let written = |name: &str| object.written.get(name).cloned().unwrap_or_default();
    let strict = written("strict") == Value::Bool(true);
    let body = json!({"schema": written("schema"), "validation_mode": validation_mode(strict)});
    Ok(answered(StatusCode::OK, &object.stamp, body))
}

/// Sets it. Every policy must agree with it; `null` takes it away.
pub(super) async fn set_schema(
    operator: Asking,
    State(state): State<ControlState>,
    path: EnginePath,
    request: Request,
) -> Result<Response, CedarError> {
    let operator = keeper(operator)?;
    let name = named(path)?;
    let (parts, mut body) = Body::read(request).await?;
    let if_match = if_match(&parts.headers)?;
    let schema = body.optional_text("schema");
    if body.value("schema").is_none() {
        body.text("schema");
    }
    let mode = body.word("validation_mode", &VALIDATION_MODES);
    body.finish()?;
    let strict = mode.map(|mode| mode == VALIDATION_MODES[1]);
    // Ten thousand policies under a large schema take a while, in which nobody is to wait for a policy that stops something.
    let before = engine(&state, &name)?;
    let written = read(changed(&before, &schema, strict)?).await?;
    agreed(&before, &written, None).await?;
    let (shared, turn) = (state.clone(), name.clone());
    let work = async move {
        let now = engine(&shared, &name)?;
        let written = if same(now.object(), before.object()) {
            written
        } else {
            read(changed(&now, &schema, strict)?).await?
        };
        agreed(&now, &written, Some(before)).await?;
        apply_cedar(&shared, &operator, CedarChange::ReplaceEngine { written, if_match }).await?;
        shown(StatusCode::OK, &engine(&shared, &name)?)
    };
    in_turn_of(&state, &turn, work).await
}

/// An engine with another schema; `strict`: whether it takes no policies with findings, as before where that is not said.
fn changed(
    engine: &HeldEngine,
    schema: &Option<String>,
    strict: Option<bool>,
) -> Result<RawCedarEngine, CedarError> {
    let object = engine.object().ok_or(ControlError::Internal)?;
    let raw: RawCedarEngine =
        serde_json::from_value(object.written.clone()).map_err(|_| ControlError::Internal)?;
    Ok(RawCedarEngine { schema: schema.clone(), strict: strict.unwrap_or(raw.strict), ..raw })
}

/// An engine as it is written. Its schema is read on a thread for that.
async fn read(raw: RawCedarEngine) -> Result<Written, CedarError> {
    let read =
        spawn_blocking(move || Written::cedar_engine(&raw)).await.map_err(|_| ControlError::Internal)?;
    read.map_err(|problems| CedarError::Invalid { what: "schema", problems, policy: None })
}

/// Whether every policy agrees with the schema that is to be, but for those that are as they were in `seen`: these were asked already. They
/// are asked on a thread for that.
async fn agreed(engine: &HeldEngine, written: &Written, seen: Option<HeldEngine>) -> Result<(), CedarError> {
    let Content::CedarEngine(CedarEngine { schema: Some(schema), .. }) = &written.content else {
        return Ok(());
    };
    let (engine, schema) = (engine.clone(), schema.clone());
    let is_known = move |engine: &HeldEngine, id: &str| {
        let seen = seen.as_ref().and_then(|seen| seen.policy(id));
        seen.is_some() && same(engine.policy(id), seen)
    };
    let asking = move || {
        for held in engine.engine().policies().filter(|held| !is_known(&engine, held.id)) {
            if let Err(problems) = schema.validate(held.policy) {
                let policy = Some(held.id.to_string());
                return Err(CedarError::Invalid { what: "policy", problems, policy });
            }
        }
        Ok(())
    };
    spawn_blocking(asking).await.map_err(|_| ControlError::Internal)?
}

/// Whether nothing was written in between.
fn same(now: Option<&Arc<Object>>, before: Option<&Arc<Object>>) -> bool {
    matches!((now, before), (Some(now), Some(before)) if Arc::ptr_eq(now, before))
}
