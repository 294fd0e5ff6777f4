//! `/api/v1/policy/engines/{engine}/generations`: policies made of what agents did. None of them is active before a person makes it so.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tokio::task::spawn_blocking;

use crate::admin::{CedarChange, CedarEdit, DEPLOYMENT_TENANT, GenerationRun};
use crate::control::auth::Operator;
use crate::control::changes::{apply_cedar, in_turn};
use crate::control::error::CedarError;
use crate::control::routes::cedar::asks::{Asking, Body, auditor, keeper, parameter};
use crate::control::routes::cedar::engines::{EnginePath, engine, named};
use crate::control::routes::cedar::forms::{ENFORCEMENT_MODES, answered, offset, policy_form};
use crate::control::routes::cedar::lists::{Page, Paging};
use crate::control::routes::cedar::policies::{checked, new_id};
use crate::control::{ControlError, ControlState};
use crate::gateway::{GenerationRefused, PolicyProvider};
use crate::policy::governance::Written;
use crate::policy::governance::raw::RawCedarPolicy;

/// What stands in the path of a run.
type RunPath = Result<Path<(String, String)>, PathRejection>;

/// What stands in the path of an asset.
type AssetPath = Result<Path<(String, String, String)>, PathRejection>;

impl From<GenerationRefused> for CedarError {
    fn from(refused: GenerationRefused) -> Self {
        match refused {
            GenerationRefused::Unsupported => Self::Said(StatusCode::NOT_IMPLEMENTED, refused.to_string()),
            GenerationRefused::NoEngine => {
                Self::Said(StatusCode::NOT_FOUND, "Policy engine not found".to_owned())
            }
            GenerationRefused::NoRun => Self::Said(StatusCode::NOT_FOUND, "Generation not found".to_owned()),
            GenerationRefused::Running => Self::Said(StatusCode::CONFLICT, refused.to_string()),
            GenerationRefused::Config(error) => Self::bad(format!("config: {error}")),
            GenerationRefused::Index(error) => {
                tracing::error!(%error, "the ledger could not be searched");
                Self::Control(ControlError::IndexUnavailable)
            }
            GenerationRefused::Store(error) => {
                tracing::error!(%error, "the store of generations failed");
                Self::Control(ControlError::StoreUnavailable)
            }
            GenerationRefused::Ledger => Self::Control(ControlError::LedgerUnavailable),
        }
    }
}

/// Asks the provider about runs, which blocks.
pub(in crate::control::routes::cedar) async fn of_provider<T: Send + 'static>(
    state: &ControlState,
    work: impl FnOnce(&dyn PolicyProvider) -> Result<T, GenerationRefused> + Send + 'static,
) -> Result<T, CedarError> {
    let provider = state.cedar.in_force();
    let done = spawn_blocking(move || work(&*provider)).await.map_err(|_| ControlError::Internal)?;
    Ok(done?)
}

/// Begins one.
pub(in crate::control::routes::cedar) async fn start(
    operator: Asking,
    State(state): State<ControlState>,
    path: EnginePath,
    request: Request,
) -> Result<Response, CedarError> {
    let operator = keeper(operator)?;
    let name = named(path)?;
    let tenant = tenant(request.uri().query())?;
    let (_, mut body) = Body::read(request).await?;
    // `{"prompt": ...}` is what some clients send; sentences are `config.content.rawText` here.
    let config = Value::Object(body.object("config").unwrap_or_default());
    body.finish()?;
    let by = operator.by();
    let run = of_provider(&state, move |provider| provider.start_run(&name, (&config, tenant), &by)).await?;
    Ok((StatusCode::CREATED, Json(run_form(&run))).into_response())
}

/// A page of runs.
pub(in crate::control::routes::cedar) async fn list(
    operator: Asking,
    State(state): State<ControlState>,
    path: EnginePath,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, CedarError> {
    let operator = auditor(operator)?;
    let name = named(path)?;
    let path = format!("/api/v1/policy/engines/{name}/generations");
    let paging = Paging::read(&state, &operator, (&path, query.as_deref()), &[])?;
    let runs = of_provider(&state, move |provider| provider.runs(&name)).await?;
    let place = |run: &GenerationRun| (run.created_at, run.id.to_string());
    let Page { items, next_token } = paging.page(&state, &operator, runs.into_iter(), place);
    let forms: Vec<_> = items.iter().map(run_form).collect();
    Ok(Json(json!({"policy_generations": forms, "next_token": next_token})))
}

/// One run.
pub(in crate::control::routes::cedar) async fn show(
    operator: Asking,
    State(state): State<ControlState>,
    path: RunPath,
) -> Result<Json<Value>, CedarError> {
    auditor(operator)?;
    Ok(Json(run_form(&run(&state, path).await?)))
}

/// Takes one away that has ended; nothing where there is none.
pub(in crate::control::routes::cedar) async fn delete(
    operator: Asking,
    State(state): State<ControlState>,
    path: RunPath,
) -> Result<StatusCode, CedarError> {
    keeper(operator)?;
    let (name, id) = both(path)?;
    of_provider(&state, move |provider| provider.remove_run(&name, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A page of what a run made.
pub(in crate::control::routes::cedar) async fn assets(
    operator: Asking,
    State(state): State<ControlState>,
    path: RunPath,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, CedarError> {
    let operator = auditor(operator)?;
    let run = run(&state, path).await?;
    let path = format!("/api/v1/policy/engines/{}/generations/{}/assets", run.engine, run.id);
    let paging = Paging::read(&state, &operator, (&path, query.as_deref()), &[])?;
    // In the order they were made: their ids do not sort so.
    let numbered = made(&run).into_iter().enumerate();
    let place = |(number, _): &(usize, Map<String, Value>)| (run.created_at, format!("{number:06}"));
    let Page { items, next_token } = paging.page(&state, &operator, numbered, place);
    let forms: Vec<_> = items.into_iter().map(|(_, asset)| asset_form(&run, &asset)).collect();
    Ok(Json(json!({"policy_generation_assets": forms, "next_token": next_token})))
}

/// Makes a policy of an asset: of all that was generated, what a person wants.
pub(in crate::control::routes::cedar) async fn promote(
    operator: Asking,
    State(state): State<ControlState>,
    path: AssetPath,
    request: Request,
) -> Result<Response, CedarError> {
    let operator = keeper(operator)?;
    let Ok(Path((name, id, asset))) = path else { return Err(CedarError::no_such("Asset", "?")) };
    let query = request.uri().query().map(str::to_owned);
    let mode = parameter(query.as_deref(), "enforcement_mode")?;
    let log_only = match mode.as_deref() {
        None => false,
        Some(mode) if mode == ENFORCEMENT_MODES[0] => false,
        Some(mode) if mode == ENFORCEMENT_MODES[1] => true,
        Some(other) => {
            let message = "Input should be 'ACTIVE' or 'LOG_ONLY'";
            return Err(CedarError::field(
                "enum",
                &json!(["query", "enforcement_mode"]),
                message,
                &json!(other),
            ));
        }
    };
    let shared = state.clone();
    in_turn(&state, async move { promoted(&shared, &operator, (name, id, asset), log_only).await }).await
}

/// Makes it, in its turn.
async fn promoted(
    state: &ControlState,
    operator: &Operator,
    (name, id, asset): (String, String, String),
    log_only: bool,
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
    let written = spawn_blocking(move || {
        let (policy, _) = checked(&held, &text, Some(false)).map_err(|error| error.of(&policy_id))?;
        let raw = RawCedarPolicy {
            engine: name,
            name: None,
            definition: text,
            description: format!("Generated: {asset} of {}", run.id),
            log_only,
        };
        Ok::<_, CedarError>(Written::cedar_policy(&policy_id, &raw, policy))
    });
    let written = written.await.map_err(|_| ControlError::Internal)??;
    let engine = written.key.name.split_once('/').map_or("", |(engine, _)| engine).into();
    let change = CedarChange::Policies { engine, edits: vec![CedarEdit::Create(written)] };
    let applied = apply_cedar(state, operator, change).await?;
    let object = applied.object.ok_or(ControlError::Internal)?;
    Ok(answered(StatusCode::CREATED, &object.stamp, policy_form(&object)))
}

/// The tenant whose records are looked at.
pub(super) fn tenant(query: Option<&str>) -> Result<String, CedarError> {
    Ok(parameter(query, "tenant")?.unwrap_or_else(|| DEPLOYMENT_TENANT.to_owned()))
}

fn both(path: RunPath) -> Result<(String, String), CedarError> {
    path.map(|Path(both)| both).map_err(|_| GenerationRefused::NoRun.into())
}

async fn run(state: &ControlState, path: RunPath) -> Result<GenerationRun, CedarError> {
    let (name, id) = both(path)?;
    of_provider(state, move |provider| provider.run(&name, &id)).await
}

/// What came of a run.
fn outcome(run: &GenerationRun) -> Map<String, Value> {
    run.outcome.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn made(run: &GenerationRun) -> Vec<Map<String, Value>> {
    match outcome(run).remove("assets") {
        Some(Value::Array(assets)) => assets
            .into_iter()
            .filter_map(|asset| if let Value::Object(asset) = asset { Some(asset) } else { None })
            .collect(),
        _ => Vec::new(),
    }
}

fn run_form(run: &GenerationRun) -> Value {
    let outcome = outcome(run);
    let of = |name: &str| outcome.get(name).cloned().unwrap_or_default();
    let config: Value = serde_json::from_str(&run.config).unwrap_or_default();
    json!({
        "policy_generation_id": &*run.id,
        "policy_engine_id": &*run.engine,
        "name": run.name,
        "status": run.state.as_str(),
        "status_reasons": of("status_reasons"),
        "findings": of("findings"),
        "input_digest": of("input_digest"),
        "config": config,
        "created_by": &*run.by,
        "created_at": offset(run.created_at),
        "updated_at": offset(run.updated_at),
    })
}

/// An asset, with the members of the document and those of AWS.
fn asset_form(run: &GenerationRun, asset: &Map<String, Value>) -> Value {
    let of = |name: &str| asset.get(name).cloned().unwrap_or_default();
    let statement = of("definition");
    let definition =
        if statement.is_null() { Value::Null } else { json!({"cedar": {"statement": statement}}) };
    json!({
        "asset_id": of("asset_id"),
        "policy_generation_asset_id": of("asset_id"),
        "policy_generation_id": &*run.id,
        "content": statement.as_str().unwrap_or_default(),
        "definition": definition,
        "raw_text_fragment": of("raw_text_fragment"),
        "findings": of("findings"),
    })
}
