//! Every path of the control listener.

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get, post};

use crate::control::error::{
    CedarError, GovernanceError, finish as finish_error, finish_evaluation, unknown_path,
};
use crate::control::rate::RateNote;
use crate::control::routes::{
    audit, cedar, enforcement, evaluation, governance, health, holds, keys, metrics, openapi, policy_server,
    snapshots, status,
};
use crate::control::{Access, ControlError, ControlState};
use crate::model::id::REQUEST;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-aegis-request-id");

/// The folders of documents 001 and 000.
const GOVERNANCE: [&str; 4] =
    ["/api/v1/governance", "/api/v1/capabilities", "/api/v1/policies", "/api/v1/actors"];

/// The folder of every surface but the evaluation API.
const OURS: &str = "/api";

/// Longest request id taken over from a caller, in bytes.
const REQUEST_ID_MAX_BYTES: usize = 128;

/// The control listener.
pub fn control_router(state: ControlState) -> Router {
    let router = Router::new()
        .merge(probes())
        .route("/openapi.json", reading(get(openapi::show)))
        .merge(policy_server::routes())
        .merge(evaluation::routes())
        .merge(governance::routes())
        .merge(enforcement::routes())
        .merge(cedar::routes())
        .route("/metrics", reading(get(metrics::guarded)))
        .route("/api/v1/audit/log", reading(get(audit::list)))
        .route("/api/v1/audit/log/{decision_id}", reading(get(audit::show)))
        .route("/api/v1/status", reading(get(status::status)))
        .route("/api/v1/holds", reading(get(holds::list)))
        .route("/api/v1/holds/{id}", reading(get(holds::show)))
        .route("/api/v1/holds/{id}/approve", acting(post(holds::approve)))
        .route("/api/v1/holds/{id}/reject", acting(post(holds::reject)))
        .route("/api/v1/holds/{id}/cancel", acting(post(holds::cancel)))
        .route("/api/v1/snapshots", reading(get(snapshots::list)))
        .route("/api/v1/snapshots/{version}", reading(get(snapshots::show)))
        .route("/api/v1/snapshots/{version}/rollback", acting(post(snapshots::roll_back)));
    // Where the keys are those of the environment, none is issued.
    let router = match state.access {
        Access::Environment(_) => router,
        Access::Keys | Access::OpenOnLoopback => router.merge(key_paths()),
    };
    finish(router.fallback(unknown), state)
}

fn key_paths() -> Router<ControlState> {
    let other = |methods| move || async move { ControlError::MethodNotAllowed(methods) };
    Router::new()
        .route("/api/v1/keys", get(keys::list).post(keys::issue).fallback(other("GET, HEAD, POST")))
        .route("/api/v1/keys/{id}", get(keys::show).delete(keys::revoke).fallback(other("GET, HEAD, DELETE")))
        .route("/api/v1/keys/{id}/rotate", acting(post(keys::rotate)))
}

/// `telemetry.listen`: health, readiness and metrics, without a key, and nothing else.
pub fn telemetry_router(state: ControlState) -> Router {
    let router = Router::new().merge(probes()).route("/metrics", reading(get(metrics::open)));
    finish(router.fallback(|| async { ControlError::NotFound }), state)
}

/// A path that is only read; other methods are told so before any key is asked.
fn reading(get: MethodRouter<ControlState>) -> MethodRouter<ControlState> {
    get.fallback(|| async { ControlError::MethodNotAllowed("GET, HEAD") })
}

fn probes() -> Router<ControlState> {
    Router::new()
        .route("/healthz", probe(health::alive))
        .route("/readyz", probe(health::ready))
        .route("/health", probe(health::health).layer(middleware::from_fn(evaluation::with_headers)))
}

/// Another method on a probe is answered like an unknown path, as clients of the evaluation API expect: without `Allow`, which
/// a router of methods would add.
fn probe<T: 'static>(handler: impl Handler<T, ControlState>) -> MethodRouter<ControlState> {
    any(move |State(state): State<ControlState>, request: Request| async move {
        match *request.method() {
            Method::GET | Method::HEAD => handler.call(request, state).await,
            // A page elsewhere asks first whether it may look at the one that pages may.
            Method::OPTIONS if request.uri().path() == "/health" => StatusCode::NO_CONTENT.into_response(),
            _ => unknown_path(&RequestId::of(&request)),
        }
    })
}

/// A path that does something. A link never does: GET is another method.
fn acting(post: MethodRouter<ControlState>) -> MethodRouter<ControlState> {
    post.fallback(|| async { ControlError::MethodNotAllowed("POST") })
}

fn finish(router: Router<ControlState>, state: ControlState) -> Router {
    router.layer(middleware::from_fn_with_state(state.clone(), with_request_id)).with_state(state)
}

/// What a request is called, for handlers that tell it.
#[derive(Clone, Debug)]
pub(in crate::control) struct RequestId(String);

impl RequestId {
    /// That of `request`.
    pub(in crate::control) fn of(request: &Request) -> String {
        request.extensions().get::<Self>().map(|id| id.0.clone()).unwrap_or_default()
    }
}

/// There is nothing at the path, told in the form of the surface it would belong to. What may be meant for the evaluation API is told in
/// its form too.
async fn unknown(request: Request) -> Response {
    let path = request.uri().path();
    let governance = GOVERNANCE
        .iter()
        .any(|folder| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    if governance {
        GovernanceError(ControlError::NotFound).into_response()
    } else if cedar::is_cedar_path(path) {
        CedarError::from(ControlError::NotFound).into_response()
    } else if path.strip_prefix(OURS).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        ControlError::NotFound.into_response()
    } else {
        let mut response = unknown_path(&RequestId::of(&request));
        evaluation::announced(response.headers_mut(), &evaluation::Tenant::default());
        response
    }
}

/// Answers every request with its id: the caller's own `X-Request-ID` where it is fit to be shown, else the trace id of
/// `traceparent`, else a new one; and with where its key stands, where that is limited.
async fn with_request_id(State(state): State<ControlState>, mut request: Request, next: Next) -> Response {
    let id = caller_id(request.headers()).unwrap_or_else(|| {
        let id = state.clock.id(REQUEST, state.clock.now()).to_string();
        HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("req_"))
    });
    let note = RateNote::default();
    request.extensions_mut().insert(note.clone());
    let text = id.to_str().unwrap_or_default();
    request.extensions_mut().insert(RequestId(text.to_owned()));
    let mut response = finish_evaluation(finish_error(next.run(request).await, text), text);
    note.tell(response.headers_mut());
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

fn caller_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let fit = |text: &str| {
        !text.is_empty()
            && text.len() <= REQUEST_ID_MAX_BYTES
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte))
    };
    if let Some(id) = headers.get("x-request-id")
        && id.to_str().is_ok_and(fit)
    {
        return Some(id.clone());
    }
    let parent = headers.get("traceparent")?.to_str().ok()?;
    let trace = parent.split('-').nth(1)?;
    let valid = trace.len() == 32 && trace.bytes().all(|byte| byte.is_ascii_hexdigit());
    valid.then(|| HeaderValue::from_str(trace).ok())?
}
