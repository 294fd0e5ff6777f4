//! What is to be done to the answer of a request that is forwarded.

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::Mode;
use crate::decision::{PolicySnapshot, Protocol, Route, certainly_denied};
use crate::extract::MessageKind;
use crate::gateway::assess::ToolNames;
use crate::gateway::assess::known::Known;
use crate::gateway::assess::obligations::fulfilled;
use crate::model::call::{Action, CallContext, DecisionRequest, Principal};
use crate::model::decision::{Facts, Obligations};
use crate::response::{ListFilter, ListKind, ReadLimits, ResponsePlan, ToolListing};

impl Known<'_> {
    /// The plan for the answer; `None` when it passes as it comes.
    pub(super) fn plan(&self, kind: MessageKind) -> Option<Box<ResponsePlan>> {
        if matches!(kind, MessageKind::Stream) {
            return self.stream_plan();
        }
        let rules = &self.route.response;
        let list = self.list_filter(kind);
        if rules.max_bytes.is_none() && rules.redact.is_empty() && list.is_none() {
            return None;
        }
        Some(Box::new(ResponsePlan {
            max_bytes: rules.max_bytes,
            redact: Arc::clone(&rules.redact),
            list,
            rpc: self.route.is_mcp(),
            ..ResponsePlan::default()
        }))
    }

    /// The plan for a stream of the server's own. It may repeat the answer to any earlier call, so all that policies want done to some
    /// answer is done to every one of them.
    fn stream_plan(&self) -> Option<Box<ResponsePlan>> {
        let rules = &self.route.response;
        let mut limits = ReadLimits::default();
        let wanted = match self.route.mode {
            Mode::Enforce => self.snapshot.governance.stream_obligations(&self.principal.tenant),
            Mode::Shadow | Mode::Off => Obligations::default(),
        };
        if let Some(most) = wanted.max_response_bytes {
            limits.event_bytes = limits.event_bytes.min(usize::try_from(most).unwrap_or(usize::MAX));
        }
        let plan = ResponsePlan {
            max_bytes: rules.max_bytes,
            redact: Arc::clone(&rules.redact),
            list: self.list_filter(MessageKind::Stream),
            rpc: self.route.is_mcp(),
            limits,
        };
        let plan = (!plan.is_empty() || wanted.max_response_bytes.is_some()).then(|| Box::new(plan));
        fulfilled(plan, &Obligations { max_response_bytes: None, ..wanted }, self.route)
    }

    /// Where nothing is refused, nothing is hidden either.
    fn list_filter(&self, kind: MessageKind) -> Option<ListFilter> {
        let kind = match kind {
            MessageKind::Other | MessageKind::CallsOff => return None,
            MessageKind::ToolList => ListKind::Answer,
            MessageKind::Stream => ListKind::Replay,
        };
        if self.route.mode != Mode::Enforce {
            return None;
        }
        let listing = Listing {
            snapshot: Arc::clone(self.snapshot),
            route: Arc::clone(self.route),
            names: Arc::clone(&self.gateway.tool_names),
            principal: Cow::clone(&self.principal).into_owned(),
            facts: Facts::at(self.facts.now),
        };
        Some(ListFilter { listing: Arc::new(listing), kind })
    }
}

/// What one caller may see of a route's tools, under the snapshot its request was judged by.
struct Listing {
    snapshot: Arc<PolicySnapshot>,
    route: Arc<Route>,
    names: Arc<ToolNames>,
    principal: Principal,
    facts: Facts<'static>,
}

impl ToolListing for Listing {
    fn note(&self, tool: &str) {
        self.names.note(&self.route.name, tool, self.facts.now);
    }

    fn hides(&self, tool: &str) -> bool {
        let Protocol::Mcp(mcp) = &self.route.protocol else { return true };
        let mut call = mcp.listed(tool);
        if let Action::Named(name) = &call.action
            && self.names.is_shared(&self.snapshot, &self.route, name)
        {
            call.action = Action::Shared(name.clone());
        }
        let context = CallContext {
            route: &self.route.name,
            environment: self.route.environment.as_deref(),
            ..CallContext::default()
        };
        let request = DecisionRequest { context, ..DecisionRequest::new(&self.principal, &call) };
        certainly_denied(&self.snapshot, request, self.facts)
    }
}
