//! The desk: what evaluating and executing share, and dry runs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use crate::audit::action::POLICY_SERVER;
use crate::decision::PolicySnapshot;
use crate::extract::ActionCall;
use crate::facts::{Decided, Deciding, Rehearsal};
use crate::gateway::actions::Executor;
use crate::gateway::assess::deny;
use crate::gateway::{Clock, Gateway};
use crate::model::call::{CallContext, DecisionRequest, Principal};
use crate::model::decision::{Decision, Outcome};
use crate::model::json::Text;
use crate::telemetry::{DryCounter, RouteCounters};

/// What `match.agent` of a rule is compared with where the caller names no agent: the patterns that match any agent match it.
const NO_AGENT: &str = "*";

/// What becomes of actions that want a person's approval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Approval {
    /// They wait for a person.
    #[default]
    Hold,
    /// They are approved at once, and the record says so. What wants to be escalated waits all the same.
    Auto,
}

/// Who asks for actions.
#[derive(Clone, Debug)]
pub struct ActionCaller {
    /// Who it is. The tenant is the decisions' tenant.
    pub principal: Principal,
    /// Whether the id in `principal` is an agent's, which `match.agent` speaks of.
    pub is_agent: bool,
    /// The agent named by the action itself, where one is.
    pub named_agent: bool,
}

/// Where actions are decided and run.
#[derive(Debug)]
pub struct ActionDesk {
    pub(super) gateway: Arc<Gateway>,
    pub(super) executor: Arc<dyn Executor>,
    pub(super) approval: Approval,
    pub(super) session: Arc<str>,
    pub(super) route: Arc<str>,
    pub(super) counters: RouteCounters,
    /// The number of the next action.
    pub(super) next_number: AtomicU64,
    dry: DryCounter,
}

/// What a desk is made of.
#[derive(Debug)]
pub struct ActionDeskParts {
    /// Ledger, holds, redaction, metrics and clock are this gateway's.
    pub gateway: Arc<Gateway>,
    /// Runs what is let through.
    pub executor: Arc<dyn Executor>,
    /// What becomes of actions that want approval.
    pub approval: Approval,
    /// How many actions the ledger holds already: the greatest number among them.
    pub numbered: u64,
}

impl ActionDesk {
    /// A desk made of `parts`, with a session of its own for callers that name none.
    #[must_use]
    pub fn new(parts: ActionDeskParts) -> Self {
        let ActionDeskParts { gateway, executor, approval, numbered } = parts;
        let session: String =
            gateway.clock.random().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let dry = gateway.metrics.dry(POLICY_SERVER);
        Self {
            gateway,
            executor,
            approval,
            session: session.into(),
            route: POLICY_SERVER.into(),
            counters: RouteCounters::default(),
            next_number: AtomicU64::new(numbered.saturating_add(1)),
            dry,
        }
    }

    /// The clock that decisions are made by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.gateway.clock
    }

    /// Begins a dry run.
    #[must_use]
    pub fn dry_run(&self) -> DryRun<'_> {
        DryRun { desk: self, sessions: Rehearsal::new(&self.gateway.facts) }
    }

    /// What `decide` decides; `None`: a defect was caught.
    pub(super) fn decide(&self, decide: impl FnOnce(&Deciding) -> Decided) -> Option<Decided> {
        let started = Instant::now();
        let decided = catch_unwind(AssertUnwindSafe(|| decide(&self.gateway.facts)));
        self.gateway.metrics.observe_decision(started);
        if decided.is_err() {
            self.gateway.metrics.panicked();
            tracing::error!("a panic while deciding an action was caught; nothing was done");
        }
        decided.ok()
    }

    /// Whether an action with that decision goes on at once.
    pub(super) fn lets_through(&self, decision: &Decision) -> bool {
        match decision.outcome {
            Outcome::Allow => true,
            Outcome::RequireConfirmation => self.approval == Approval::Auto,
            Outcome::Escalate | Outcome::Deny => false,
        }
    }

    /// Denies an action that wants something done to its answer: whoever runs it does not do that.
    pub(super) fn fulfill(&self, decision: &mut Decision) -> bool {
        let wanted = &decision.obligations;
        let edits = wanted.max_response_bytes.is_some() || !wanted.redact_response.is_empty();
        if decision.outcome == Outcome::Deny || !(edits || wanted.read_only) {
            return true;
        }
        deny(
            decision,
            "what may come back of it is limited (constraints), which is done for proxied calls only",
        );
        false
    }

    /// The question an action puts.
    pub(super) fn request<'r, 'a>(
        &'r self,
        caller: &'r ActionCaller,
        action: &'r ActionCall<'a>,
    ) -> DecisionRequest<'r, 'a> {
        let context =
            CallContext { route: &self.route, metadata: action.metadata.as_ref(), ..CallContext::default() };
        DecisionRequest {
            principal: &caller.principal,
            call: &action.call,
            // Actions that name no session have nothing to do with each other.
            session: action.session.as_ref().map(Text::as_str),
            agent: (!caller.is_agent).then_some(NO_AGENT),
            context,
        }
    }

    /// The session an action belongs to, as it is recorded.
    pub(super) fn session_of<'r>(&'r self, action: &'r ActionCall<'_>) -> &'r str {
        action.session.as_ref().map_or(&self.session, |session| session.as_str())
    }
}

/// Actions that are decided one after the other, each as if those before it that would go on had been executed. Nothing is done or
/// recorded.
#[derive(Debug)]
pub struct DryRun<'d> {
    desk: &'d ActionDesk,
    sessions: Rehearsal<'d>,
}

impl DryRun<'_> {
    /// Decides the next action; it is counted. `None`: a defect was caught.
    #[must_use]
    pub fn evaluate(
        &mut self,
        snapshot: &PolicySnapshot,
        caller: &ActionCaller,
        action: &ActionCall<'_>,
    ) -> Option<Decision> {
        self.desk.dry.count();
        let (now, request) = (self.desk.gateway.clock.now(), self.desk.request(caller, action));
        // What cannot be recorded is not executed either.
        let goes_on = |decision: &Decision| !action.odd_description && self.desk.lets_through(decision);
        let decided = self.desk.decide(|_| self.sessions.decide(snapshot, request, now, goes_on));
        let mut decision = decided?.decision;
        self.desk.fulfill(&mut decision);
        Some(decision)
    }
}
