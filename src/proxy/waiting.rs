//! A request that waits for a person: its connection is watched meanwhile, and neither a connection to the tool nor a place
//! among the requests under way is kept for it.

use bytes::Bytes;
use pingora::proxy::Session;
use pingora::{Error, ErrorType, Result};

use crate::gateway::{Verdict, Waiting};
use crate::model::decision::ReasonCode;
use crate::proxy::context::RequestContext;
use crate::proxy::service::{Service, incoming};

impl Service {
    /// Has the request judged, and waits as long as it has to wait.
    ///
    /// # Errors
    /// The caller left meanwhile: nobody is left to be answered.
    pub(super) async fn verdict(
        &self,
        session: &mut Session,
        ctx: &mut RequestContext,
        body: &Bytes,
    ) -> Result<Verdict> {
        let mut verdict = self.gateway.judge(incoming(session, body), &mut ctx.access).await;
        while let Verdict::Wait(waiting) = verdict {
            // Boxed: what is rarely needed must not make the future of every request longer.
            verdict = Box::pin(self.wait(session, ctx, body, *waiting)).await?;
        }
        Ok(verdict)
    }

    async fn wait(
        &self,
        session: &mut Session,
        ctx: &mut RequestContext,
        body: &Bytes,
        waiting: Waiting,
    ) -> Result<Verdict> {
        ctx.slot = None;
        ctx.request_is_whole();
        let woken = tokio::select! {
            // A caller that has left is noticed first: nothing is executed for it, even if it was approved just now.
            biased;
            () = left(session) => None,
            woken = waiting.ended() => Some(woken),
        };
        let Some(woken) = woken else {
            ctx.ended_by = Some(ReasonCode::ClientGone);
            self.gateway.abandon(waiting).await;
            return Err(Error::new_down(ErrorType::ConnectionClosed));
        };
        ctx.slot = self.gateway.admit();
        if ctx.slot.is_none() {
            return Ok(self.gateway.resume_crowded(waiting).await);
        }
        Ok(self.gateway.resume(incoming(session, body), waiting, woken, &mut ctx.access).await)
    }
}

/// Ready once the caller has closed its connection or reset its stream. What it sends meanwhile is for its next request.
async fn left(session: &mut Session) {
    // Ready with nothing else than the end, which is an error to Pingora.
    let _end = session.downstream_session.read_body_or_idle(true).await;
}
