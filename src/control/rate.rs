//! `X-RateLimit-*`: where a key stands, on every answer to it.

use std::sync::{Arc, OnceLock};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::gateway::RateStanding;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Where who authenticates a request leaves what its answer will tell.
#[derive(Clone, Debug, Default)]
pub(in crate::control) struct RateNote(Arc<OnceLock<RateStanding>>);

impl RateNote {
    /// Leaves it.
    pub(in crate::control) fn put(&self, standing: RateStanding) {
        // A request has one key, so it is counted once.
        let _first = self.0.set(standing);
    }

    /// Tells it in the headers of the answer.
    pub(in crate::control) fn tell(&self, headers: &mut HeaderMap) {
        let Some(standing) = self.0.get() else { return };
        headers.insert(LIMIT, standing.limit.into());
        headers.insert(REMAINING, standing.remaining.into());
        headers.insert(RESET, HeaderValue::from(standing.reset_s));
    }
}
