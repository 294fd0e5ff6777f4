//! What a request carries from phase to phase.

use std::sync::Arc;

use bytes::Bytes;

use crate::gateway::{Forwarding, Gateway, Permit};
use crate::model::decision::ReasonCode;
use crate::proxy::connection::Deadline;

tokio::task_local! {
    /// The deadline of the connection a task serves: how a request's context finds it.
    pub(super) static DEADLINE: Arc<Deadline>;
}

/// The state of one request.
#[derive(Debug)]
pub(super) struct RequestContext {
    gateway: Arc<Gateway>,
    pub(super) deadline: Arc<Deadline>,
    /// Taken once, by `upstream_peer`.
    pub(super) permit: Option<Permit>,
    /// What the spent permit allows.
    pub(super) forwarding: Option<Forwarding>,
    /// The judged body, until it is handed to the upstream.
    pub(super) body: Bytes,
    /// Whether the response head has come.
    pub(super) answered: bool,
}

impl RequestContext {
    pub(super) fn new(gateway: Arc<Gateway>, deadline: Arc<Deadline>) -> Self {
        Self { gateway, deadline, permit: None, forwarding: None, body: Bytes::new(), answered: false }
    }
}

impl Drop for RequestContext {
    /// The last net: a panic that no phase caught unwinds through here, and is recorded.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let route = self.forwarding.as_ref().map_or("", |forwarding| &forwarding.route().name);
            let reason = "A panic ended a request of this route.";
            self.gateway.note(route, "panic", ReasonCode::InternalError, reason);
        }
    }
}
