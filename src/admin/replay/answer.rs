//! What is kept of an answer, and where.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::admin::AdminStoreError;
use crate::model::time::Timestamp;

/// How long an answer is kept.
pub const REPLAY_LASTS: Duration = Duration::from_hours(24);

/// How many answers are kept for one owner. The oldest go first, also before their time.
pub const MOST_REPLAYS: usize = 10_000;

/// How many bytes the answers kept for one owner have together.
pub const MOST_REPLAY_BYTES: usize = 16 * 1024 * 1024;

/// A request with an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayRequest {
    /// Who sent it: the id of its key.
    pub owner: Arc<str>,
    /// SHA-256 of its owner, method, path and idempotency key: the scope in which that key is one.
    pub scope: [u8; 32],
    /// SHA-256 of its body.
    pub body: [u8; 32],
}

/// An answer that is given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// SHA-256 of the body it was the answer to.
    pub request_body: [u8; 32],
    /// Its status.
    pub status: u16,
    /// Its headers, as far as they belong to it rather than to the connection. None is a secret.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// What is known of a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The answer of the request that was done in it.
    Answer(Replay),
    /// A request has taken it and left no answer: one is under way, or died on the way.
    Claim {
        /// SHA-256 of its body.
        request_body: [u8; 32],
    },
}

impl Kept {
    /// SHA-256 of the body of the request it is about.
    #[must_use]
    pub const fn request_body(&self) -> &[u8; 32] {
        match self {
            Self::Answer(Replay { request_body, .. }) | Self::Claim { request_body } => request_body,
        }
    }
}

impl ReplayRequest {
    /// The request of `owner` with that method, path, idempotency key and body.
    #[must_use]
    pub fn new(owner: &Arc<str>, [method, path, key]: [&str; 3], body: &[u8]) -> Self {
        let mut scope = Sha256::new();
        for part in [owner, method, path, key] {
            // With its length, so that no two requests run into one.
            scope.update(part.len().to_be_bytes());
            scope.update(part);
        }
        Self { owner: Arc::clone(owner), scope: scope.finalize().into(), body: Sha256::digest(body).into() }
    }
}

impl Replay {
    /// About how many bytes it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len());
        self.body.len() + headers.sum::<usize>() + 256
    }
}

/// Where answers are kept. Bounded for each owner by [`MOST_REPLAYS`] and [`MOST_REPLAY_BYTES`].
///
/// INVARIANT: who has claimed a scope and not heard of an error is found by every later look, until the claim is answered, given up or
/// its time is over.
pub trait ReplayStore: Debug + Send + Sync {
    /// What is kept in a scope, unless its time is over. Blocks.
    ///
    /// # Errors
    /// The store cannot be read, so that nobody knows whether there is anything.
    fn find(&self, scope: &[u8; 32], now: Timestamp) -> Result<Option<Kept>, AdminStoreError>;

    /// Takes the scope of a request before anything is done for it, in the place of whatever is kept there. Blocks.
    ///
    /// # Errors
    /// It is not taken, and nothing may be done.
    fn claim(&self, request: &ReplayRequest, now: Timestamp) -> Result<(), AdminStoreError>;

    /// Gives a scope up in which nothing was done. Blocks.
    ///
    /// # Errors
    /// It is still taken.
    fn give_up(&self, scope: &[u8; 32]) -> Result<(), AdminStoreError>;

    /// Keeps the answer of a request in the place of its claim, forgets those whose time is over, and as many of the owner's oldest
    /// as there are too many. Blocks.
    ///
    /// # Errors
    /// It is not kept.
    fn keep(&self, request: &ReplayRequest, replay: &Replay, now: Timestamp) -> Result<(), AdminStoreError>;
}
