//! The phases of a request, in the order Pingora calls them.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{EXPECT, TRANSFER_ENCODING};
use http::{StatusCode, Version};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorSource, ErrorType, Result};

use crate::config::Timeouts;
use crate::extract::rpc_code;
use crate::gateway::{Forwarding, Gateway, Incoming, Refusal, Verdict};
use crate::model::decision::ReasonCode;
use crate::proxy::body::{Borrower, REPLAYED_BYTES, lend, linger, read_body, unread};
use crate::proxy::context::RequestContext;
use crate::proxy::guarded::guarded;
use crate::proxy::headers::{self, PREFERENCE_APPLIED, SESSION};
use crate::proxy::listen::Deadline;
use crate::proxy::respond::refuse;
use crate::proxy::upstream::Peers;

/// The data plane's service.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) gateway: Arc<Gateway>,
    pub(super) timeouts: Timeouts,
    pub(super) max_body_bytes: usize,
    pub(super) peers: Arc<Peers>,
}

impl Service {
    /// Reads the body, asks the gateway, and answers what is refused. `true`: answered.
    async fn filter(&self, session: &mut Session, ctx: &mut Box<RequestContext>) -> Result<bool> {
        ctx.attach(session)?;
        if session.is_http2() {
            headers::name_host(session.req_header_mut());
        }
        ctx.slot = self.gateway.admit();
        if ctx.slot.is_none() {
            let refusal = self.gateway.shed(incoming(session, &[]));
            ctx.ended_by = Some(refusal.code);
            return refuse_unread(session, ctx, &refusal).await;
        }
        // Who sends no body is judged at once. The body of a stranger is waited for only while there are places enough, and nobody
        // is told to go on with one that will not be read.
        let waits = !session.is_body_empty()
            && (self.gateway.is_crowded() || session.req_header().headers.contains_key(EXPECT));
        if waits && let Some(refusal) = self.gateway.turn_away(incoming(session, &[])) {
            ctx.ended_by = Some(refusal.code);
            return refuse_unread(session, ctx, &refusal).await;
        }
        ctx.within(self.timeouts.body);
        let body = read_body(session, ctx, self.max_body_bytes).await;
        let timed_out = ctx.timed_out();
        ctx.clear_deadline();
        let body = match body {
            Ok(body) => body,
            Err(code) => {
                let code = if timed_out { ReasonCode::BodyTimeout } else { code };
                let error = unread(code, self.max_body_bytes);
                let refusal =
                    self.gateway.refuse_unread(incoming(session, &[]), error, &mut ctx.access).await;
                return refuse_unread(session, ctx, &refusal).await;
            }
        };
        match self.verdict(session, ctx, &body).await? {
            Verdict::Forward(permit) => {
                if !permit.opens_tunnel() {
                    ctx.request_is_whole();
                }
                headers::forget_case(session.req_header_mut());
                let (deadline, plan) = (ctx.stream_deadline(), permit.plan().cloned());
                if body.len() > REPLAYED_BYTES || deadline.is_some() || plan.is_some() {
                    let borrower = Borrower { has_body: !body.is_empty(), deadline, plan };
                    ctx.lent = Some(lend(&mut session.downstream_session, borrower));
                }
                ctx.permit = Some(permit);
                ctx.body = body;
                Ok(false)
            }
            Verdict::Refuse(refusal) => {
                refuse(session, &refusal).await?;
                Ok(true)
            }
            // `verdict` waits to the end.
            Verdict::Wait(_) => Err(Error::explain(ErrorType::InternalError, "a request waits still")),
        }
    }

    /// Puts the caller's form of a session id in the place of the server's own, which no caller must learn.
    fn show_session(&self, response: &mut ResponseHeader, forwarding: &Forwarding) -> Result<()> {
        if !forwarding.may_name_session() {
            response.remove_header(&SESSION);
            return Ok(());
        }
        let mut named = response.headers.get_all(SESSION).iter().filter(|named| !named.is_empty());
        let shown = match (named.next(), named.next()) {
            (None, _) => return Ok(()),
            (Some(named), None) => self.gateway.show_session(forwarding, named),
            (Some(_), Some(_)) => None,
        };
        let unusable =
            || Error::explain(ErrorType::InvalidHTTPHeader, "the tool's Mcp-Session-Id cannot be used");
        response.insert_header(SESSION, shown.ok_or_else(unusable)?)
    }

    /// Says why the upstream's answer does not come. `None`: nobody is left to tell.
    fn upstream_refusal(&self, error: &Error, ctx: &RequestContext) -> Option<Refusal> {
        let Some(forwarding) = &ctx.forwarding else {
            let gone = ctx.ended_by == Some(ReasonCode::ClientGone);
            return (!gone).then(|| Refusal::internal(None));
        };
        if let Some(refused) = ctx.answer_refused {
            let detail = format!("The call was made, but its result is withheld: {refused}.");
            let refusal = Refusal::problem(502, ReasonCode::ResponseRefused, detail);
            return Some(refusal.for_rpc(forwarding.rpc_id().map(str::to_owned), rpc_code::UPSTREAM));
        }
        let code = ending(error, ctx);
        if code == ReasonCode::ClientGone {
            return None;
        }
        let route = &forwarding.route().name;
        tracing::warn!(route = %route, request_id = %forwarding.request_id(), error = %error.etype().as_str(), "the upstream failed");
        let (status, detail) = match (code, forwarding.sent().is_marked()) {
            (ReasonCode::UpstreamTimeout, true) => {
                (504, "The tool did not answer in time; the call may have run.")
            }
            (ReasonCode::UpstreamTimeout, false) => {
                (504, "The tool could not be reached in time; the call was not sent.")
            }
            (_, true) => (
                502,
                "The tool's answer broke off, did not come or could not be used; the call may have run.",
            ),
            (_, false) => (502, "The tool could not be reached; the call was not sent."),
        };
        let refusal = Refusal::problem(status, code, detail);
        Some(refusal.for_rpc(forwarding.rpc_id().map(str::to_owned), rpc_code::UPSTREAM))
    }
}

#[async_trait]
impl ProxyHttp for Service {
    type CTX = Box<RequestContext>;

    fn new_ctx(&self) -> Box<RequestContext> {
        Box::new(RequestContext::new(Arc::clone(&self.gateway)))
    }

    fn init_downstream_modules(&self, _modules: &mut HttpModules) {
        // Pingora's default is a compression module. Responses pass untouched, so there is nothing for one to do.
    }

    async fn request_filter(&self, session: &mut Session, ctx: &mut Box<RequestContext>) -> Result<bool> {
        session.set_write_timeout(Some(self.timeouts.idle));
        let filtered = guarded(pin!(self.filter(session, ctx))).await;
        match filtered {
            Ok(answered) => answered,
            Err(_panicked) => {
                self.gateway.note(
                    "",
                    "panic",
                    ReasonCode::InternalError,
                    "A panic was caught; the call was refused.",
                );
                ctx.ended_by = Some(ReasonCode::InternalError);
                session.set_keepalive(None);
                refuse(session, &Refusal::internal(None)).await?;
                Ok(true)
            }
        }
    }

    async fn upstream_peer(
        &self,
        _session: &mut Session,
        ctx: &mut Box<RequestContext>,
    ) -> Result<Box<HttpPeer>> {
        // INVARIANT: the permit is taken out. Pingora asks again only to retry, and finds none.
        let permit =
            ctx.permit.take().ok_or_else(|| Error::explain(ErrorType::HTTPStatus(502), "no permit"))?;
        let forwarding = ctx.forwarding.insert(permit.spend());
        let (route, sent) = (Arc::clone(forwarding.route()), forwarding.sent().clone());
        // A tunnel's head waits for the end of its body too, which is none: a tool that agreed before Pingora had seen that end
        // would have the tunnel closed again.
        let waits = !ctx.body.is_empty() || forwarding.is_tunnel();
        ctx.within(route.upstream.connect + route.upstream.read);
        let (peer, chosen) = self.peers.peer(&route, waits, sent).await?;
        ctx.chosen = Some(chosen);
        Ok(peer)
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        ctx: &mut Box<RequestContext>,
    ) -> Result<()> {
        if let (Some(chosen), Some(forwarding)) = (&ctx.chosen, &ctx.forwarding) {
            self.peers.sending(chosen, forwarding.sent());
        }
        let was_chunked = session.req_header().headers.contains_key(TRANSFER_ENCODING);
        match &ctx.forwarding {
            Some(forwarding) => headers::prepare(request, forwarding, ctx.body.len(), was_chunked),
            None => Err(Error::explain(ErrorType::HTTPStatus(502), "no permit")),
        }
    }

    async fn request_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut Box<RequestContext>,
    ) -> Result<()> {
        // Pingora has seen the tool agree to a tunnel, which only a permit for one asks for.
        if session.was_upgraded() {
            return Ok(());
        }
        // What Pingora replays is not looked at: the upstream gets the bytes that were judged.
        *body = if end_of_stream { Some(std::mem::take(&mut ctx.body)) } else { Some(Bytes::new()) };
        Ok(())
    }

    async fn response_filter(
        &self,
        _session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Box<RequestContext>,
    ) -> Result<()> {
        if let Some(forwarding) = &mut ctx.forwarding {
            if response.status == StatusCode::SWITCHING_PROTOCOLS && !forwarding.is_tunnel() {
                let what = "the tool left HTTP, which nobody asked of it";
                return Err(Error::explain(ErrorType::InvalidHTTPHeader, what).into_up());
            }
            if is_final(response.status) {
                forwarding.answered(response.status.as_u16());
            }
            self.show_session(response, forwarding)?;
            if let Some(waited_s) = forwarding.waited_s() {
                // Beside what the tool says of the preferences that were left to it.
                response.append_header(PREFERENCE_APPLIED, format!("wait={waited_s}"))?;
            }
        }
        if is_final(response.status) {
            match self.timeouts.stream_idle {
                Some(idle) => ctx.within(idle),
                None => ctx.clear_deadline(),
            }
        }
        Ok(())
    }

    fn response_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        _end_of_stream: bool,
        ctx: &mut Box<RequestContext>,
    ) -> Result<Option<Duration>> {
        if let (Some(forwarding), Some(body)) = (&mut ctx.forwarding, body) {
            forwarding.received(body.len());
        }
        if let Some(idle) = self.timeouts.stream_idle {
            ctx.within(idle);
        }
        Ok(None)
    }

    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        _session: &mut Session,
        mut error: Box<Error>,
        _ctx: &mut Box<RequestContext>,
        _client_reused: bool,
    ) -> Box<Error> {
        // Never retried: what was sent may have run, and Pingora would resend PUT and DELETE.
        error.set_retry(false);
        error
    }

    fn fail_to_connect(
        &self,
        _session: &mut Session,
        _peer: &HttpPeer,
        ctx: &mut Box<RequestContext>,
        mut error: Box<Error>,
    ) -> Box<Error> {
        if let Some(chosen) = &ctx.chosen {
            self.peers.failed(chosen);
        }
        error.set_retry(false);
        error.as_up();
        error
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        ctx: &mut Box<RequestContext>,
    ) -> FailToProxy {
        ctx.take_back(session);
        session.set_keepalive(None);
        // Before the caller hears of it: it may repeat the call at once.
        if let Some(forwarding) = &mut ctx.forwarding {
            forwarding.give_back().await;
        }
        let mut error_code = 0;
        if let Some(refused) = ctx.answer_refused {
            let route = ctx.forwarding.as_ref().map_or("", |forwarding| &forwarding.route().name);
            tracing::warn!(route = %route, reason = %refused, "an answer was withheld");
        }
        // Once an answer has begun, all that is left is to break it off.
        if session.response_written().is_none()
            && let Some(refusal) = self.upstream_refusal(error, ctx)
        {
            error_code = refusal.status;
            // The caller may have left; there is nothing else to try.
            let _gone = refuse(session, &refusal).await;
        }
        FailToProxy { error_code, can_reuse_downstream: false }
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, ctx: &mut Box<RequestContext>) {
        // The last phase before Pingora asks the session for its connection.
        ctx.take_back(session);
        let status = session.response_written().map(|head| head.status.as_u16());
        let ending = error.map_or(Ok(()), |error| Err(ending(error, ctx)));
        ctx.finish(status, ending);
    }

    fn suppress_error_log(&self, _session: &Session, _ctx: &Box<RequestContext>, _error: &Error) -> bool {
        // Pingora's line holds the request target, which may hold argument values.
        true
    }

    fn request_summary(&self, session: &Session, ctx: &Box<RequestContext>) -> String {
        let route = ctx.forwarding.as_ref().map_or("", |forwarding| &forwarding.route().name);
        format!("{} on route {route:?}", session.req_header().method)
    }
}

/// A request as the gateway judges it.
pub(super) fn incoming<'a>(session: &'a Session, body: &'a [u8]) -> Incoming<'a> {
    let head = session.req_header();
    Incoming {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query(),
        headers: &head.headers,
        peer: session.client_addr().and_then(|address| address.as_inet()).map(|address| address.ip()),
        tls: session.digest().is_some_and(|digest| digest.ssl_digest.is_some()),
        body,
        client: Deadline::of(session).and_then(|deadline| deadline.client()),
        may_upgrade: head.version == Version::HTTP_11,
    }
}

/// Whether no other status follows.
fn is_final(status: StatusCode) -> bool {
    !status.is_informational() || status == StatusCode::SWITCHING_PROTOCOLS
}

/// What kept an answer from being passed on whole.
fn ending(error: &Error, ctx: &RequestContext) -> ReasonCode {
    let late = matches!(error.etype(), ErrorType::ConnectTimedout | ErrorType::ReadTimedout);
    // The source, not the kind, says whose failure it was: Pingora also calls it a ConnectError when a caller sends
    // bytes behind its body.
    match error.esource() {
        _ if ctx.answer_refused.is_some() => ReasonCode::ResponseRefused,
        _ if late || ctx.timed_out() => ReasonCode::UpstreamTimeout,
        ErrorSource::Downstream => ReasonCode::ClientGone,
        _ => ReasonCode::UpstreamFailed,
    }
}

/// Refuses a request whose body is not read to its end, so that its connection cannot serve another. The answer goes out at
/// once, and what the caller still sends is taken, or the answer could be lost.
async fn refuse_unread(session: &mut Session, ctx: &RequestContext, refusal: &Refusal) -> Result<bool> {
    session.set_keepalive(None);
    refuse(session, refusal).await?;
    linger(session, ctx).await;
    Ok(true)
}
