//! A decision that wants a person: what is asked, what the call is known by again, and how it may wait.

use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;

use crate::audit::held::HeldDecision;
use crate::config::Mode;
use crate::decision::Protocol;
use crate::facts::{LaterCharge, LaterStep, Reservation};
use crate::gateway::assess::BoundSession;
use crate::gateway::assess::known::{Answer, Assessed, Known, Onward, rpc_text};
use crate::gateway::assess::obligations::fulfilled;
use crate::gateway::execution::counting::Noted;
use crate::gateway::holding::{Asking, Held, Preference, Terms};
use crate::holds::{Ask, Limits, Named, RequestKey, WaitLimits};
use crate::model::call::{Body, CallDigest, DigestBody, DigestParts, Parameters, ToolCall};
use crate::model::decision::Decision;
use crate::model::id::{HOLD, Id};
use crate::model::json::Json;

/// Requests that may wait for one hold: repeats of one call, of which one is let through.
const WAITING_PER_HOLD: usize = 8;

/// A call and the decision that wants it held.
pub(super) struct Asked<'c, 'a> {
    pub(super) call: &'c ToolCall<'a>,
    pub(super) decision: &'c Decision,
    pub(super) decision_id: Id,
    /// What it counts as in its session once it is let through.
    pub(super) step: Option<LaterStep>,
    /// What letting it through takes of limits, where that was not taken already.
    pub(super) charge: Option<LaterCharge>,
    /// What was.
    pub(super) reservation: Option<Reservation>,
    /// What is observed of it.
    pub(super) noted: Option<Box<Noted>>,
    /// Whether a refusal may be a tool's result.
    pub(super) tool_result: bool,
}

impl Known<'_> {
    /// What the call is known by again.
    pub(super) fn digest(&self, call: &ToolCall<'_>, onward: &Onward<'_>) -> CallDigest {
        let incoming = onward.incoming;
        let headers = incoming.headers;
        let content_types: Vec<&[u8]> =
            headers.get_all(CONTENT_TYPE).iter().map(http::HeaderValue::as_bytes).collect();
        let mcp_params: Vec<(&str, &[u8])> = headers
            .iter()
            .filter(|(name, _)| name.as_str().starts_with("mcp-param-"))
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        // On http routes the body was read as a part of the call. On the others only a part of it was, so it is read again.
        let whole = self.snapshot.reader.parse(incoming.body);
        let (query, body) = match (&self.route.protocol, &call.parameters, &whole) {
            (Protocol::Http(_), Parameters::Sections { body: Body::Absent, .. }, _) => {
                (incoming.query, DigestBody::Absent)
            }
            (Protocol::Http(_), Parameters::Sections { body: Body::Json(body), .. }, _) => {
                (incoming.query, DigestBody::Json(body))
            }
            (Protocol::Mcp(_), _, Ok(message)) => (None, DigestBody::JsonRpc(message)),
            (Protocol::ToolCall(_), _, Ok(body)) => (None, DigestBody::Json(body)),
            _ => (incoming.query, DigestBody::Opaque(incoming.body)),
        };
        CallDigest::of(&DigestParts {
            principal: &self.principal,
            route: &self.route.name,
            method: incoming.method,
            path: onward.path,
            query,
            content_types: &content_types,
            mcp_params: &mcp_params,
            body,
        })
    }

    /// The caller waits no more for the request that the notification in `body` names. Should that one be held, its wait ends;
    /// a tool that has never heard of the request ignores the notification.
    pub(super) fn call_off(&self, body: &[u8], session: Option<&BoundSession>) {
        let waiters = self.gateway.holds.waiters();
        // Without a key or a session one guest cannot be told from another, nor its request from another's of the same id.
        let is_known = self.principal.key.is_some() || session.is_some();
        if waiters.count() == 0 || !is_known {
            return;
        }
        let Ok(message) = self.snapshot.reader.parse(body) else { return };
        let named = message.member("params").and_then(|params| params.member("requestId"));
        if let Some(rpc_id) = rpc_text(named.cloned()) {
            waiters.cancel(&self.request_key(session, rpc_id));
        }
    }

    /// By what a waiting request is known to another one.
    fn request_key(&self, session: Option<&BoundSession>, rpc_id: String) -> RequestKey {
        RequestKey {
            tenant: Arc::clone(&self.principal.tenant),
            actor: Arc::clone(&self.principal.id),
            route: Arc::clone(&self.route.name),
            session: session.map(|session| session.upstream.as_bytes().to_vec()),
            rpc_id,
        }
    }

    /// The call is held: what becomes of it is found out at the desk.
    pub(super) fn held(
        self,
        asked: Asked<'_, '_>,
        record: HeldDecision,
        onward: Onward<'_>,
        rpc_id: Option<Json<'_>>,
    ) -> Assessed {
        let rpc_id = rpc_text(rpc_id);
        let access = self.access(asked.call.action.capability());
        let ask = Arc::new(self.ask(&asked, &record));
        let Asked { call, decision, decision_id, step, charge, reservation, noted, tool_result } = asked;
        let form = self.denied(decision, decision_id, rpc_id.clone(), tool_result);
        let terms = self.terms(&onward, rpc_id.clone());
        let plan = fulfilled(onward.plan, &decision.obligations, self.route);
        let onward = Onward { plan, ..onward };
        let (route, mut forwarding) =
            self.forward(onward, Some(decision_id), rpc_id.clone(), Some(&call.action));
        forwarding.charged(reservation);
        Assessed {
            answer: Answer::Held(Box::new(Held {
                ask,
                record,
                step,
                charge,
                noted,
                code: decision.code,
                forwarding,
                form,
                terms,
            })),
            record: None,
            route: Some(route),
            outcome: Some(decision.outcome),
            code: decision.code,
            rpc_id,
            access,
            noted: None,
        }
    }

    fn ask(&self, asked: &Asked<'_, '_>, record: &HeldDecision) -> Ask {
        let asking = Asking {
            snapshot: self.snapshot,
            redaction: &self.gateway.redaction,
            principal: &self.principal,
            route: &self.route.name,
            call: asked.call,
            decision: asked.decision,
            decision_id: asked.decision_id,
            now: self.facts.now,
        };
        let mut ask = asking.ask(record.digest(), self.principal.key.is_some());
        // Where nothing is refused nobody is asked either.
        if self.route.mode == Mode::Shadow {
            ask.lifts.clear();
        }
        ask
    }

    fn terms(&self, onward: &Onward<'_>, rpc_id: Option<String>) -> Terms {
        let rules = &self.snapshot.holds;
        let preference = Preference::read(onward.incoming.headers);
        Terms {
            named: named(onward),
            limits: Limits::of(rules),
            waiting: WaitLimits {
                all: rules.max_pending,
                actor: rules.max_pending_per_actor,
                hold: WAITING_PER_HOLD,
                bytes: rules.max_waiting_bytes,
            },
            request: rpc_id.map(|rpc_id| self.request_key(onward.session.as_deref(), rpc_id)),
            bytes: onward.incoming.body.len(),
            wait: self.wait(preference, onward),
            preference,
            links: self.gateway.holds.links(self.snapshot).cloned(),
        }
    }

    fn wait(&self, preference: Preference, onward: &Onward<'_>) -> Duration {
        let hold = self.route.hold;
        match preference.wait {
            // Nothing can be read from a connection that waits to become a tunnel without taking it from the tunnel.
            _ if onward.tunnel => Duration::ZERO,
            Some(wait) => wait.min(hold.max_wait),
            // Whoever wants to be told at once, and names no wait, does not wait.
            None if preference.respond_async && !self.route.is_mcp() => Duration::ZERO,
            None => hold.wait,
        }
    }
}

/// The hold that `X-Aegis-Hold` names; `None` when that is no hold, or more than one.
fn named(onward: &Onward<'_>) -> Option<Named> {
    let mut fields = onward.incoming.headers.get_all("x-aegis-hold").iter();
    match (fields.next(), fields.next()) {
        (None, _) => Some(Named::No),
        (Some(field), None) => {
            let id = field.to_str().ok().and_then(|text| Id::parse(HOLD, text.trim()));
            id.map(Named::ByCaller)
        }
        (Some(_), Some(_)) => None,
    }
}
