//! `Idempotency-Key`: a request that is sent again, because nobody knows whether it arrived, is done once and answered the same.
//!
//! A handler calls [`once`] when it knows who asks and has the whole body. What succeeded is kept for 24 hours; a refusal or an error is
//! not, since nothing was done. INVARIANT: of requests in one scope one is under way at a time.

use std::collections::HashSet;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use tokio::task::spawn_blocking;

use crate::admin::{AdminStoreError, Replay, ReplayRequest, ReplayStore};
use crate::control::auth::Operator;
use crate::control::error::GovernanceError;
use crate::control::{ControlError, ControlState};

/// Both spellings. If a request has both, they must agree.
const KEYS: [HeaderName; 2] =
    [HeaderName::from_static("idempotency-key"), HeaderName::from_static("x-idempotency-key")];

/// Longest key, in bytes.
const KEY_MAX_BYTES: usize = 128;

/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replay");

/// Headers that belong to an answer rather than to the connection it goes over.
const KEPT: [HeaderName; 3] = [CONTENT_TYPE, LOCATION, ETAG];

/// Longest answer that is kept, in bytes. None of ours is nearly so long.
const ANSWER_MAX_BYTES: usize = 4 * 1024 * 1024;

/// Answers that are given again, and what is under way.
#[derive(Debug)]
pub struct Replays {
    store: Arc<dyn ReplayStore>,
    under_way: Mutex<HashSet<[u8; 32]>>,
}

impl Replays {
    /// Keeps answers in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn ReplayStore>) -> Self {
        Self { store, under_way: Mutex::default() }
    }

    fn under_way(&self) -> MutexGuard<'_, HashSet<[u8; 32]>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A turn in the scope of `request`; `None` while another has it.
    fn take_turn(self: &Arc<Self>, request: &ReplayRequest) -> Option<Turn> {
        let taken = self.under_way().insert(request.scope);
        taken.then(|| Turn { replays: Arc::clone(self), scope: request.scope })
    }
}

/// The right to work on a request. There are no more than there are connections.
struct Turn {
    replays: Arc<Replays>,
    scope: [u8; 32],
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.replays.under_way().remove(&self.scope);
    }
}

/// Does `work`, or gives the answer that it had before. It is done to its end even if its caller goes away meanwhile.
///
/// # Errors
/// As `work`; 400 for a key that is none, 409 for one that came with another body or is under way, 503 where nobody can tell whether the
/// work was done.
pub(in crate::control) async fn once(
    state: &ControlState,
    operator: &Operator,
    (parts, body): (&Parts, &[u8]),
    work: impl Future<Output = Result<Response, GovernanceError>> + Send + 'static,
) -> Result<Response, GovernanceError> {
    let Some(key) = key(&parts.headers)? else { return finished(tokio::spawn(work).await) };
    let request = [parts.method.as_str(), parts.uri.path(), key];
    let request = ReplayRequest::new(&operator.name(), request, body);
    let turn = state.replays.take_turn(&request).ok_or(ControlError::IdempotencyInProgress)?;
    let (store, scope, now) = (Arc::clone(&state.replays.store), request.scope, state.clock.now());
    let found = spawn_blocking(move || store.find(&scope, now)).await.map_err(|_| ControlError::Internal)?;
    if let Some(replay) = found.map_err(|error| unavailable(&error))? {
        return if replay.request_body == request.body {
            Ok(again(replay))
        } else {
            Err(ControlError::IdempotencyKeyReused.into())
        };
    }
    let (store, clock) = (Arc::clone(&state.replays.store), Arc::clone(&state.clock));
    finished(
        tokio::spawn(async move {
            let answer = work.await?;
            let (answer, replay) = keepable(answer, &request).await?;
            let Some(replay) = replay else { return Ok(answer) };
            let now = clock.now();
            let kept = spawn_blocking(move || store.keep(&request, &replay, now)).await;
            if !matches!(kept, Ok(Ok(()))) {
                // It is done, and whoever asked is told so; sent again it would be done again.
                tracing::error!(?kept, "the answer to a request with an idempotency key could not be kept");
            }
            drop(turn);
            Ok(answer)
        })
        .await,
    )
}

fn finished<E>(done: Result<Result<Response, GovernanceError>, E>) -> Result<Response, GovernanceError> {
    done.unwrap_or_else(|_| Err(ControlError::Internal.into()))
}

fn unavailable(error: &AdminStoreError) -> ControlError {
    tracing::error!(%error, "kept answers could not be read");
    ControlError::StoreUnavailable
}

/// The idempotency key of a request.
fn key(headers: &HeaderMap) -> Result<Option<&str>, ControlError> {
    let mut found = None;
    for value in KEYS.iter().flat_map(|name| headers.get_all(name)) {
        let text = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
        let text = text.filter(|text| (1..=KEY_MAX_BYTES).contains(&text.len()));
        let text = text.ok_or(ControlError::BadIdempotencyKey(
            "An idempotency key is 1 to 128 visible ASCII characters.",
        ))?;
        if found.is_some_and(|before| before != text) {
            return Err(ControlError::BadIdempotencyKey("The request has two different idempotency keys."));
        }
        found = Some(text);
    }
    Ok(found)
}

/// The answer, and what is kept of it: nothing of one that did not succeed.
async fn keepable(
    answer: Response,
    request: &ReplayRequest,
) -> Result<(Response, Option<Replay>), GovernanceError> {
    if !answer.status().is_success() {
        return Ok((answer, None));
    }
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, ANSWER_MAX_BYTES).await.map_err(|error| {
        tracing::error!(%error, "an answer is too long to be kept");
        ControlError::Internal
    })?;
    let header = |name: &HeaderName| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    };
    let replay = Replay {
        request_body: request.body,
        status: parts.status.as_u16(),
        headers: KEPT.iter().filter_map(header).collect(),
        body: body.to_vec(),
    };
    Ok((Response::from_parts(parts, Body::from(body)), Some(replay)))
}

fn again(replay: Replay) -> Response {
    let mut response = Response::new(Body::from(replay.body));
    *response.status_mut() = StatusCode::from_u16(replay.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    for (name, value) in &replay.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
