//! The one deadline of a connection, or of one of its HTTP/2 streams, moved along by the phases of its requests.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use pingora::protocols::raw_connect::ProxyDigest;
use pingora::proxy::Session;
use tokio::time::{Instant, sleep_until};

/// No deadline.
const NEVER: u64 = u64::MAX;

/// A deadline, shared between what reads from the caller and the phases of its requests.
#[derive(Debug)]
pub(in crate::proxy) struct Deadline {
    origin: Instant,
    /// Microseconds after `origin`; [`NEVER`] = none.
    at: AtomicU64,
    /// Set while the next byte would be the first of a request.
    awaiting_head: AtomicBool,
    passed: AtomicBool,
    /// Set from the whole request to the end of its answer.
    answering: AtomicBool,
    head: Duration,
    /// Where the connection comes from.
    client: Option<IpAddr>,
}

impl Deadline {
    /// A deadline of a fresh connection from `client` (`None`: a local socket); a head may take `head` from its first byte on.
    pub(super) fn new(head: Duration, client: Option<IpAddr>) -> Self {
        Self {
            origin: Instant::now(),
            at: AtomicU64::new(NEVER),
            awaiting_head: AtomicBool::new(false),
            passed: AtomicBool::new(false),
            answering: AtomicBool::new(false),
            head,
            client,
        }
    }

    /// Where the connection comes from; `None`: a local socket.
    pub(in crate::proxy) const fn client(&self) -> Option<IpAddr> {
        self.client
    }

    /// The deadline of the connection `session` came by. It travels in the one field of a connection that Pingora hands on
    /// unread, which is meant for what a CONNECT proxy answered.
    pub(in crate::proxy) fn of(session: &Session) -> Option<Arc<Self>> {
        let digest = session.downstream_session.digest()?.proxy_digest.as_ref()?;
        digest.user_data.as_ref()?.downcast_ref::<Arc<Self>>().map(Arc::clone)
    }

    /// Waits for the next request, at most `idle`.
    pub(super) fn await_request(&self, idle: Duration) {
        self.within(idle);
        self.answering.store(false, Ordering::Relaxed);
        self.awaiting_head.store(true, Ordering::Relaxed);
    }

    /// What is waited for now may take `span`.
    pub(in crate::proxy) fn within(&self, span: Duration) {
        self.passed.store(false, Ordering::Relaxed);
        let at = self.origin.elapsed() + span;
        self.at.store(u64::try_from(at.as_micros()).unwrap_or(NEVER), Ordering::Relaxed);
    }

    /// What is waited for now may take any time.
    pub(in crate::proxy) fn clear(&self) {
        self.awaiting_head.store(false, Ordering::Relaxed);
        self.at.store(NEVER, Ordering::Relaxed);
    }

    /// The request is whole: what the caller sends from now on is for later. Pingora reads on to notice a caller that leaves,
    /// and would take an early next request for a broken one and drop the answer of a call that may have run.
    pub(in crate::proxy) fn request_is_whole(&self) {
        self.answering.store(true, Ordering::Relaxed);
    }

    /// Whether a wait was ended by the deadline.
    pub(in crate::proxy) fn has_passed(&self) -> bool {
        self.passed.load(Ordering::Relaxed)
    }

    /// What Pingora is to show of a connection, so that [`Self::of`] finds this deadline.
    pub(super) fn digest(self: &Arc<Self>) -> Arc<ProxyDigest> {
        let (head, ()) = http::Response::new(()).into_parts();
        Arc::new(ProxyDigest::new(Box::new(head.into()), Some(Box::new(Arc::clone(self)))))
    }

    /// Whether what the caller sends now is for later.
    pub(super) fn is_answering(&self) -> bool {
        self.answering.load(Ordering::Relaxed)
    }

    /// Notes that a wait is ended by the deadline.
    pub(super) fn pass(&self) {
        self.passed.store(true, Ordering::Relaxed);
    }

    /// Waits until the deadline has passed; without one, for ever. For waits that the connection does not see: those of an
    /// HTTP/2 stream. A deadline that is moved is heeded by who waits anew.
    pub(in crate::proxy) async fn passed(&self) {
        let Some(at) = self.instant() else { return std::future::pending().await };
        sleep_until(at).await;
        self.pass();
    }

    pub(super) fn bytes_arrived(&self) {
        if self.awaiting_head.swap(false, Ordering::Relaxed) {
            self.within(self.head);
        }
    }

    pub(super) fn instant(&self) -> Option<Instant> {
        match self.at.load(Ordering::Relaxed) {
            NEVER => None,
            at => Some(self.origin + Duration::from_micros(at)),
        }
    }
}
