//! `/api/v1/policy/engines/{engine}/generations`: policies made of what agents did. None of them is active before a person makes it so.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tokio::task::spawn_blocking;

use crate::admin::{DEPLOYMENT_TENANT, GenerationRun};
use crate::control::error::CedarError;
use crate::control::routes::cedar::asks::{Asking, Body, auditor, keeper, parameter};
use crate::control::routes::cedar::engines::{EnginePath, named};
use crate::control::routes::cedar::forms::offset;
use crate::control::routes::cedar::lists::{Page, Paging};
use crate::control::{ControlError, ControlState};
use crate::gateway::{GenerationRefused, PolicyProvider};

/// What stands in the path of a run.
type RunPath = Result<Path<(String, String)>, PathRejection>;

impl From<GenerationRefused> for CedarError {
    fn from(refused: GenerationRefused) -> Self {
        match refused {
            GenerationRefused::Unsupported => Self::Said(StatusCode::NOT_IMPLEMENTED, refused.to_string()),
            GenerationRefused::NoEngine => {
                Self::Said(StatusCode::NOT_FOUND, "Policy engine not found".to_owned())
            }
            GenerationRefused::NoRun => Self::Said(StatusCode::NOT_FOUND, "Generation not found".to_owned()),
            GenerationRefused::Running | GenerationRefused::Simulating => {
                Self::Said(StatusCode::CONFLICT, refused.to_string())
            }
            GenerationRefused::Config(error) => Self::bad(error.to_string()),
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
    let forms: Vec<_> = items.iter().map(|run| Value::Object(listed_form(run))).collect();
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

/// The tenant whose records are looked at.
pub(super) fn tenant(query: Option<&str>) -> Result<String, CedarError> {
    Ok(parameter(query, "tenant")?.unwrap_or_else(|| DEPLOYMENT_TENANT.to_owned()))
}

fn both(path: RunPath) -> Result<(String, String), CedarError> {
    path.map(|Path(both)| both).map_err(|_| GenerationRefused::NoRun.into())
}

pub(super) async fn run(state: &ControlState, path: RunPath) -> Result<GenerationRun, CedarError> {
    let (name, id) = both(path)?;
    of_provider(state, move |provider| provider.run(&name, &id)).await
}

/// What came of a run.
fn outcome(run: &GenerationRun) -> Map<String, Value> {
    run.outcome.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

pub(super) fn made(run: &GenerationRun) -> Vec<Map<String, Value>> {
    match outcome(run).remove("assets") {
        Some(Value::Array(assets)) => assets
            .into_iter()
            .filter_map(|asset| if let Value::Object(asset) = asset { Some(asset) } else { None })
            .collect(),
        _ => Vec::new(),
    }
}

/// A run as lists have it: without what came of it, which may be long and is not read for them.
fn listed_form(run: &GenerationRun) -> Map<String, Value> {
    let config: Value = serde_json::from_str(&run.config).unwrap_or_default();
    let members = [
        ("policy_generation_id", json!(&*run.id)),
        ("policy_engine_id", json!(&*run.engine)),
        ("name", json!(run.name)),
        ("status", json!(run.state.as_str())),
        ("config", config),
        ("created_by", json!(&*run.by)),
        ("created_at", json!(offset(run.created_at))),
        ("updated_at", json!(offset(run.updated_at))),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn run_form(run: &GenerationRun) -> Value {
    let mut members = listed_form(run);
    let mut outcome = outcome(run);
    for name in ["status_reasons", "findings", "input_digest"] {
        members.insert(name.to_owned(), outcome.remove(name).unwrap_or_default());
    }
    Value::Object(members)
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
