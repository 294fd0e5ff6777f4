//! The synchronous part of a request: identify, extract, decide, and write the record. No step waits for anything.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use http::HeaderMap;

use crate::audit::record::{DecisionRecord, EventRecord, Origin};
use crate::config::{McpDenial, Mode};
use crate::decision::{PolicySnapshot, Protocol, Route, decide};
use crate::extract::{ExtractError, Extracted, OperationsInput, rpc_code};
use crate::gateway::head::{self, Head, Incoming};
use crate::gateway::permit::Forwarding;
use crate::gateway::{Gateway, Refusal, RefusalForm};
use crate::identity::{IdentityError, identify};
use crate::model::call::{DecisionRequest, Principal, ToolCall};
use crate::model::decision::{Decision, Facts, Outcome, Reason, ReasonCode};
use crate::model::id::{DECISION, Id};
use crate::model::json::{Json, NormalPath, PathAllowance, write_json};
use crate::model::slots::Slot;

/// What a request came to, before the ledger was asked.
pub(super) struct Assessed {
    /// What to do once the record is in.
    pub(super) answer: Result<Forwarding, Box<Refusal>>,
    /// The record; `None` for callers that were never identified.
    pub(super) record: Option<Vec<u8>>,
    /// For the metrics.
    pub(super) route: Option<Arc<Route>>,
    pub(super) outcome: Option<Outcome>,
    pub(super) code: ReasonCode,
    /// The JSON-RPC id, where refusals take that form.
    pub(super) rpc_id: Option<String>,
}

/// A request whose route and caller are known.
struct Known<'r> {
    gateway: &'r Gateway,
    snapshot: &'r PolicySnapshot,
    route: &'r Arc<Route>,
    principal: Cow<'r, Principal>,
    request_id: Id,
    facts: Facts,
}

/// What forwarding needs besides the verdict.
struct Onward<'a> {
    incoming: Incoming<'a>,
    path: &'a NormalPath<'a>,
    /// The call's place among those under way on its route.
    slot: Slot,
}

/// What is forwarded without a decision.
#[derive(Clone, Copy)]
enum Passed<'c, 'a> {
    /// A protocol message, by its name in the record.
    Message(Option<&'c str>),
    /// A call on a route in mode `off`.
    Bypass(&'c ToolCall<'a>),
}

impl Gateway {
    /// Judges a request whose body could not be read, for `code`: whoever is known by then is recorded.
    pub(super) fn assess_unread(
        &self,
        snapshot: &PolicySnapshot,
        incoming: Incoming<'_>,
        error: ExtractError,
        request_id: Id,
        facts: Facts,
    ) -> Assessed {
        let found = head::read(incoming.headers, snapshot)
            .and_then(|head| find_route(snapshot, incoming, &head.host).map(|(route, _)| (head, route)));
        let (head, route) = match found {
            Ok(found) => found,
            Err(refusal) => return Assessed::unknown(refusal, None),
        };
        match caller(snapshot, route, incoming.headers, &head, facts) {
            Ok(principal) => Known { gateway: self, snapshot, route, principal, request_id, facts }
                .refused(Refusal::unreadable(error), None),
            Err(refusal) => Assessed::unknown(refusal, Some(Arc::clone(route))),
        }
    }

    /// Judges `incoming` under `snapshot`.
    pub(super) fn assess(
        &self,
        snapshot: &PolicySnapshot,
        incoming: Incoming<'_>,
        request_id: Id,
        facts: Facts,
    ) -> Assessed {
        let found = head::read(incoming.headers, snapshot).and_then(|head| {
            find_route(snapshot, incoming, &head.host).map(|(route, path)| (head, route, path))
        });
        let (head, route, path) = match found {
            Ok(found) => found,
            Err(refusal) => return Assessed::unknown(refusal, None),
        };
        let principal = match caller(snapshot, route, incoming.headers, &head, facts) {
            Ok(principal) => principal,
            Err(refusal) => return Assessed::unknown(refusal, Some(Arc::clone(route))),
        };
        let known = Known { gateway: self, snapshot, route, principal, request_id, facts };
        let extracted = match extract(snapshot, route, incoming, &head, &path) {
            Err(error) => return known.refused(Refusal::unreadable(error), None),
            Ok(extracted) => extracted,
        };
        let Some(slot) = route.slots.take() else { return known.overloaded(extracted) };
        let onward = Onward { incoming, path: &path, slot };
        match extracted {
            Extracted::Message { name, rpc_id } => {
                let name = name.as_ref().map(|name| name.as_str().to_owned());
                known.passed(Passed::Message(name.as_deref()), onward, rpc_id)
            }
            Extracted::Call { call, rpc_id, .. } if route.mode == Mode::Off => {
                known.passed(Passed::Bypass(&call), onward, rpc_id)
            }
            Extracted::Call { call, rpc_id, tool_result } => {
                known.decided(&call, rpc_id, tool_result, onward)
            }
        }
    }
}

fn caller<'r>(
    snapshot: &PolicySnapshot,
    route: &'r Route,
    headers: &HeaderMap,
    head: &Head<'_>,
    facts: Facts,
) -> Result<Cow<'r, Principal>, Box<Refusal>> {
    if head.has_origin && route.is_mcp() && !head::origin_allowed(headers, snapshot) {
        let detail = "This origin may not call MCP routes here (gateway.origins).";
        return Err(Box::new(Refusal::problem(403, ReasonCode::OriginNotAllowed, detail)));
    }
    let identified = head
        .presented
        .and_then(|presented| identify(&snapshot.keys, presented, route.anonymous.as_ref(), facts.now));
    identified.map_err(|error| {
        let missing = error == IdentityError::Missing;
        let code = if missing { ReasonCode::CredentialsMissing } else { ReasonCode::CredentialsInvalid };
        Box::new(Refusal::problem(401, code, error.to_string()))
    })
}

fn find_route<'r, 'a>(
    snapshot: &'r PolicySnapshot,
    incoming: Incoming<'a>,
    host: &str,
) -> Result<(&'r Arc<Route>, NormalPath<'a>), Box<Refusal>> {
    let refuse = |error: crate::model::json::PathError| {
        Box::new(Refusal::problem(400, ReasonCode::InvalidPath, format!("The request was refused: {error}.")))
    };
    // Which forms are let through depends on the route, so the route is found with all of them read, and the path is
    // then read again as the route wants it.
    let widest = PathAllowance { semicolon: true, encoded_slash: true };
    let path = NormalPath::parse(incoming.path, widest).map_err(refuse)?;
    let route = snapshot.route(host, &path).ok_or_else(|| {
        let detail = "No route of this gateway serves this host and path.";
        Box::new(Refusal::problem(404, ReasonCode::RouteNotFound, detail))
    })?;
    let path = if route.allow_paths == widest || !incoming.path.contains(['%', ';']) {
        path
    } else {
        NormalPath::parse(incoming.path, route.allow_paths).map_err(refuse)?
    };
    Ok((route, path))
}

fn extract<'a>(
    snapshot: &PolicySnapshot,
    route: &Route,
    incoming: Incoming<'a>,
    head: &Head<'a>,
    path: &'a NormalPath<'a>,
) -> Result<Extracted<'a>, ExtractError> {
    let content_type = head.content_type;
    match &route.protocol {
        Protocol::Http(operations) => {
            let (method, query, body) = (incoming.method, incoming.query, incoming.body);
            operations.extract(&snapshot.reader, OperationsInput { method, path, query, content_type, body })
        }
        Protocol::Mcp(mcp) => {
            only_post(incoming.method)?;
            mcp.extract(&snapshot.reader, head.mcp, content_type, incoming.body)
        }
        Protocol::ToolCall(tool_call) => {
            only_post(incoming.method)?;
            tool_call.extract(&snapshot.reader, content_type, incoming.body)
        }
    }
}

fn only_post(method: &str) -> Result<(), ExtractError> {
    if method == "POST" {
        return Ok(());
    }
    Err(ExtractError::new(405, ReasonCode::MethodNotAllowed, "This route serves POST only."))
}

impl Assessed {
    /// Refused before the caller was known: counted, not recorded, so that strangers cannot fill the ledger.
    fn unknown(refusal: Box<Refusal>, route: Option<Arc<Route>>) -> Self {
        let code = refusal.code;
        Self { answer: Err(refusal), record: None, route, outcome: None, code, rpc_id: None }
    }
}

impl Known<'_> {
    fn origin(&self) -> Origin<'_> {
        Origin {
            route: &self.route.name,
            request_id: &self.request_id,
            snapshot: &self.snapshot.reference,
            facts: self.facts,
        }
    }

    /// No place is free on the route.
    fn overloaded(self, extracted: Extracted<'_>) -> Assessed {
        self.gateway.metrics.shed();
        let (Extracted::Message { rpc_id, .. } | Extracted::Call { rpc_id, .. }) = extracted;
        let rpc_id = rpc_text(rpc_id);
        self.refused(Refusal::overloaded(rpc_id.clone()), rpc_id)
    }

    fn refused(self, mut refusal: Refusal, rpc_id: Option<String>) -> Assessed {
        let reason = Reason::new(&refusal.detail);
        let record = EventRecord {
            kind: "refusal",
            origin: Some(self.origin()),
            principal: Some(&self.principal),
            capability: None,
            call: None,
            outcome: Outcome::Deny,
            code: refusal.code,
            reason: &reason,
        };
        let code = refusal.code;
        let record = Some(record.payload());
        refusal.help.clone_from(&self.route.help);
        if code == ReasonCode::MethodNotAllowed {
            refusal.allow = Some("POST");
        }
        Assessed {
            answer: Err(Box::new(refusal)),
            record,
            route: Some(Arc::clone(self.route)),
            outcome: None,
            code,
            rpc_id,
        }
    }

    fn passed(self, what: Passed<'_, '_>, onward: Onward<'_>, rpc_id: Option<Json<'_>>) -> Assessed {
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
        let rpc_id = rpc_text(rpc_id);
        let (route, forwarding) = self.forward(onward, None, rpc_id.clone());
        Assessed {
            answer: Ok(forwarding),
            record,
            route: Some(route),
            outcome: Some(Outcome::Allow),
            code,
            rpc_id,
        }
    }

    fn decided(
        self,
        call: &ToolCall<'_>,
        rpc_id: Option<Json<'_>>,
        tool_result: bool,
        onward: Onward<'_>,
    ) -> Assessed {
        let started = Instant::now();
        let request = DecisionRequest { principal: &self.principal, call };
        let decision = without_holds(decide(self.snapshot, request, self.facts));
        self.gateway.metrics.observe_decision(started);
        let decision_id = self.request_id.with_prefix(DECISION);
        let allowed = decision.outcome == Outcome::Allow;
        let enforced = allowed || self.route.mode != Mode::Shadow;
        let record = DecisionRecord {
            origin: self.origin(),
            decision_id: &decision_id,
            request,
            decision: &decision,
            enforced,
        };
        let record = Some(record.payload(&self.gateway.redaction));
        let rpc_id = rpc_text(rpc_id);
        let (outcome, code) = (Some(decision.outcome), decision.code);
        if allowed || !enforced {
            let (route, forwarding) = self.forward(onward, Some(decision_id), rpc_id.clone());
            return Assessed { answer: Ok(forwarding), record, route: Some(route), outcome, code, rpc_id };
        }
        let refusal = self.denied(&decision, decision_id, rpc_id.clone(), tool_result);
        let route = Some(Arc::clone(self.route));
        Assessed { answer: Err(Box::new(refusal)), record, route, outcome, code, rpc_id }
    }

    fn denied(
        &self,
        decision: &Decision,
        decision_id: Id,
        rpc_id: Option<String>,
        tool_result: bool,
    ) -> Refusal {
        let mut refusal = Refusal::problem(403, decision.code, decision.reason.as_str());
        refusal.decision_id = Some(decision_id);
        refusal.help.clone_from(&self.route.help);
        let Some(id) = rpc_id else { return refusal };
        if tool_result && self.route.mcp_denial == McpDenial::ToolError {
            return refusal.in_form(RefusalForm::ToolResult { id });
        }
        // MCP clients read a JSON-RPC error only from a 200: any other status is a broken transport to them.
        refusal.status = 200;
        refusal.in_form(RefusalForm::Rpc { code: rpc_code::DENIED, id, data: None })
    }

    fn forward(
        self,
        Onward { incoming, path, slot }: Onward<'_>,
        decision_id: Option<Id>,
        rpc_id: Option<String>,
    ) -> (Arc<Route>, Forwarding) {
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
        let route = Arc::clone(self.route);
        let actor = Arc::clone(&self.principal.id);
        let forwarding =
            Forwarding::new(Arc::clone(&route), target, self.request_id, decision_id, actor, rpc_id, slot);
        (route, forwarding)
    }
}

/// This version cannot wait for a person: what would be held is denied, and says so.
fn without_holds(mut decision: Decision) -> Decision {
    if matches!(decision.outcome, Outcome::RequireConfirmation | Outcome::Escalate) {
        decision.outcome = Outcome::Deny;
        decision.code = ReasonCode::ApprovalRequired;
        decision.reason = Reason::new(&format!(
            "Blocked: approval is required and this version cannot wait for one. {}",
            decision.reason
        ));
    }
    decision
}

fn rpc_text(id: Option<Json<'_>>) -> Option<String> {
    let mut text = Vec::with_capacity(8);
    write_json(&id?, &|_| false, &mut text);
    String::from_utf8(text).ok()
}
