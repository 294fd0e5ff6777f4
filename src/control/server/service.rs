//! What stands between a connection and the router: it tells the connection's place what happens, and a caller whose request is not
//! read to its end that the connection ends with the answer.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CONNECTION, EXPECT};
use axum::http::{HeaderValue, Request, Response};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use crate::control::server::places::Place;

/// How much of a body that nobody reads is taken before the answer, in bytes, so that the connection can be used on.
const REST_MAX_BYTES: u64 = 2 * 1024 * 1024;

/// How long it is waited for.
const REST_PATIENCE: Duration = Duration::from_secs(1);

/// The router, for one connection.
#[derive(Debug)]
pub(super) struct Guarded {
    router: TowerToHyperService<Router>,
    place: Arc<Place>,
}

impl Guarded {
    /// `router` for the connection at `place`.
    pub(super) fn new(router: Router, place: Arc<Place>) -> Self {
        Self { router: TowerToHyperService::new(router), place }
    }
}

impl Service<Request<Incoming>> for Guarded {
    type Response = Response<Answer>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (place, router) = (Arc::clone(&self.place), self.router.clone());
        Box::pin(async move {
            if !place.begin(!request.is_end_stream()) {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            // Who waits to be told to send the body does not send it after a refusal.
            let sends = !request.headers().contains_key(EXPECT);
            let rest = Arc::new(Mutex::new(Rest::Nothing));
            let body = |body| Asked { body: Some(body), rest: Arc::clone(&rest), place: Arc::clone(&place) };
            let answer = router.call(request.map(|incoming| Body::new(body(incoming)))).await;
            let answer = answer.unwrap_or_else(|never: Infallible| match never {});
            let mut answer = answer.map(|body| Answer { body, place: Arc::clone(&place) });
            let rest = std::mem::take(&mut *rest.lock().unwrap_or_else(PoisonError::into_inner));
            let goes_on = match rest {
                Rest::Nothing => true,
                Rest::Some(rest) => sends && is_taken(rest).await,
                Rest::Broken => false,
            };
            if !goes_on {
                place.leave_unread();
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(answer)
        })
    }
}

/// Takes what is left of a body, and says whether it came to its end soon.
async fn is_taken(mut rest: Incoming) -> bool {
    if rest.size_hint().lower() > REST_MAX_BYTES {
        return false;
    }
    let whole = async {
        let mut taken = 0_u64;
        while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut rest).poll_frame(context)).await
        {
            let Ok(frame) = frame else { return false };
            let length = frame.data_ref().map_or(0, Bytes::len);
            taken = taken.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
            if taken > REST_MAX_BYTES {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(REST_PATIENCE, whole).await.unwrap_or(false)
}

/// What is left of a request's body once nobody reads it any more.
#[derive(Default)]
enum Rest {
    #[default]
    Nothing,
    Some(Incoming),
    /// It is no body, so nobody knows where the next request begins.
    Broken,
}

/// The body of a request. What is not read of it when it is dropped is kept in `rest`.
struct Asked {
    body: Option<Incoming>,
    rest: Arc<Mutex<Rest>>,
    place: Arc<Place>,
}

impl Asked {
    fn keep(&self, rest: Rest) {
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = rest;
    }
}

impl HttpBody for Asked {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(&mut *body).poll_frame(context));
        let ends = body.is_end_stream() || !matches!(frame, Some(Ok(_)));
        if ends && !self.place.has_body() {
            return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::ConnectionAborted).into())));
        }
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        if matches!(frame, Some(Err(_))) {
            self.keep(Rest::Broken);
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(HttpBody::size_hint).unwrap_or_default()
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        // What is done from here on does not wait for the caller.
        self.place.has_body();
        if let Some(left) = self.body.take().filter(|body| !body.is_end_stream()) {
            self.keep(Rest::Some(left));
        }
    }
}

/// The body of an answer. Dropped when all of it was handed over.
#[derive(Debug)]
pub(super) struct Answer {
    body: Body,
    place: Arc<Place>,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.place.answered();
    }
}
