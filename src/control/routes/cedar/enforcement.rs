//! `/api/v1/policy/enforcement`: which engine takes part in decisions.

use axum::Json;
use axum::extract::{Request, State};
use serde_json::{Value, json};

use crate::admin::CedarChange;
use crate::control::ControlState;
use crate::control::changes::{apply_cedar, in_turn_of};
use crate::control::error::CedarError;
use crate::control::routes::cedar::asks::{Asking, Body, anybody, keeper};
use crate::control::routes::cedar::engines::engine;
use crate::control::routes::cedar::forms::BROKEN;
use crate::decision::CedarFault;
use crate::policy::governance::Written;
use crate::policy::governance::raw::{RawCedarEnforcement, RawConfigured};

/// Why an engine that is not there denies calls.
const MISSING: &str =
    "there is no such engine any more: it permits nothing until it is made anew or another one is chosen";

/// What a mode is called.
const MODES: [&str; 2] = ["enforce", "log_only"];

/// Which one does, and how.
pub(super) async fn show(
    operator: Asking,
    State(state): State<ControlState>,
) -> Result<Json<Value>, CedarError> {
    anybody(operator)?;
    Ok(Json(form(&state)))
}

fn form(state: &ControlState) -> Value {
    let status = state.publisher.status();
    let snapshot = state.publisher.handle().load_full();
    let Some(enforcing) = snapshot.cedar.enforcing() else {
        return json!({"active": false, "engine_id": null});
    };
    let fault = snapshot.cedar.fault();
    let reasons = fault.map(|fault| match fault {
        CedarFault::EngineMissing => MISSING,
        CedarFault::PoliciesBroken => BROKEN,
    });
    let reasons: Vec<&str> = reasons.into_iter().collect();
    let broken: Vec<&str> = enforcing.engine.broken().keys().map(AsRef::as_ref).collect();
    json!({
        "active": true,
        "engine_id": &*enforcing.name,
        "mode": if enforcing.log_only { MODES[1] } else { MODES[0] },
        "policy_count": snapshot.cedar.enforced_policies(),
        "revision": snapshot.reference.version,
        "loaded_at": status.since.to_rfc3339(),
        "degraded": fault.is_some(),
        "reasons": reasons,
        "errors": broken,
    })
}

/// Chooses another one, or none. It counts until the configuration says something else.
pub(super) async fn choose(
    operator: Asking,
    State(state): State<ControlState>,
    request: Request,
) -> Result<Json<Value>, CedarError> {
    let operator = keeper(operator)?;
    let (_, mut body) = Body::read(request).await?;
    if body.value("engine_id").is_none() {
        body.text("engine_id");
    }
    let name = body.optional_text("engine_id");
    let mode = body.word("mode", &MODES);
    body.finish()?;
    let log_only = mode.map(|mode| mode == MODES[1]);
    let shared = state.clone();
    // Whoever chooses none waits for nobody who changes an engine: none is called so.
    let turn = name.clone().unwrap_or_default();
    let work = async move {
        if let Some(name) = &name {
            engine(&shared, name)?;
        }
        let change = CedarChange::Enforce(chosen(&shared, name, log_only));
        apply_cedar(&shared, &operator, change).await
    };
    in_turn_of(&state, &turn, work).await?;
    Ok(Json(form(&state)))
}

/// The choice of the engine `name`, watched only or as the configuration has it: it counts as long as that says what it says now.
fn chosen(state: &ControlState, name: Option<String>, log_only: Option<bool>) -> Written {
    let snapshot = state.publisher.handle().load_full();
    let configured = snapshot.cedar.settings();
    let configured =
        configured.map_or((None, false), |settings| (settings.engine.clone(), settings.log_only));
    Written::cedar_enforcement(&RawCedarEnforcement {
        engine: name,
        log_only: log_only.unwrap_or(configured.1),
        instead_of: RawConfigured {
            engine: configured.0.as_deref().map(str::to_owned),
            log_only: configured.1,
        },
    })
}
