//! A request that waits for its hold, and what ends the wait.

use std::sync::Arc;

use tokio::time::Instant;

use crate::decision::Route;
use crate::extract::rpc_code;
use crate::gateway::holding::answers;
use crate::gateway::holding::held::Resumed;
use crate::gateway::{Gateway, Incoming, Refusal, Verdict};
use crate::holds::{Waiter, Woken};
use crate::model::decision::{Outcome, ReasonCode};
use crate::model::id::Id;
use crate::telemetry::AccessLine;

/// A request that waits for its hold. It holds no connection to a tool and no place among the requests under way.
#[derive(Debug)]
pub struct Waiting {
    pub(super) hold: Id,
    /// Whether a repeat of the call finds the hold.
    pub(super) ticket: bool,
    pub(super) waiter: Waiter,
    pub(super) until: Instant,
    /// What the caller is told when its time is up.
    pub(super) refusal: Box<Refusal>,
    pub(super) route: Arc<Route>,
    pub(super) rpc_id: Option<String>,
    pub(super) outcome: Outcome,
}

impl Waiting {
    /// Waits until something becomes of the hold, the time is up, the caller calls it off or the gateway stops. May be dropped
    /// and called again.
    pub async fn ended(&self) -> Woken {
        self.waiter.woken(self.until).await
    }
}

impl Gateway {
    /// Goes on with a request whose wait has ended: it is judged again, by the snapshot in force now, or refused.
    pub async fn resume(
        &self,
        incoming: Incoming<'_>,
        waiting: Waiting,
        woken: Woken,
        access: &mut Option<AccessLine>,
    ) -> Verdict {
        let resumed = Resumed { hold: waiting.hold, until: waiting.until, ticket: waiting.ticket };
        if woken == Woken::Changed {
            drop(waiting);
            return self.judge_again(incoming, resumed, access).await;
        }
        // An anonymous caller never comes back. If its hold was approved this very moment, that is what ended the wait.
        if !waiting.ticket
            && woken == Woken::TimeUp
            && matches!(self.holds.drop_unheard(waiting.hold, true).await, Ok(false))
        {
            drop(waiting);
            return self.judge_again(incoming, resumed, access).await;
        }
        let refusal = match woken {
            Woken::Changed | Woken::TimeUp => *waiting.refusal.clone(),
            Woken::Cancelled => waiting.refused(ReasonCode::CalledOff, answers::CALLED_OFF),
            Woken::Stopping => waiting.refused(ReasonCode::Stopping, answers::STOPPING),
        };
        if woken != Woken::TimeUp {
            self.drop_if_unheard(&waiting).await;
        }
        self.count_waited(&waiting, refusal.code);
        if refusal.code != ReasonCode::ApprovalRequired {
            *access = access.take().map(|line| line.judged(Some(waiting.outcome), refusal.code));
        }
        Verdict::Refuse(Box::new(refusal))
    }

    /// Refuses a request whose wait has ended because as many are under way as may be.
    pub async fn resume_crowded(&self, waiting: Waiting) -> Verdict {
        self.metrics.shed();
        self.count_waited(&waiting, ReasonCode::Overloaded);
        self.drop_if_unheard(&waiting).await;
        Verdict::Refuse(Box::new(Refusal::overloaded(waiting.rpc_id.clone())))
    }

    /// The caller left while it waited. Nothing will be executed for this request; a hold with a ticket stays for a repeat.
    pub async fn abandon(&self, waiting: Waiting) {
        self.count_waited(&waiting, ReasonCode::ClientGone);
        self.drop_if_unheard(&waiting).await;
    }

    /// Nobody comes back for a hold without a ticket.
    pub(in crate::gateway) async fn drop_if_unheard(&self, waiting: &Waiting) {
        if !waiting.ticket {
            let _dropped = self.holds.drop_unheard(waiting.hold, false).await;
        }
    }

    fn count_waited(&self, waiting: &Waiting, code: ReasonCode) {
        let route = &waiting.route;
        self.metrics.count(&route.name, &route.counters, Some(waiting.outcome), code);
    }
}

impl Waiting {
    fn refused(&self, code: ReasonCode, detail: &str) -> Refusal {
        let hold = self.refusal.hold.as_deref().cloned();
        let form = Refusal { form: self.refusal.form.not_accepted(), ..*self.refusal.clone() };
        let refusal = answers::say(&form, answers::status(code), code, detail.to_owned(), hold);
        match code {
            // What cannot be served now is an error of the transport, whatever the route's denials look like.
            ReasonCode::Stopping => {
                let status = Refusal { status: 503, ..refusal };
                status.for_rpc(self.rpc_id.clone(), rpc_code::UNAVAILABLE)
            }
            _ => refusal,
        }
    }
}
