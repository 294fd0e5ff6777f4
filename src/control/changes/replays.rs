//! `Idempotency-Key`: a request that is sent again, because nobody knows whether it arrived, is done once and answered the same.
//!
//! A handler calls [`once`] when it knows who asks and has the whole body. The key is claimed in the store before anything is done, so
//! that nothing is done that a repeat would do again. What succeeded is kept for 24 hours; a refusal or an error is not, since nothing
//! was done. INVARIANT: of requests in one scope one is under way at a time.

use std::collections::HashSet;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use tokio::task::spawn_blocking;

use crate::admin::{AdminStoreError, Kept, Replay, ReplayRequest, ReplayStore};
use crate::control::auth::Operator;
use crate::control::changes::unwritten::{Came, Unwritten};
use crate::control::error::GovernanceError;
use crate::control::{ControlError, ControlState};
use crate::model::time::Timestamp;

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
    unwritten: Mutex<Unwritten>,
}

impl Replays {
    /// Keeps answers in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn ReplayStore>) -> Self {
        Self { store, under_way: Mutex::default(), unwritten: Mutex::default() }
    }

    fn under_way(&self) -> MutexGuard<'_, HashSet<[u8; 32]>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unwritten(&self) -> MutexGuard<'_, Unwritten> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A turn in the scope of `request`; `None` while another has it.
    fn take_turn(self: &Arc<Self>, request: &ReplayRequest) -> Option<Turn> {
        let taken = self.under_way().insert(request.scope);
        taken.then(|| Turn { replays: Arc::clone(self), scope: request.scope })
    }

    /// What is known of a scope.
    async fn look(&self, scope: [u8; 32], now: Timestamp) -> Result<Option<Kept>, ControlError> {
        match self.unwritten().find(&scope, now) {
            Some(Came::To(replay)) => return Ok(Some(Kept::Answer(replay.clone()))),
            Some(Came::ToNothing) => return Ok(None),
            None => {}
        }
        let store = Arc::clone(&self.store);
        let found = spawn_blocking(move || store.find(&scope, now)).await;
        found.map_err(|_| ControlError::Internal)?.map_err(|error| unavailable(&error))
    }

    /// Takes the scope of `request` before anything is done for it.
    async fn claim(&self, request: &ReplayRequest, now: Timestamp) -> Result<(), ControlError> {
        let (store, claimed) = (Arc::clone(&self.store), request.clone());
        let taken = spawn_blocking(move || store.claim(&claimed, now)).await;
        taken.map_err(|_| ControlError::Internal)?.map_err(|error| unavailable(&error))?;
        self.unwritten().forget(&request.scope);
        Ok(())
    }

    /// Puts what came of `request` in the place of its claim.
    async fn settle(&self, request: &ReplayRequest, came: Came, now: Timestamp) {
        let (store, settled) = (Arc::clone(&self.store), request.clone());
        let write = move || {
            let written = match &came {
                Came::To(replay) => store.keep(&settled, replay, now),
                Came::ToNothing => store.give_up(&settled.scope),
            };
            written.map_err(|error| (error, came))
        };
        match spawn_blocking(write).await {
            Ok(Ok(())) => {}
            Ok(Err((error, came))) => {
                tracing::error!(%error, "what came of a request with an idempotency key could not be written");
                self.unwritten().remember(request.scope, came, now);
            }
            Err(error) => tracing::error!(%error, "what came of a request with an idempotency key was lost"),
        }
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
/// As `work`; 400 for a key that is none; 409 for one that came with another body, is under way, or belongs to a request of which nobody
/// can tell whether it was done; 503 where the key cannot be looked for or claimed. With each of these nothing was done.
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
    if let Some(kept) = state.replays.look(request.scope, state.clock.now()).await? {
        if *kept.request_body() != request.body {
            return Err(ControlError::IdempotencyKeyReused.into());
        }
        return match kept {
            Kept::Answer(replay) => Ok(again(replay)),
            Kept::Claim { .. } => Err(ControlError::IdempotencyUnknown.into()),
        };
    }
    let (replays, clock) = (Arc::clone(&state.replays), Arc::clone(&state.clock));
    // The claim too: a caller that leaves right after it would leave it behind with nothing done.
    let whole = async move {
        replays.claim(&request, clock.now()).await?;
        let answer = match work.await {
            Ok(answer) if answer.status().is_success() => answer,
            refused => {
                replays.settle(&request, Came::ToNothing, clock.now()).await;
                return refused;
            }
        };
        let (answer, replay) = keepable(answer, &request).await?;
        replays.settle(&request, Came::To(replay), clock.now()).await;
        drop(turn);
        Ok(answer)
    };
    finished(tokio::spawn(whole).await)
}

fn finished<E>(done: Result<Result<Response, GovernanceError>, E>) -> Result<Response, GovernanceError> {
    done.unwrap_or_else(|_| Err(ControlError::Internal.into()))
}

fn unavailable(error: &AdminStoreError) -> ControlError {
    tracing::error!(%error, "an idempotency key could not be looked for or claimed; nothing was done");
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

/// The answer, and what is kept of it.
async fn keepable(answer: Response, request: &ReplayRequest) -> Result<(Response, Replay), GovernanceError> {
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
    Ok((Response::from_parts(parts, Body::from(body)), replay))
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
