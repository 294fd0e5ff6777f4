//! `POST /api/v1/policy/validate` and `.../engines/{engine}/is_authorized`: policies and calls tried, with nothing changed or recorded.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use serde_json::{Map, Value, json};
use tokio::task::spawn_blocking;

use crate::control::error::{CedarError, cedar_problem, finding_forms};
use crate::control::routes::cedar::asks::{Asking, Body, anybody, keeper};
use crate::control::routes::cedar::engines::{EnginePath, engine, named};
use crate::control::routes::cedar::policies::{Unfit, checked};
use crate::control::{ControlError, ControlState};
use crate::model::json::{JsonError, Reader};
use crate::model::time::Timestamp;
use crate::policy::cedar::{
    Asked, CedarProblems, CedarSchema, Verdict, WrittenEntity, WrittenRequest, string_literal, written,
};
use crate::policy::engines::HeldEngine;

/// Most entities of a question.
const ENTITIES_MOST: usize = 1000;

/// Says of a policy whether it could be written, in the engine `engine_id` or under `schema`.
pub(super) async fn validate(
    operator: Asking,
    State(state): State<ControlState>,
    request: Request,
) -> Result<Json<Value>, CedarError> {
    let operator = anybody(operator)?;
    let (_, mut body) = Body::read(request).await?;
    let named = body.value("engine_id").and_then(Value::as_str);
    let held = named.map(|name| engine(&state, name)).transpose()?;
    let is_held_to = |held: &HeldEngine| held.content().is_some_and(|engine| engine.schema.is_some());
    // A schema costs more than a policy, wherever it comes from.
    if body.value("schema").is_some_and(Value::is_string) || held.as_ref().is_some_and(is_held_to) {
        keeper(Ok(operator))?;
    }
    let text = body.text("policy_body");
    body.optional_text("engine_id");
    let schema = body.optional_text("schema");
    body.finish()?;
    let held = held.unwrap_or_default();
    let work = move || validated(&held, &text, schema.as_deref());
    let told = spawn_blocking(work).await.map_err(|_| ControlError::Internal)?;
    Ok(Json(told))
}

fn validated(held: &HeldEngine, text: &str, schema: Option<&str>) -> Value {
    let wrong = |problems: &CedarProblems, of: &str| {
        let errors: Vec<_> = problems.iter().map(|found| cedar_problem(found, None)).collect();
        json!({"valid": false, "in": of, "errors": errors, "findings": []})
    };
    let (policy, mut found) = match checked(held, text, Some(false)) {
        Ok(checked) => checked,
        Err(Unfit::Invalid(problems)) => return wrong(&problems, "policy"),
        Err(Unfit::Findings(found)) => {
            return json!({"valid": false, "errors": [], "findings": finding_forms(&found)});
        }
    };
    if let Some(schema) = schema {
        match CedarSchema::read(schema) {
            Err(problems) => return wrong(&problems, "schema"),
            Ok(schema) => match schema.validate(&policy) {
                Err(problems) => return wrong(&problems, "policy"),
                Ok(more) => found.extend(more),
            },
        }
    }
    json!({"valid": true, "errors": [], "findings": finding_forms(&found)})
}

/// What an engine says of a call that is written out.
pub(super) async fn is_authorized(
    operator: Asking,
    State(state): State<ControlState>,
    path: EnginePath,
    request: Request,
) -> Result<Json<Value>, CedarError> {
    keeper(operator)?;
    let name = named(path)?;
    let (_, mut body) = Body::read(request).await?;
    let [principal, action, resource] = ["principal", "action", "resource"].map(|name| body.text(name));
    let context = body.object("context").unwrap_or_default();
    let entities = match body.value("entities") {
        None | Some(Value::Null) => Vec::new(),
        Some(_) => body.objects("entities", ENTITIES_MOST),
    };
    let now = match body.optional_text("now") {
        None => Some(state.clock.now()),
        Some(text) => Timestamp::parse_rfc3339(&text),
    };
    body.finish()?;
    let now = now.ok_or_else(|| CedarError::bad("now is a time such as 2026-11-23T06:19:54Z"))?;
    let held = engine(&state, &name)?;
    let settings = state.publisher.handle().load().cedar.settings().cloned();
    let work = move || {
        let asked = question((&principal, &action, &resource), (&context, now), &entities)?;
        let options = settings.map(|settings| settings.options).unwrap_or_default();
        Ok::<_, CedarError>(held.engine().with_options(options).authorize(&asked))
    };
    let verdict = spawn_blocking(work).await.map_err(|_| ControlError::Internal)??;
    Ok(Json(told(&verdict)))
}

type Members = Map<String, Value>;

fn question(
    (principal, action, resource): (&str, &str, &str),
    (context, now): (&Members, Timestamp),
    entities: &[Members],
) -> Result<Asked, CedarError> {
    let text = Value::Object(context.clone()).to_string();
    let bad = |what: &str| CedarError::bad(format!("{what} cannot be read"));
    let context = Reader::default().parse(text.as_bytes()).map_err(|_| bad("context"))?;
    let told = entities.iter().map(Told::read).collect::<Option<Vec<_>>>().ok_or_else(|| {
        let form = r#"{"uid": text, "parents": [texts], "attrs": object, "tags": object}"#;
        CedarError::bad(format!(r#"entities is a list of {form}; each text may be {{"type", "id"}} too"#))
    })?;
    let objects: Vec<_> = told
        .iter()
        .map(|told| {
            let reader = Reader::default();
            Ok((reader.parse(told.attributes.as_bytes())?, reader.parse(told.tags.as_bytes())?))
        })
        .collect::<Result<_, JsonError>>()
        .map_err(|_| bad("attrs or tags of an entity"))?;
    let entities: Vec<WrittenEntity<'_>> = told
        .iter()
        .zip(&objects)
        .map(|(told, (attributes, tags))| WrittenEntity {
            uid: &told.uid,
            parents: told.parents.iter().map(String::as_str).collect(),
            attributes,
            tags,
        })
        .collect();
    let request = WrittenRequest {
        principal,
        action,
        resource,
        context: &context,
        now: Some(now),
        entities: &entities,
    };
    written(&request).map_err(|error| CedarError::bad(error.to_string()))
}

/// An entity of a question. Attributes and tags are texts still: read strictly like arguments, they borrow from them.
struct Told {
    uid: String,
    parents: Vec<String>,
    attributes: String,
    tags: String,
}

impl Told {
    /// `None`: a member is not what it must be.
    fn read(members: &Members) -> Option<Self> {
        let object = |name: &str| members.get(name).cloned().unwrap_or_else(|| json!({})).to_string();
        let parents = match members.get("parents") {
            None => Vec::new(),
            Some(parents) => parents.as_array()?.iter().map(entity_text).collect::<Option<_>>()?,
        };
        let uid = entity_text(members.get("uid")?)?;
        Some(Self { uid, parents, attributes: object("attrs"), tags: object("tags") })
    }
}

/// An entity as Cedar writes it, of that or of its form in Cedar's JSON: `{"type": "Agent", "id": "agent-001"}`.
fn entity_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(members) => {
            let text = |name: &str| members.get(name).and_then(Value::as_str);
            Some(format!("{}::{}", text("type")?, string_literal(text("id")?)))
        }
        _ => None,
    }
}

fn told(verdict: &Verdict) -> Value {
    let errors: Vec<_> = verdict
        .errors
        .iter()
        .map(|error| json!({"policy_id": &*error.id, "effect": error.effect.as_str(), "message": error.message}))
        .collect();
    let word = |allowed| if allowed { "Allow" } else { "Deny" };
    let ids = |ids: &[Arc<str>]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let shadow = verdict.shadow.as_ref().map(|shadow| {
        json!({"decision": word(shadow.allowed), "determining_policies": ids(&shadow.determining), "flips": shadow.flips})
    });
    json!({
        "decision": word(verdict.allowed),
        "diagnostics": {"reason": ids(&verdict.determining), "errors": errors},
        "determining_policies": ids(&verdict.determining),
        "denied_because": verdict.refusal.as_ref().map(ToString::to_string),
        "shadow": shadow,
    })
}
