//! What a request carries from phase to phase.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use pingora::proxy::Session;
use pingora::{Error, ErrorType, Result};

use crate::gateway::{Forwarding, Gateway, Permit};
use crate::model::decision::ReasonCode;
use crate::model::slots::Slot;
use crate::proxy::body::Homecoming;
use crate::proxy::listen::Deadline;
use crate::proxy::upstream::Chosen;
use crate::response::ResponseError;
use crate::telemetry::AccessLine;

/// The state of one request. Pingora moves it about, so it is used boxed.
#[derive(Debug)]
pub(super) struct RequestContext {
    gateway: Arc<Gateway>,
    /// The deadline of the caller's connection; `None` before the first phase.
    deadline: Option<Arc<Deadline>>,
    /// Whether the request came on a stream of HTTP/2.
    is_stream: bool,
    /// Taken once, by `upstream_peer`.
    pub(super) permit: Option<Permit>,
    /// What the spent permit allows.
    pub(super) forwarding: Option<Box<Forwarding>>,
    /// The judged body, until it is handed to the upstream.
    pub(super) body: Bytes,
    /// Where the caller's session comes home to, while it is lent for a long body.
    pub(super) lent: Option<Homecoming>,
    /// The request's place among those under way.
    pub(super) slot: Option<Slot>,
    /// The address of the upstream that takes the call, and the call's place there.
    pub(super) chosen: Option<Chosen>,
    /// Why the answer did not pass its filter.
    pub(super) answer_refused: Option<ResponseError>,
    /// When its head was read.
    started: Instant,
    /// What the access log will say of it.
    pub(super) access: Option<AccessLine>,
    /// Why it came to something else than what was judged.
    pub(super) ended_by: Option<ReasonCode>,
    finished: bool,
}

impl RequestContext {
    pub(super) fn new(gateway: Arc<Gateway>) -> Self {
        Self {
            gateway,
            deadline: None,
            is_stream: false,
            permit: None,
            forwarding: None,
            body: Bytes::new(),
            lent: None,
            slot: None,
            chosen: None,
            answer_refused: None,
            started: Instant::now(),
            access: None,
            ended_by: None,
            finished: false,
        }
    }

    /// The request is over: the caller was answered with `status`, and what was forwarded ended so. The access log and the
    /// ledger are told.
    pub(super) fn finish(&mut self, status: Option<u16>, ending: std::result::Result<(), ReasonCode>) {
        if let Some(permit) = self.permit.take() {
            permit.withdraw(ending.err().unwrap_or(ReasonCode::Interrupted));
        }
        if let Some(mut forwarding) = self.forwarding.take() {
            forwarding.ended(ending);
            self.ended_by = ending.err();
        }
        self.finished = true;
        let (access, elapsed) = (self.access.take(), self.started.elapsed());
        self.gateway.log_access(access, self.ended_by, status, elapsed);
    }

    /// Takes over the deadline of the connection that `session` came by.
    ///
    /// # Errors
    /// There is none, which is a defect: nothing would bound the request's waits.
    pub(super) fn attach(&mut self, session: &Session) -> Result<()> {
        let defect = || Error::explain(ErrorType::InternalError, "a connection without a deadline");
        self.deadline = Some(Deadline::of(session).ok_or_else(defect)?);
        self.is_stream = session.is_http2();
        Ok(())
    }

    /// Gives `session` the caller's own session back, if it was lent.
    pub(super) fn take_back(&mut self, session: &mut Session) {
        if let Some(home) = self.lent.take() {
            home.take_back(&mut session.downstream_session);
            self.answer_refused = home.refused();
        }
    }

    /// What is waited for now may take `span`.
    pub(super) fn within(&self, span: Duration) {
        if let Some(deadline) = &self.deadline {
            deadline.within(span);
        }
    }

    /// What is waited for now may take any time.
    pub(super) fn clear_deadline(&self) {
        if let Some(deadline) = &self.deadline {
            deadline.clear();
        }
    }

    /// The deadline of an HTTP/2 stream, which its connection does not mind; `None` for HTTP/1.1.
    pub(super) fn stream_deadline(&self) -> Option<Arc<Deadline>> {
        self.deadline.as_ref().filter(|_| self.is_stream).map(Arc::clone)
    }

    /// See [`Deadline::request_is_whole`].
    pub(super) fn request_is_whole(&self) {
        if let Some(deadline) = &self.deadline {
            deadline.request_is_whole();
        }
    }

    /// Whether a wait was ended by the deadline.
    pub(super) fn timed_out(&self) -> bool {
        self.deadline.as_ref().is_some_and(|deadline| deadline.has_passed())
    }
}

impl Drop for RequestContext {
    /// The last net: a panic that no phase caught unwinds through here, and is recorded; so does a request whose gateway stops.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let route = self.forwarding.as_ref().map_or("", |forwarding| &forwarding.route().name);
            let reason = "A panic ended a request of this route.";
            self.gateway.note(route, "panic", ReasonCode::InternalError, reason);
            self.ended_by = Some(ReasonCode::InternalError);
        }
        if !self.finished {
            let code = self.ended_by.unwrap_or(ReasonCode::Interrupted);
            self.ended_by = Some(code);
            self.finish(None, Err(code));
        }
    }
}
