//! Where proposals are decided.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::audit::action::GOVERNANCE;
use crate::audit::index::AuditIndex;
use crate::decision::PolicySnapshot;
use crate::extract::Proposal;
use crate::facts::Decided;
use crate::gateway::{Clock, Gateway};
use crate::model::call::{CallContext, DecisionRequest, Principal};
use crate::model::decision::{Decision, Outcome};
use crate::model::json::Text;
use crate::model::time::Timestamp;
use crate::telemetry::RouteCounters;

/// Where proposals are decided, and what became of them is reported.
#[derive(Debug)]
pub struct ProposalDesk {
    pub(super) gateway: Arc<Gateway>,
    pub(super) index: Arc<AuditIndex>,
    pub(super) route: Arc<str>,
    pub(super) counters: RouteCounters,
    /// Held while a report is taken: one for each decision.
    pub(super) reporting: Mutex<()>,
}

impl ProposalDesk {
    /// A desk that decides as `gateway` does, and finds decisions through `index`.
    #[must_use]
    pub fn new(gateway: Arc<Gateway>, index: Arc<AuditIndex>) -> Self {
        let (route, counters) = (GOVERNANCE.into(), RouteCounters::default());
        Self { gateway, index, route, counters, reporting: Mutex::default() }
    }

    /// The clock that decisions are made by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.gateway.clock
    }

    /// The question a proposal of `principal` puts.
    pub(super) fn request<'r, 'a>(
        &'r self,
        principal: &'r Principal,
        proposal: &'r Proposal<'a>,
    ) -> DecisionRequest<'r, 'a> {
        let context = CallContext {
            route: &self.route,
            metadata: proposal.metadata.as_ref(),
            ..CallContext::default()
        };
        DecisionRequest {
            session: proposal.session.as_ref().map(Text::as_str),
            context,
            ..DecisionRequest::new(principal, &proposal.call)
        }
    }

    /// The decision at `now`; `None`: a defect was caught.
    pub(super) fn decide(
        &self,
        snapshot: &PolicySnapshot,
        request: DecisionRequest<'_, '_>,
        now: Timestamp,
    ) -> Option<Decided> {
        let started = Instant::now();
        let allows = |decision: &Decision| decision.outcome == Outcome::Allow;
        let facts = &self.gateway.facts;
        let decided = catch_unwind(AssertUnwindSafe(|| facts.decide(snapshot, request, now, allows)));
        self.gateway.metrics.observe_decision(started);
        if decided.is_err() {
            self.gateway.metrics.panicked();
            tracing::error!("a panic while deciding a proposal was caught; nothing was decided");
        }
        decided.ok()
    }
}
