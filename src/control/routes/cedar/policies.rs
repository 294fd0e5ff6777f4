//! `/api/v1/policy/engines/{engine}/policies`: the policies of an engine. What is written is in force before it is answered.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::admin::{CedarChange, CedarEdit, Refused};
use crate::control::auth::Operator;
use crate::control::changes::{apply_cedar, in_turn_of};
use crate::control::error::{CedarError, finding_forms};
use crate::control::routes::cedar::asks::{Asking, Body, anybody, if_match, keeper, parameter};
use crate::control::routes::cedar::engines::{EnginePath, engine, named};
use crate::control::routes::cedar::forms::{ENFORCEMENT_MODES, VALIDATION_MODES, answered, policy_form};
use crate::control::routes::cedar::lists::{Page, Paging};
use crate::control::{ControlError, ControlState};
use crate::policy::cedar::{
    CedarFinding, CedarPolicy, CedarProblems, FindingType, Touching, findings, formatted, read,
};
use crate::policy::engines::HeldEngine;
use crate::policy::governance::raw::RawCedarPolicy;
use crate::policy::governance::{Object, Written};

/// What the ids of policies begin with.
const POLICY: &str = "ced_";

/// Longest name of a policy, in bytes.
const NAME_MAX_BYTES: usize = 128;

/// The filters of the list.
const FILTERS: [&str; 3] = ["principal", "action", "resource"];

/// What stands in the path, as far as it could be decoded.
type PolicyPath = Result<Path<(String, String)>, PathRejection>;

/// A page of policies; with `principal`, `action` or `resource` those whose scope is about it.
pub(super) async fn list(
    operator: Asking,
    State(state): State<ControlState>,
    path: EnginePath,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, CedarError> {
    let operator = anybody(operator)?;
    let engine_name = named(path)?;
    let held = engine(&state, &engine_name)?;
    let query = query.as_deref();
    let [principal, action, resource] = FILTERS.map(|name| parameter(query, name));
    let values = [principal?, action?, resource?];
    let filters: Vec<_> = FILTERS.into_iter().zip(&values).collect();
    let filters: Vec<_> =
        filters.iter().map(|(name, value)| (*name, value.as_deref().unwrap_or_default())).collect();
    let path = format!("/api/v1/policy/engines/{engine_name}/policies");
    let paging = Paging::read(&state, &operator, (&path, query), &filters)?;
    let wanted = touched(&held, &values)?;
    let all: Vec<Arc<Object>> = match wanted {
        Some(ids) => ids.iter().filter_map(|id| held.policy(id)).cloned().collect(),
        None => held.policies().cloned().collect(),
    };
    let Page { items, next_token } = paging.page(&state, &operator, all.into_iter(), |object| {
        (object.stamp.created_at, object.stamp.id.to_string())
    });
    // Findings are told of one policy: of a thousand they take a while.
    let forms: Vec<_> = items.iter().map(|object| policy_form(object)).collect();
    Ok(Json(json!({"policies": forms, "next_token": next_token})))
}

/// The policies that the filters ask for; `None` where they ask for all.
fn touched(
    held: &HeldEngine,
    [principal, action, resource]: &[Option<String>; 3],
) -> Result<Option<Vec<Arc<str>>>, CedarError> {
    if [principal, action, resource].iter().all(|value| value.is_none()) {
        return Ok(None);
    }
    let touching = Touching::parse(principal.as_deref(), action.as_deref(), resource.as_deref());
    let touching = touching.map_err(|error| CedarError::bad(error.to_string()))?;
    Ok(Some(held.engine().touching(&touching)))
}

/// One policy; with `format=pretty` as the formatter writes it.
pub(super) async fn show(
    operator: Asking,
    State(state): State<ControlState>,
    path: PolicyPath,
    RawQuery(query): RawQuery,
) -> Result<Response, CedarError> {
    anybody(operator)?;
    let (engine_name, id) = both(path)?;
    let pretty = match parameter(query.as_deref(), "format")?.as_deref() {
        None => false,
        Some("pretty") => true,
        Some(_) => return Err(CedarError::bad("format is pretty, or left out")),
    };
    let held = engine(&state, &engine_name)?;
    let object = held.policy(&id).ok_or_else(|| CedarError::no_such("Policy", &id))?;
    let mut form = with_findings(policy_form(object), held.engine().policy(&id).map(|held| held.policy));
    if pretty && let (Some(policy), Some(members)) = (held.engine().policy(&id), form.as_object_mut()) {
        let text = formatted(policy.policy).map_err(|problems| invalid(problems, None))?;
        members.insert("definition".to_owned(), json!(text));
    }
    Ok(answered(StatusCode::OK, &object.stamp, form))
}

/// Makes one.
pub(super) async fn create(
    operator: Asking,
    State(state): State<ControlState>,
    path: EnginePath,
    request: Request,
) -> Result<Response, CedarError> {
    let operator = keeper(operator)?;
    let engine_name = named(path)?;
    let (_, body) = Body::read(request).await?;
    let wanted = Wanted::read(body)?;
    let (shared, name) = (state.clone(), engine_name.clone());
    let work = async move {
        let held = engine(&shared, &engine_name)?;
        let dry_run = wanted.dry_run;
        let (written, found) = wanted.written(held, (new_id(&shared), None)).await?;
        if dry_run {
            return Ok(only_checked(&found));
        }
        let edit = CedarEdit::Create(written);
        put(&shared, &operator, (&engine_name, edit), (StatusCode::CREATED, found)).await
    };
    in_turn_of(&state, &name, work).await
}

/// Puts another one in its place. A description that is left out stays.
pub(super) async fn replace(
    operator: Asking,
    State(state): State<ControlState>,
    path: PolicyPath,
    request: Request,
) -> Result<Response, CedarError> {
    let operator = keeper(operator)?;
    let (engine_name, id) = both(path)?;
    let (parts, body) = Body::read(request).await?;
    let if_match = if_match(&parts.headers)?;
    let wanted = Wanted::read(body)?;
    let (shared, name) = (state.clone(), engine_name.clone());
    let work = async move {
        let held = engine(&shared, &engine_name)?;
        let before = held.policy(&id).cloned().ok_or_else(|| CedarError::no_such("Policy", &id))?;
        let dry_run = wanted.dry_run;
        let (written, found) = wanted.written(held, (id, Some(before))).await?;
        if dry_run {
            return Ok(only_checked(&found));
        }
        let edit = CedarEdit::Replace { written, if_match };
        put(&shared, &operator, (&engine_name, edit), (StatusCode::OK, found)).await
    };
    in_turn_of(&state, &name, work).await
}

/// Takes one away; nothing where there is none.
pub(super) async fn delete(
    operator: Asking,
    State(state): State<ControlState>,
    path: PolicyPath,
    request: Request,
) -> Result<StatusCode, CedarError> {
    let operator = keeper(operator)?;
    let (engine_name, id) = both(path)?;
    let if_match = if_match(request.headers())?;
    if state.cedar.in_force().engines().find(&engine_name).is_none() {
        // Without its engine a policy is missing as it is in one.
        return match if_match {
            None => Ok(StatusCode::NO_CONTENT),
            Some(_) => Err(ControlError::Refused(Refused::Stale { version: None }).into()),
        };
    }
    let edits = vec![CedarEdit::Delete { id: id.into(), if_match }];
    let change = CedarChange::Policies { engine: engine_name.into(), edits };
    apply_cedar(&state, &operator, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn both(path: PolicyPath) -> Result<(String, String), CedarError> {
    path.map(|Path(both)| both).map_err(|_| CedarError::no_such("Policy", "?"))
}

/// An id for a policy that is to be.
pub(super) fn new_id(state: &ControlState) -> String {
    state.clock.id(POLICY, state.clock.now()).to_string()
}

async fn put(
    state: &ControlState,
    operator: &Operator,
    (engine, edit): (&str, CedarEdit),
    (status, found): (StatusCode, Vec<CedarFinding>),
) -> Result<Response, CedarError> {
    let change = CedarChange::Policies { engine: engine.into(), edits: vec![edit] };
    let applied = apply_cedar(state, operator, change).await?;
    let object = applied.object.ok_or(ControlError::Internal)?;
    let mut form = policy_form(&object);
    if let Some(members) = form.as_object_mut() {
        members.insert("findings".to_owned(), json!(finding_forms(&found)));
    }
    Ok(answered(status, &object.stamp, form))
}

/// The answer for what was only looked at.
fn only_checked(found: &[CedarFinding]) -> Response {
    Json(json!({"valid": true, "findings": finding_forms(found)})).into_response()
}

/// A policy's form with what is noteworthy about it.
fn with_findings(mut form: Value, policy: Option<&CedarPolicy>) -> Value {
    if let (Some(policy), Some(members)) = (policy, form.as_object_mut()) {
        members.insert("findings".to_owned(), json!(finding_forms(&findings(policy))));
    }
    form
}

/// What a body wants of a policy.
#[derive(Debug)]
pub(super) struct Wanted {
    text: String,
    description: Option<String>,
    name: Option<String>,
    log_only: Option<bool>,
    strict: Option<bool>,
    dry_run: bool,
}

impl Wanted {
    /// Reads it.
    ///
    /// # Errors
    /// 422.
    pub(super) fn read(mut body: Body) -> Result<Self, CedarError> {
        let wanted = Self::of(&mut body);
        body.finish()?;
        Ok(wanted)
    }

    /// The same, for whoever ends the reading.
    pub(super) fn of(body: &mut Body) -> Self {
        let text = body.text("policy_body");
        let description = body.description();
        let name = body.optional_text("name");
        if name.as_ref().is_some_and(|name| name.len() > NAME_MAX_BYTES) {
            body.too_long("name", NAME_MAX_BYTES);
        }
        let mode = body.word("enforcement_mode", &ENFORCEMENT_MODES);
        let validation = body.word("validation_mode", &VALIDATION_MODES);
        let dry_run = body.flag("dry_run", false);
        Self {
            text,
            description,
            name,
            log_only: mode.map(|mode| mode == ENFORCEMENT_MODES[1]),
            strict: validation.map(|mode| mode == VALIDATION_MODES[1]),
            dry_run,
        }
    }

    /// The policy as it is to be written under `id`, in the place of `before`, and what is noteworthy about it. It is read on a thread
    /// for that.
    ///
    /// # Errors
    /// 400 with everything that is wrong with it.
    pub(super) async fn written(
        self,
        held: HeldEngine,
        (id, before): (String, Option<Arc<Object>>),
    ) -> Result<(Written, Vec<CedarFinding>), CedarError> {
        let work = move || self.written_now(&held, (&id, &id), before.as_deref());
        spawn_blocking(work).await.map_err(|_| ControlError::Internal)?
    }

    /// The same, now. Errors call it `name`.
    pub(super) fn written_now(
        self,
        held: &HeldEngine,
        (id, name): (&str, &str),
        before: Option<&Object>,
    ) -> Result<(Written, Vec<CedarFinding>), CedarError> {
        let (policy, found) = checked(held, &self.text, self.strict).map_err(|error| error.of(name))?;
        let kept: Option<RawCedarPolicy> =
            before.and_then(|before| serde_json::from_value(before.written.clone()).ok());
        let kept = kept.as_ref();
        let engine = held.object().map(|object| object.key.name.to_string()).unwrap_or_default();
        let raw = RawCedarPolicy {
            engine,
            name: self.name.or_else(|| kept.and_then(|kept| kept.name.clone())),
            definition: self.text,
            description: self
                .description
                .or_else(|| kept.map(|kept| kept.description.clone()))
                .unwrap_or_default(),
            log_only: self.log_only.or_else(|| kept.map(|kept| kept.log_only)).unwrap_or(false),
        };
        Ok((Written::cedar_policy(id, &raw, policy), found))
    }
}

/// What is wrong with one policy.
pub(super) enum Unfit {
    Invalid(CedarProblems),
    Findings(Vec<CedarFinding>),
}

impl Unfit {
    /// As an error about the policy `id`.
    pub(super) fn of(self, id: &str) -> CedarError {
        // Whoever makes a policy does not know the id it would have had.
        let id = Some(id).filter(|id| !id.starts_with(POLICY));
        match self {
            Self::Invalid(problems) => invalid(problems, id),
            Self::Findings(findings) => CedarError::Findings { findings, policy: id.map(str::to_owned) },
        }
    }
}

fn invalid(problems: CedarProblems, policy: Option<&str>) -> CedarError {
    CedarError::Invalid { what: "policy", problems, policy: policy.map(str::to_owned) }
}

/// Reads a policy for `held` and checks it against the engine's schema; with what is noteworthy about it. `strict`: whether any of that
/// refuses it; as the engine says where that is not said.
pub(super) fn checked(
    held: &HeldEngine,
    text: &str,
    strict: Option<bool>,
) -> Result<(CedarPolicy, Vec<CedarFinding>), Unfit> {
    let policy = read(text).map_err(Unfit::Invalid)?;
    let mut found = findings(&policy);
    let content = held.content();
    if let Some(schema) = content.and_then(|engine| engine.schema.as_ref()) {
        // What the schema says is there need not be asked for.
        found.retain(|found| found.kind != FindingType::UnguardedAttribute);
        found.extend(schema.validate(&policy).map_err(Unfit::Invalid)?);
    }
    let refused: Vec<_> = found.iter().filter(|found| found.kind != FindingType::Valid).cloned().collect();
    if strict.unwrap_or_else(|| content.is_some_and(|engine| engine.strict)) && !refused.is_empty() {
        return Err(Unfit::Findings(refused));
    }
    Ok((policy, found))
}
