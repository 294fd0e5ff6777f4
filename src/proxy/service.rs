//! The phases of a request, in the order Pingora calls them.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::TRANSFER_ENCODING;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, Result};

use crate::config::Timeouts;
use crate::decision::Upstream;
use crate::extract::rpc_code;
use crate::gateway::{Gateway, Incoming, Refusal, Verdict};
use crate::model::decision::ReasonCode;
use crate::proxy::body::{read_body, unread};
use crate::proxy::connection::Deadline;
use crate::proxy::context::{DEADLINE, RequestContext};
use crate::proxy::guarded::guarded;
use crate::proxy::headers;
use crate::proxy::respond::refuse;

/// How long an idle upstream connection is kept, in seconds: under the five after which many servers close theirs.
const UPSTREAM_IDLE_S: u64 = 4;

/// The data plane's service.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) gateway: Arc<Gateway>,
    pub(super) timeouts: Timeouts,
    pub(super) max_body_bytes: usize,
}

impl Service {
    /// Reads the body, asks the gateway, and answers what is refused. `true`: answered.
    async fn filter(&self, session: &mut Session, ctx: &mut RequestContext) -> Result<bool> {
        ctx.deadline.within(self.timeouts.body);
        let body = read_body(session, self.max_body_bytes).await;
        let timed_out = ctx.deadline.has_passed();
        ctx.deadline.clear();
        let head = session.req_header();
        let incoming = |body| Incoming {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query(),
            headers: &head.headers,
            body,
        };
        let body = match body {
            Ok(body) => body,
            Err(code) => {
                let code = if timed_out { ReasonCode::BodyTimeout } else { code };
                let refusal =
                    self.gateway.refuse_unread(incoming(&[]), unread(code, self.max_body_bytes)).await;
                // What is left of the body is not read, so the connection cannot serve another request.
                session.set_keepalive(None);
                refuse(session, &refusal).await?;
                return Ok(true);
            }
        };
        match self.gateway.judge(incoming(&body)).await {
            Verdict::Forward(permit) => {
                ctx.deadline.request_is_whole();
                ctx.permit = Some(permit);
                ctx.body = body;
                Ok(false)
            }
            Verdict::Refuse(refusal) => {
                refuse(session, &refusal).await?;
                Ok(true)
            }
        }
    }

    /// Says why the upstream's answer does not come. `None`: nobody is left to tell, or an answer has begun.
    fn upstream_refusal(&self, error: &Error, ctx: &RequestContext) -> Option<Refusal> {
        if ctx.answered {
            return None;
        }
        let Some(forwarding) = &ctx.forwarding else {
            return Some(Refusal::internal(None));
        };
        let timed_out = ctx.deadline.has_passed()
            || matches!(error.etype(), ErrorType::ConnectTimedout | ErrorType::ReadTimedout);
        // The source, not the kind, says whose failure it was: Pingora also calls it a ConnectError when a caller sends
        // bytes behind its body.
        let ours = matches!(error.esource(), pingora::ErrorSource::Upstream);
        if !timed_out && !ours && matches!(error.esource(), pingora::ErrorSource::Downstream) {
            return None;
        }
        let route = &forwarding.route().name;
        tracing::warn!(route = %route, request_id = %forwarding.request_id(), error = %error.etype().as_str(), "the upstream failed");
        let refusal = if timed_out {
            Refusal::problem(
                504,
                ReasonCode::UpstreamTimeout,
                "The tool did not answer in time; the call may have run.",
            )
        } else {
            Refusal::problem(502, ReasonCode::UpstreamFailed, "The tool could not be reached or broke off.")
        };
        Some(refusal.for_rpc(forwarding.rpc_id().map(str::to_owned), rpc_code::UPSTREAM))
    }
}

#[async_trait]
impl ProxyHttp for Service {
    type CTX = RequestContext;

    fn new_ctx(&self) -> RequestContext {
        let deadline =
            DEADLINE.try_with(Arc::clone).unwrap_or_else(|_| Arc::new(Deadline::new(self.timeouts.header)));
        deadline.clear();
        RequestContext::new(Arc::clone(&self.gateway), deadline)
    }

    fn init_downstream_modules(&self, _modules: &mut HttpModules) {
        // Pingora's default is a compression module. Responses pass untouched, so there is nothing for one to do.
    }

    async fn request_filter(&self, session: &mut Session, ctx: &mut RequestContext) -> Result<bool> {
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
                session.set_keepalive(None);
                refuse(session, &Refusal::internal(None)).await?;
                Ok(true)
            }
        }
    }

    async fn upstream_peer(&self, _session: &mut Session, ctx: &mut RequestContext) -> Result<Box<HttpPeer>> {
        // INVARIANT: the permit is taken out. Pingora asks again only to retry, and finds none.
        let permit =
            ctx.permit.take().ok_or_else(|| Error::explain(ErrorType::HTTPStatus(502), "no permit"))?;
        let forwarding = ctx.forwarding.insert(permit.spend());
        let upstream = &forwarding.route().upstream;
        ctx.deadline.within(upstream.connect + upstream.read);
        peer(upstream).await
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        ctx: &mut RequestContext,
    ) -> Result<()> {
        let was_chunked = session.req_header().headers.contains_key(TRANSFER_ENCODING);
        match &ctx.forwarding {
            Some(forwarding) => headers::prepare(request, forwarding, ctx.body.len(), was_chunked),
            None => Err(Error::explain(ErrorType::HTTPStatus(502), "no permit")),
        }
    }

    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut RequestContext,
    ) -> Result<()> {
        // What Pingora replays is not looked at: the upstream gets the bytes that were judged.
        *body = if end_of_stream { Some(std::mem::take(&mut ctx.body)) } else { Some(Bytes::new()) };
        Ok(())
    }

    async fn response_filter(
        &self,
        _session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut RequestContext,
    ) -> Result<()> {
        if !response.status.is_informational() {
            ctx.answered = true;
            match self.timeouts.stream_idle {
                Some(idle) => ctx.deadline.within(idle),
                None => ctx.deadline.clear(),
            }
        }
        Ok(())
    }

    fn response_body_filter(
        &self,
        _session: &mut Session,
        _body: &mut Option<Bytes>,
        _end_of_stream: bool,
        ctx: &mut RequestContext,
    ) -> Result<Option<Duration>> {
        if let Some(idle) = self.timeouts.stream_idle {
            ctx.deadline.within(idle);
        }
        Ok(None)
    }

    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        _session: &mut Session,
        mut error: Box<Error>,
        _ctx: &mut RequestContext,
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
        _ctx: &mut RequestContext,
        mut error: Box<Error>,
    ) -> Box<Error> {
        error.set_retry(false);
        error.as_up();
        error
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        ctx: &mut RequestContext,
    ) -> FailToProxy {
        session.set_keepalive(None);
        let mut error_code = 0;
        if let Some(refusal) = self.upstream_refusal(error, ctx) {
            error_code = refusal.status;
            // The caller may have left; there is nothing else to try.
            let _gone = refuse(session, &refusal).await;
        }
        FailToProxy { error_code, can_reuse_downstream: false }
    }

    fn suppress_error_log(&self, _session: &Session, _ctx: &RequestContext, _error: &Error) -> bool {
        // Pingora's line holds the request target, which may hold argument values.
        true
    }

    fn request_summary(&self, session: &Session, ctx: &RequestContext) -> String {
        let route = ctx.forwarding.as_ref().map_or("", |forwarding| &forwarding.route().name);
        format!("{} on route {route:?}", session.req_header().method)
    }
}

/// The peer of an upstream. A host name is looked up anew, so that a moved service is found.
async fn peer(upstream: &Upstream) -> Result<Box<HttpPeer>> {
    let address = match upstream.resolved {
        Some(address) => address,
        None => {
            let lookup =
                tokio::time::timeout(upstream.connect, tokio::net::lookup_host(&*upstream.address)).await;
            let found = lookup.ok().and_then(Result::ok).and_then(|mut addresses| addresses.next());
            found.ok_or_else(|| {
                let mut error =
                    Error::explain(ErrorType::ConnectError, "the upstream's name could not be resolved");
                error.as_up();
                error
            })?
        }
    };
    let mut peer = HttpPeer::new(address, false, String::new());
    peer.options.connection_timeout = Some(upstream.connect);
    peer.options.total_connection_timeout = Some(upstream.connect);
    peer.options.write_timeout = Some(upstream.read);
    peer.options.idle_timeout = Some(Duration::from_secs(UPSTREAM_IDLE_S));
    Ok(Box::new(peer))
}
