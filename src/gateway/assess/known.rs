//! What becomes of a request whose route and caller are known: decided, passed or refused, with its record.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use crate::audit::execution::ExecutionOf;
use crate::audit::record::{DecisionRecord, EventRecord, Origin};
use crate::config::Mode;
use crate::decision::{PolicySnapshot, Protocol, Route};
use crate::extract::McpEra;
use crate::facts::{Decided, LaterCharge, LaterStep, Reservation};
use crate::gateway::assess::BoundSession;
use crate::gateway::assess::holding::Asked;
use crate::gateway::assess::obligations::{fulfilled, unfulfilled};
use crate::gateway::execution::Execution;
use crate::gateway::execution::counting::Noted;
use crate::gateway::head::Incoming;
use crate::gateway::holding::Held;
use crate::gateway::permit::Forwarding;
use crate::gateway::{Gateway, Refusal};
use crate::model::call::{Action, CallContext, DecisionRequest, Principal, ToolCall};
use crate::model::decision::{Decision, Facts, Outcome, Reason, ReasonCode};
use crate::model::id::{DECISION, Id};
use crate::model::json::{Json, NormalPath, write_json};
use crate::model::slots::Slot;
use crate::response::ResponsePlan;
use crate::telemetry::{AccessLine, AccessRequest};

/// What a request came to, before the ledger was asked.
pub(in crate::gateway) struct Assessed {
    /// What to do once the record is in.
    pub(in crate::gateway) answer: Answer,
    /// The record; `None` for callers that were never identified.
    pub(in crate::gateway) record: Option<Vec<u8>>,
    /// For the metrics.
    pub(in crate::gateway) route: Option<Arc<Route>>,
    pub(in crate::gateway) outcome: Option<Outcome>,
    pub(in crate::gateway) code: ReasonCode,
    /// The JSON-RPC id, where refusals take that form.
    pub(in crate::gateway) rpc_id: Option<String>,
    /// What the access log says of it, where there is one and the caller is known.
    pub(in crate::gateway) access: Option<AccessLine>,
    /// What is observed of it once the record is in; what is held has its own.
    pub(in crate::gateway) noted: Option<Box<Noted>>,
}

/// What is to be done with a request.
pub(in crate::gateway) enum Answer {
    Forward(Box<Forwarding>),
    Refuse(Box<Refusal>),
    /// A person is wanted; the record is made when the hold is found.
    Held(Box<Held>),
}

/// A request whose route and caller are known.
pub(super) struct Known<'r> {
    pub(super) gateway: &'r Gateway,
    pub(super) snapshot: &'r Arc<PolicySnapshot>,
    pub(super) route: &'r Arc<Route>,
    pub(super) principal: Cow<'r, Principal>,
    /// The era of MCP the head asks for.
    pub(super) era: McpEra,
    pub(super) request_id: Id,
    pub(super) facts: Facts<'r>,
    /// Whether it has waited for a hold.
    pub(super) resumed: bool,
}

/// What forwarding needs besides the verdict.
pub(super) struct Onward<'a> {
    pub(super) incoming: Incoming<'a>,
    pub(super) path: &'a NormalPath<'a>,
    /// Whether it asks for a tunnel.
    pub(super) tunnel: bool,
    /// The session it belongs to.
    pub(super) session: Option<Box<BoundSession>>,
    /// What is to be done to its answer.
    pub(super) plan: Option<Box<ResponsePlan>>,
    /// The call's place among those under way on its route.
    pub(super) slot: Slot,
}

/// What is forwarded without a decision.
#[derive(Clone, Copy)]
pub(super) enum Passed<'c, 'a> {
    /// A protocol message, by its name in the record.
    Message(Option<&'c str>),
    /// A call on a route in mode `off`.
    Bypass(&'c ToolCall<'a>),
}

impl Assessed {
    /// Refused before the caller was known: counted, not recorded, so that strangers cannot fill the ledger.
    pub(super) fn unknown(refusal: Box<Refusal>, route: Option<Arc<Route>>) -> Self {
        let code = refusal.code;
        Self {
            answer: Answer::Refuse(refusal),
            record: None,
            route,
            outcome: None,
            code,
            rpc_id: None,
            access: None,
            noted: None,
        }
    }
}

impl Known<'_> {
    pub(super) fn origin(&self) -> Origin<'_> {
        Origin {
            route: &self.route.name,
            request_id: &self.request_id,
            snapshot: &self.snapshot.reference,
            facts: self.facts,
        }
    }

    /// Where the call comes from.
    fn context<'o>(&'o self, onward: &Onward<'o>) -> CallContext<'o, 'static> {
        CallContext {
            environment: self.route.environment.as_deref(),
            route: &self.route.name,
            path: Some(onward.path),
            network: onward.incoming.peer,
            tls: onward.incoming.tls,
            metadata: None,
        }
    }

    pub(super) fn access(&self, capability: Option<&str>) -> Option<AccessLine> {
        let request = AccessRequest {
            request_id: Some(&self.request_id),
            route: Some(&self.route.name),
            actor: Some(&self.principal.id),
            capability,
        };
        self.gateway.access_log.as_ref().map(|log| log.begin(self.facts.now, request))
    }

    pub(super) fn passed(
        self,
        what: Passed<'_, '_>,
        onward: Onward<'_>,
        rpc_id: Option<Json<'_>>,
    ) -> Assessed {
        let (kind, code, reason) = match what {
            Passed::Message(_) => {
                ("message", ReasonCode::ProtocolMessage, "A protocol message that calls no tool.")
            }
            Passed::Bypass(_) => {
                ("bypass", ReasonCode::Bypass, "Forwarded undecided: the route is in mode off.")
            }
        };
        let (capability, call) = match what {
            Passed::Message(name) => (name, None),
            Passed::Bypass(call) => (call.action.capability(), Some((call, &self.gateway.redaction))),
        };
        let reason = Reason::new(reason);
        let record = EventRecord {
            kind,
            origin: Some(self.origin()),
            principal: Some(&self.principal),
            capability,
            call,
            outcome: Outcome::Allow,
            code,
            reason: &reason,
        };
        let record = Some(record.payload());
        let access = self.access(capability);
        let rpc_id = rpc_text(rpc_id);
        let action = call.map(|(call, _)| &call.action);
        let (route, forwarding) = self.forward(onward, None, rpc_id.clone(), action);
        Assessed {
            answer: Answer::Forward(forwarding),
            record,
            route: Some(route),
            outcome: Some(Outcome::Allow),
            code,
            rpc_id,
            access,
            noted: None,
        }
    }

    /// A capability that two tools of the server share is no one's: which of them a rule meant cannot be told.
    pub(super) fn tell_apart(&self, call: &mut ToolCall<'_>) {
        if !self.route.is_mcp() {
            return;
        }
        if let Action::Named(name) = &call.action
            && self.gateway.tool_names.is_shared(self.snapshot, self.route, name)
        {
            call.action = Action::Shared(name.clone());
        }
    }

    pub(super) fn decided(
        self,
        call: &ToolCall<'_>,
        rpc_id: Option<Json<'_>>,
        tool_result: bool,
        onward: Onward<'_>,
    ) -> Assessed {
        let started = Instant::now();
        let session = self.session_name(onward.session.as_deref());
        let request = DecisionRequest {
            session: session.as_deref(),
            context: self.context(&onward),
            ..DecisionRequest::new(&self.principal, call)
        };
        let shadow = self.route.mode == Mode::Shadow;
        let lets_through = |decision: &Decision| decision.outcome == Outcome::Allow || shadow;
        let decided = self.gateway.facts.decide(self.snapshot, request, self.facts.now, lets_through);
        let Decided { mut decision, history, facts, mut reservation } = decided;
        self.gateway.note_found(&decision);
        let fulfills = shadow || !unfulfilled(&mut decision, &onward);
        self.gateway.metrics.observe_decision(started);
        let decision_id = self.request_id.with_prefix(DECISION);
        let allowed = decision.outcome == Outcome::Allow;
        let enforced = allowed || !shadow;
        if !fulfills || !enforced {
            // What was taken for it is given back. Of what passes without being allowed, the record says nothing that a start could
            // count again either.
            reservation = None;
        }
        let record = DecisionRecord {
            origin: Origin { facts: Facts { history: history.as_ref(), ..facts }, ..self.origin() },
            decision_id: &decision_id,
            request,
            decision: &decision,
            enforced,
            body_bytes: onward.incoming.body.len(),
            charged: reservation.as_ref().map(Reservation::charged),
            action: None,
        };
        let noted = Noted::of(request, &decision, facts).map(Box::new);
        let wants_person = matches!(decision.outcome, Outcome::RequireConfirmation | Outcome::Escalate);
        // What has waited for a hold and is let through by now takes its hold along.
        if (enforced && wants_person) || (self.resumed && (allowed || !enforced)) {
            let held = record.held(self.digest(call, &onward), &self.gateway.redaction);
            // What is allowed by now, or let through anyway, counts already.
            let counts_later = !allowed && enforced;
            let step = counts_later.then(|| LaterStep::of(self.snapshot, request, &decision)).flatten();
            let charge = counts_later.then(|| LaterCharge::of(request, &decision)).flatten();
            return self.held(
                Asked {
                    call,
                    decision: &decision,
                    decision_id,
                    step,
                    charge,
                    reservation,
                    noted,
                    tool_result,
                },
                held,
                onward,
                rpc_id,
            );
        }
        let record = Some(record.payload(&self.gateway.redaction));
        let rpc_id = rpc_text(rpc_id);
        let (outcome, code) = (Some(decision.outcome), decision.code);
        let access = self.access(call.action.capability());
        if allowed || !enforced {
            let plan = fulfilled(onward.plan, &decision.obligations, self.route);
            let onward = Onward { plan, ..onward };
            let (route, mut forwarding) =
                self.forward(onward, Some(decision_id), rpc_id.clone(), Some(&call.action));
            forwarding.charged(reservation);
            return Assessed {
                answer: Answer::Forward(forwarding),
                record,
                route: Some(route),
                outcome,
                code,
                rpc_id,
                access,
                noted,
            };
        }
        let refusal = self.denied(&decision, decision_id, rpc_id.clone(), tool_result);
        let route = Some(Arc::clone(self.route));
        let answer = Answer::Refuse(Box::new(refusal));
        Assessed { answer, record, route, outcome, code, rpc_id, access, noted }
    }

    pub(super) fn forward(
        self,
        Onward { incoming, path, tunnel, session, plan, slot }: Onward<'_>,
        decision_id: Option<Id>,
        rpc_id: Option<String>,
        action: Option<&Action<'_>>,
    ) -> (Arc<Route>, Box<Forwarding>) {
        let target = match &self.route.protocol {
            // The query is not part of what was judged on these routes, so it does not go on.
            Protocol::Mcp(_) | Protocol::ToolCall(_) => self.route.upstream.path.clone(),
            Protocol::Http(_) => {
                let skipped = if self.route.strip_prefix { self.route.matches.prefix.len() } else { 0 };
                let mut target = path.spelling_after(skipped).into_owned();
                if let Some(query) = incoming.query {
                    target.push('?');
                    target.push_str(query);
                }
                target
            }
        };
        let of = action.map(|action| ExecutionOf {
            principal: &self.principal,
            action,
            route: &self.route.name,
            decision_id: decision_id.as_ref(),
            request_id: &self.request_id,
        });
        let execution = Execution::new(&self.gateway.recorder, self.route, of);
        let route = Arc::clone(self.route);
        let forwarding = Forwarding {
            route: Arc::clone(&route),
            target,
            request_id: self.request_id,
            decision_id,
            tenant: Arc::clone(&self.principal.tenant),
            actor: Arc::clone(&self.principal.id),
            identified: self.principal.key.is_some(),
            rpc_id,
            tunnel,
            plan,
            session,
            era: self.era,
            waited_s: None,
            was_held: false,
            reservation: None,
            execution,
            _slot: slot,
        };
        (route, Box::new(forwarding))
    }
}

pub(super) fn rpc_text(id: Option<Json<'_>>) -> Option<String> {
    let mut text = Vec::with_capacity(8);
    write_json(&id?, &|_| false, &mut text);
    String::from_utf8(text).ok()
}
