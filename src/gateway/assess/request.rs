//! Who wants what: the route, the caller, the session, the call.

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::Mode;
use crate::decision::{PolicySnapshot, Protocol, ResponseRules, Route};
use crate::extract::{ExtractError, Extracted, McpInput, MessageKind, OperationsInput};
use crate::gateway::assess::Assessed;
use crate::gateway::assess::known::{Known, Onward, Passed};
use crate::gateway::head::{self, Head, Incoming};
use crate::gateway::{Gateway, Refusal};
use crate::identity::{IdentityError, identify};
use crate::model::call::Principal;
use crate::model::decision::{Facts, ReasonCode};
use crate::model::id::Id;
use crate::model::json::{NormalPath, PathAllowance};

impl Gateway {
    /// Judges a request whose body could not be read, for `code`: whoever is known by then is recorded.
    pub(in crate::gateway) fn assess_unread(
        &self,
        snapshot: &Arc<PolicySnapshot>,
        incoming: Incoming<'_>,
        error: ExtractError,
        request_id: Id,
        facts: Facts<'_>,
    ) -> Assessed {
        let found = head::read(incoming.headers, snapshot)
            .and_then(|head| find_route(snapshot, incoming, &head.host).map(|(route, _)| (head, route)));
        let (head, route) = match found {
            Ok(found) => found,
            Err(refusal) => return Assessed::unknown(refusal, None),
        };
        match self.caller(snapshot, route, incoming, &head, facts) {
            Ok(principal) => {
                let era = head.mcp.era();
                Known { gateway: self, snapshot, route, principal, era, request_id, facts, resumed: false }
                    .refused(Refusal::unreadable(error), None)
            }
            Err(refusal) => Assessed::unknown(refusal, Some(Arc::clone(route))),
        }
    }

    /// Judges `incoming` under `snapshot`; `resumed`: it has waited for a hold.
    pub(in crate::gateway) fn assess(
        &self,
        snapshot: &Arc<PolicySnapshot>,
        incoming: Incoming<'_>,
        request_id: Id,
        facts: Facts<'_>,
        resumed: bool,
    ) -> Assessed {
        let found = head::read(incoming.headers, snapshot).and_then(|head| {
            find_route(snapshot, incoming, &head.host).map(|(route, path)| (head, route, path))
        });
        let (mut head, route, path) = match found {
            Ok(found) => found,
            Err(refusal) => return Assessed::unknown(refusal, None),
        };
        let principal = match self.caller(snapshot, route, incoming, &head, facts) {
            Ok(principal) => principal,
            Err(refusal) => return Assessed::unknown(refusal, Some(Arc::clone(route))),
        };
        let era = head.mcp.era();
        let known = Known { gateway: self, snapshot, route, principal, era, request_id, facts, resumed };
        let session = match self.session(route, &known.principal, &head) {
            Ok(session) => session,
            Err(refusal) => return known.refused(*refusal, None),
        };
        head.mcp.in_session = session.is_some();
        let extracted = match extract(snapshot, route, incoming, &head, &path) {
            Err(error) => return known.refused(Refusal::unreadable(error), None),
            Ok(extracted) => extracted,
        };
        let Some(slot) = route.slots.take() else { return known.overloaded(extracted) };
        let kind = match &extracted {
            Extracted::Message { kind, .. } => *kind,
            Extracted::Call { .. } => MessageKind::Other,
        };
        if kind == MessageKind::CallsOff {
            known.call_off(incoming.body, session.as_deref());
        }
        let plan = known.plan(kind);
        let onward = Onward { incoming, path: &path, tunnel: head.tunnel, session, plan, slot };
        match extracted {
            Extracted::Message { name, rpc_id, .. } => {
                let name = name.as_ref().map(|name| name.as_str().to_owned());
                known.passed(Passed::Message(name.as_deref()), onward, rpc_id)
            }
            Extracted::Call { call, rpc_id, .. } if route.mode == Mode::Off => {
                known.passed(Passed::Bypass(&call), onward, rpc_id)
            }
            Extracted::Call { mut call, rpc_id, tool_result } => {
                known.tell_apart(&mut call);
                known.decided(&call, rpc_id, tool_result, onward)
            }
        }
    }

    /// Who calls; an address whose credentials fail again and again is not listened to for a while.
    pub(super) fn caller<'r>(
        &self,
        snapshot: &PolicySnapshot,
        route: &'r Route,
        incoming: Incoming<'_>,
        head: &Head<'_>,
        facts: Facts<'_>,
    ) -> Result<Cow<'r, Principal>, Box<Refusal>> {
        // Browsers let any page open a WebSocket anywhere.
        let guarded = route.is_mcp() || head.tunnel;
        if head.has_origin && guarded && !head::origin_allowed(incoming.headers, snapshot) {
            let detail = "This origin may not call MCP routes or open tunnels here (gateway.origins).";
            return Err(Box::new(Refusal::problem(403, ReasonCode::OriginNotAllowed, detail)));
        }
        let identified = head.presented.and_then(|presented| {
            self.throttle.attempt(incoming.client, facts.now, |patience| {
                identify(&snapshot.keys, presented, route.anonymous.as_ref(), facts.now, patience)
            })
        });
        identified.map_err(|error| {
            let (status, code) = match error {
                IdentityError::Missing => (401, ReasonCode::CredentialsMissing),
                IdentityError::Throttled { .. } => (429, ReasonCode::CredentialsThrottled),
                _ => (401, ReasonCode::CredentialsInvalid),
            };
            let mut refusal = Refusal::problem(status, code, error.to_string());
            if let IdentityError::Throttled { retry_after_s } = error {
                refusal.retry_after_s = Some(retry_after_s);
            }
            Box::new(refusal)
        })
    }
}

pub(super) fn find_route<'r, 'a>(
    snapshot: &'r PolicySnapshot,
    incoming: Incoming<'a>,
    host: &str,
) -> Result<(&'r Arc<Route>, NormalPath<'a>), Box<Refusal>> {
    let refuse = |error: crate::model::json::PathError| {
        Box::new(Refusal::problem(400, ReasonCode::InvalidPath, format!("The request was refused: {error}.")))
    };
    // Which forms are let through depends on the route, so the route is found with all of them read, and the path is
    // then read again as the route wants it.
    // Some tools ignore the letter case of methods: `delete` would be an operation there that nobody judged as one.
    if !incoming.method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-' || byte == b'_') {
        let detail = "The request was refused: its method is not written in capitals.";
        return Err(Box::new(Refusal::problem(400, ReasonCode::InvalidRequest, detail)));
    }
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
    if head.tunnel {
        return tunnel(snapshot, route, incoming, path);
    }
    match &route.protocol {
        Protocol::Http(operations) => {
            let (method, query, body) = (incoming.method, incoming.query, incoming.body);
            operations.extract(&snapshot.reader, OperationsInput { method, path, query, content_type, body })
        }
        Protocol::Mcp(mcp) => {
            let (method, body) = (incoming.method, incoming.body);
            mcp.extract(&snapshot.reader, McpInput { method, head: &head.mcp, content_type, body })
        }
        Protocol::ToolCall(tool_call) => {
            only_post(incoming.method)?;
            tool_call.extract(&snapshot.reader, content_type, incoming.body)
        }
    }
}

/// A tunnel is opened by a GET without a body over HTTP/1.1, on a route that knows what a tunnel is.
fn tunnel<'a>(
    snapshot: &PolicySnapshot,
    route: &Route,
    incoming: Incoming<'a>,
    path: &'a NormalPath<'a>,
) -> Result<Extracted<'a>, ExtractError> {
    let refuse = |what: &str| {
        let message = format!("The request for a tunnel was refused: {what}.");
        Err(ExtractError::new(400, ReasonCode::InvalidRequest, message))
    };
    let Protocol::Http(operations) = &route.protocol else {
        return refuse("only http routes serve WebSocket");
    };
    if route.response != ResponseRules::default() {
        return refuse("the route looks at answers (response), and nobody can look into a tunnel");
    }
    if route.upstream.http2 {
        return refuse("the route's tool is spoken to over HTTP/2, which carries no tunnel");
    }
    if incoming.method != "GET" || !incoming.body.is_empty() || !incoming.may_upgrade {
        return refuse("it must be a GET without a body over HTTP/1.1");
    }
    operations.extract_tunnel(&snapshot.reader, path, incoming.query)
}

fn only_post(method: &str) -> Result<(), ExtractError> {
    if method == "POST" {
        return Ok(());
    }
    Err(ExtractError::new(405, ReasonCode::MethodNotAllowed, "This route serves POST only."))
}
