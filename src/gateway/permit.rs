//! The proof without which nothing is forwarded.

use std::sync::Arc;

use http::HeaderValue;

use crate::audit::AppendError;
use crate::decision::Route;
use crate::extract::McpEra;
use crate::facts::{Reservation, Who};
use crate::gateway::Consumed;
use crate::gateway::assess::BoundSession;
use crate::gateway::execution::{Execution, Sent};
use crate::model::decision::ReasonCode;
use crate::model::id::Id;
use crate::model::slots::Slot;
use crate::response::ResponsePlan;

/// Proof that a call was decided (or passed by a route in mode `off`) and that its record is in the ledger.
///
/// INVARIANT: only `gateway` makes one, after the ledger took the record under the configured durability. It cannot be
/// copied, and [`Permit::spend`] takes it by value: one permit forwards one call once.
#[derive(Debug)]
pub struct Permit {
    forwarding: Box<Forwarding>,
}

/// What may be forwarded, and where.
#[derive(Debug)]
pub struct Forwarding {
    pub(in crate::gateway) route: Arc<Route>,
    pub(in crate::gateway) target: String,
    pub(in crate::gateway) request_id: Id,
    pub(in crate::gateway) decision_id: Option<Id>,
    pub(in crate::gateway) tenant: Arc<str>,
    pub(in crate::gateway) actor: Arc<str>,
    /// Whether a credential said who calls.
    pub(in crate::gateway) identified: bool,
    pub(in crate::gateway) rpc_id: Option<String>,
    /// Whether it opens a tunnel.
    pub(in crate::gateway) tunnel: bool,
    pub(in crate::gateway) session: Option<Box<BoundSession>>,
    /// What is to be done to the answer.
    pub(in crate::gateway) plan: Option<Box<ResponsePlan>>,
    pub(in crate::gateway) era: McpEra,
    /// The wait, in seconds, that was asked for and granted.
    pub(in crate::gateway) waited_s: Option<u64>,
    /// Whether people let it through.
    pub(in crate::gateway) was_held: bool,
    /// What was taken of limits; given back when this is dropped before the ledger has the call's record.
    pub(in crate::gateway) reservation: Option<Reservation>,
    /// What is recorded of a call once this is dropped.
    pub(in crate::gateway) execution: Execution,
    /// The call's place among those under way on its route.
    pub(in crate::gateway) _slot: Slot,
}

impl Permit {
    pub(in crate::gateway) const fn new(forwarding: Box<Forwarding>) -> Self {
        Self { forwarding }
    }

    /// Whether what it permits is a tunnel: the caller's bytes go on after the answer.
    #[must_use]
    pub const fn opens_tunnel(&self) -> bool {
        self.forwarding.tunnel
    }

    /// What is to be done to the answer; `None`: it passes as it comes.
    #[must_use]
    pub fn plan(&self) -> Option<&ResponsePlan> {
        self.forwarding.plan.as_deref()
    }

    /// Gives the permit back unused: nothing is forwarded, because of `code`.
    pub fn withdraw(mut self, code: ReasonCode) {
        self.forwarding.ended(Err(code));
    }

    /// Uses the permit up.
    #[must_use]
    pub fn spend(mut self) -> Box<Forwarding> {
        self.forwarding.execution.begin();
        self.forwarding
    }
}

impl Forwarding {
    /// No permit is made of it, since the ledger did not take the record in time: it is not forwarded. Where the record may be
    /// in the ledger all the same, that is recorded too.
    pub(in crate::gateway) fn withdraw(mut self, error: &AppendError) {
        match error {
            AppendError::Deadline | AppendError::NotDurable => {
                self.spend();
                self.execution.ended(Err(ReasonCode::LedgerUnavailable));
            }
            _ => self.execution.forget(),
        }
    }

    /// It is not forwarded, and no record of it is in the ledger.
    pub(in crate::gateway) fn forget(&mut self) {
        self.execution.forget();
    }

    /// What was taken of limits for it.
    pub(in crate::gateway) fn charged(&mut self, taken: Option<Reservation>) {
        self.reservation = taken;
    }

    /// What was taken of limits for it, while it may be given back.
    pub(in crate::gateway) const fn reservation(&self) -> Option<&Reservation> {
        self.reservation.as_ref()
    }

    /// What was taken of limits is not given back any more.
    pub(in crate::gateway) fn spend(&mut self) {
        if let Some(reservation) = self.reservation.take() {
            reservation.spend();
        }
    }

    /// Whose call it is; `None` where nothing was decided of it.
    pub(in crate::gateway) const fn who(&self) -> Option<Who> {
        self.execution.who()
    }

    /// The approval that lets it through.
    pub(in crate::gateway) fn consumes(&mut self, approval: Consumed) {
        self.execution.consumes(approval);
    }

    /// It was held, and what its caller prefers was heeded; `waited_s`: the wait that was asked for and granted.
    pub(in crate::gateway) const fn prefers(&mut self, waited_s: Option<u64>) {
        self.was_held = true;
        self.waited_s = waited_s;
    }

    /// Gives the approval back that let the call through, if nothing of it was sent. To be awaited before the caller is told
    /// that its call was not made: it may repeat it at once.
    pub async fn give_back(&mut self) {
        if let Some(approval) = self.execution.unused_approval() {
            approval.give_back().await;
        }
    }

    /// The wait, in seconds, that was asked for and granted (`Preference-Applied`).
    #[must_use]
    pub const fn waited_s(&self) -> Option<u64> {
        self.waited_s
    }

    /// Whether people let it through, so that the caller's preferences for held calls were heeded.
    #[must_use]
    pub const fn was_held(&self) -> bool {
        self.was_held
    }

    /// The route the call came by.
    #[must_use]
    pub const fn route(&self) -> &Arc<Route> {
        &self.route
    }

    /// The request target for the upstream: path and query, as judged.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The request's id.
    #[must_use]
    pub const fn request_id(&self) -> &Id {
        &self.request_id
    }

    /// The decision's id; `None` for what was not decided.
    #[must_use]
    pub const fn decision_id(&self) -> Option<&Id> {
        self.decision_id.as_ref()
    }

    /// Who calls.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// The server's own id of the session the request belongs to, on MCP routes.
    #[must_use]
    pub fn session(&self) -> Option<&HeaderValue> {
        self.session.as_ref().map(|session| &session.upstream)
    }

    /// Whether it is a tunnel.
    #[must_use]
    pub const fn is_tunnel(&self) -> bool {
        self.tunnel
    }

    /// Whether the answer will be read, so that it must come whole and in no coding.
    #[must_use]
    pub fn reads_answer(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.reads())
    }

    /// Whether the answer may name a session: on MCP routes, where the request is of the era that has sessions.
    #[must_use]
    pub fn may_name_session(&self) -> bool {
        self.route.is_mcp() && self.era == McpEra::Session
    }

    /// The era of MCP in which the caller reads its answer; the session era on routes of other protocols.
    #[must_use]
    pub const fn era(&self) -> McpEra {
        self.era
    }

    /// The JSON-RPC id to answer under should the upstream fail, on MCP routes.
    #[must_use]
    pub fn rpc_id(&self) -> Option<&str> {
        self.rpc_id.as_deref()
    }

    /// To be marked by whoever sends the first byte to the tool.
    #[must_use]
    pub fn sent(&self) -> &Sent {
        self.execution.sent()
    }

    /// The tool's answer began, with this HTTP status.
    pub fn answered(&mut self, status: u16) {
        self.execution.answered(status);
    }

    /// So many bytes of the answer's body came from the tool.
    pub fn received(&mut self, bytes: usize) {
        self.execution.received(bytes);
    }

    /// How it ended: `Ok` when the whole answer was passed on. Recorded when this is dropped; without a word from here the call
    /// was interrupted.
    pub fn ended(&mut self, ending: Result<(), ReasonCode>) {
        self.execution.ended(ending);
    }
}
