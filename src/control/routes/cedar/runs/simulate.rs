//! `POST /api/v1/policy/engines/{engine}/simulate`: what recorded calls would have come to under other policies.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::control::error::CedarError;
use crate::control::routes::cedar::asks::{Asking, Body, keeper};
use crate::control::routes::cedar::engines::{EnginePath, engine, named};
use crate::control::routes::cedar::forms::ENFORCEMENT_MODES;
use crate::control::routes::cedar::runs::generations::{of_provider, tenant};
use crate::control::{ControlError, ControlState};
use crate::model::time::Timestamp;
use crate::policy::cedar::{Change, Engine, Mode, read};
use crate::policy::generation::{Flip, Flips, SimulatedCount, Simulation, Unaskable, Window};

/// Most policies of a draft.
const POLICIES_MOST: usize = 1000;

/// How many examples of each kind are told.
const EXAMPLES: usize = 20;

/// Longest window, in microseconds: 90 days.
const WINDOW_MOST_US: i64 = 90 * 86_400 * 1_000_000;

/// Tries a draft: `add` (policies), `remove` (ids), or `policies` in the place of all, over `window` (`start`, `end`).
pub(in crate::control::routes::cedar) async fn simulate(
    operator: Asking,
    State(state): State<ControlState>,
    path: EnginePath,
    request: Request,
) -> Result<Json<Value>, CedarError> {
    keeper(operator)?;
    let name = named(path)?;
    let tenant = tenant(request.uri().query())?;
    let (_, mut body) = Body::read(request).await?;
    let window = window(&mut body, state.clock.now());
    let [add, policies] = ["add", "policies"].map(|name| drafts(&mut body, name));
    let remove = texts(&mut body, "remove");
    body.finish()?;
    let window = window
        .ok_or_else(|| CedarError::bad("window is {\"start\": time, \"end\": time}, of at most 90 days"))?;
    let held = engine(&state, &name)?;
    let reading = spawn_blocking(move || draft(held.engine(), (add, remove, policies)));
    let draft = reading.await.map_err(|_| ControlError::Internal)??;
    let simulated =
        of_provider(&state, move |provider| provider.simulate((&name, &tenant), &draft, (window, EXAMPLES)))
            .await?;
    Ok(Json(told(&simulated)))
}

/// The window asked for; the usual one where none is.
fn window(body: &mut Body, now: Timestamp) -> Option<Window> {
    let Some(asked) = body.object("window") else { return Some(Window::usual(now)) };
    let time = |name: &str| asked.get(name).and_then(Value::as_str).and_then(Timestamp::parse_rfc3339);
    let (start, end) = (time("start")?, time("end")?);
    Window::new(start, end).filter(|_| end.as_micros() - start.as_micros() <= WINDOW_MOST_US)
}

fn texts(body: &mut Body, name: &'static str) -> Option<Vec<String>> {
    match body.value(name) {
        None | Some(Value::Null) => None,
        Some(Value::Array(items)) if items.len() <= POLICIES_MOST && items.iter().all(Value::is_string) => {
            Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        Some(_) => {
            let message = format!("Input should be a list of at most {POLICIES_MOST} texts");
            body.wrong(json!({"type": "list_type", "loc": ["body", name], "msg": message, "input": null}));
            None
        }
    }
}

/// Texts, and whether each counts. An element that is an object has a text with its mode, as a body that makes a policy does.
fn drafts(body: &mut Body, name: &'static str) -> Drafts {
    let draft = |item: &Value| match item {
        Value::String(text) => Some((text.clone(), Mode::Active)),
        Value::Object(members) => {
            let text = members.get("policy_body").and_then(Value::as_str)?.to_owned();
            match members.get("enforcement_mode") {
                None | Some(Value::Null) => Some((text, Mode::Active)),
                Some(mode) if mode == ENFORCEMENT_MODES[0] => Some((text, Mode::Active)),
                Some(mode) if mode == ENFORCEMENT_MODES[1] => Some((text, Mode::LogOnly)),
                Some(_) => None,
            }
        }
        _ => None,
    };
    let read = match body.value(name) {
        None | Some(Value::Null) => return None,
        Some(Value::Array(items)) if items.len() <= POLICIES_MOST => items.iter().map(draft).collect(),
        Some(_) => None,
    };
    if read.is_none() {
        let message = format!(
            "Input should be a list of at most {POLICIES_MOST} texts, or objects with policy_body and perhaps enforcement_mode"
        );
        body.wrong(json!({"type": "list_type", "loc": ["body", name], "msg": message, "input": null}));
    }
    read
}

type Drafts = Option<Vec<(String, Mode)>>;
type Texts = Option<Vec<String>>;

fn draft(present: &Engine, (add, remove, policies): (Drafts, Texts, Drafts)) -> Result<Engine, CedarError> {
    let whole = policies.is_some();
    let mut changes = Vec::new();
    let drafts = policies.into_iter().flatten().chain(add.into_iter().flatten());
    for (number, (text, mode)) in drafts.enumerate() {
        let policy = read(&text).map_err(|problems| CedarError::Invalid {
            what: "policy",
            problems,
            policy: Some(format!("draft-{}", number + 1)),
        })?;
        changes.push(Change::Put { id: format!("draft-{}", number + 1).into(), policy, mode });
    }
    for id in remove.into_iter().flatten() {
        if present.policy(&id).is_none() {
            return Err(CedarError::no_such("Policy", &id));
        }
        changes.push(Change::Remove { id: id.into() });
    }
    let base = if whole { Engine::new(present.options()) } else { present.clone() };
    Ok(base.changed(changes))
}

fn told(simulated: &Simulation) -> Value {
    let count = |count: SimulatedCount| json!({"calls": count.distinct, "records": count.records});
    let flips = |flips: &Flips| {
        json!({
            "calls": flips.count.distinct,
            "records": flips.count.records,
            "examples": flips.examples.iter().map(flip).collect::<Vec<_>>(),
        })
    };
    let left_out = |why: Unaskable| simulated.unaskable.get(&why).copied().unwrap_or_default();
    json!({
        "asked": count(simulated.asked),
        "unasked": count(simulated.unasked),
        "truncated": simulated.truncated,
        "left_out": {
            "unresolved_principal": left_out(Unaskable::Principal),
            "hidden_path": left_out(Unaskable::HiddenPath),
            "no_question": left_out(Unaskable::Question),
        },
        "allowed_now": count(simulated.allowed_now),
        "allowed_then": count(simulated.allowed_then),
        "to_deny": flips(&simulated.to_deny),
        "to_allow": flips(&simulated.to_allow),
    })
}

fn flip(flip: &Flip) -> Value {
    let ids = |ids: &[Arc<str>]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({
        "decision_id": flip.event_id,
        "at": flip.at.to_rfc3339(),
        "principal": flip.principal.to_string(),
        "action": flip.action.to_string(),
        "resource": flip.resource.to_string(),
        "determining_now": ids(&flip.now.determining),
        "determining_then": ids(&flip.then.determining),
        "refusal_then": flip.then.refusal,
    })
}
