//! What approvers and callers do to holds. Each change is in the store and in the ledger before it is answered, or is not made.

use std::sync::Arc;
use std::time::Duration;

use crate::gateway::holding::desk::records::hold_record;
use crate::gateway::holding::{HoldDesk, HoldError};
use crate::holds::{Approver, ChangeRefused, Hold, HoldFilter, HoldPage, HoldState, StoreError};
use crate::model::id::Id;
use crate::model::time::Timestamp;

/// How often a change is tried again when others change the same hold meanwhile.
const TRIES: usize = 8;

/// A hold before and after a change, or why it was not changed.
type Change = Result<(Hold, Hold), HoldError>;

/// What an approver says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vote {
    /// Yes.
    Approve,
    /// No.
    Reject,
}

impl HoldDesk {
    /// The holds that `approver` may see.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(
        self: &Arc<Self>,
        approver: &Approver,
        filter: HoldFilter,
    ) -> Result<HoldPage, HoldError> {
        let tenant = approver.tenant().map(Arc::from);
        let filter = HoldFilter { tenant, ..filter };
        Ok(self.read(move |desk| desk.store.list(&filter, desk.clock.now())).await?)
    }

    /// The hold `id`, if `approver` may see it.
    ///
    /// # Errors
    /// There is none, or the store failed.
    pub async fn show(self: &Arc<Self>, approver: &Approver, id: Id) -> Result<Hold, HoldError> {
        let hold = self.look(id).await?;
        hold.filter(|hold| approver.sees(&hold.ask.tenant)).ok_or(HoldError::NotFound)
    }

    /// `approver` says yes or no.
    ///
    /// # Errors
    /// It may not, the hold is not pending, or the change could not be stored or recorded; then nothing has changed.
    pub async fn decide(
        self: &Arc<Self>,
        approver: &Approver,
        id: Id,
        vote: Vote,
        comment: Option<String>,
    ) -> Result<Hold, HoldError> {
        let who = approver.clone();
        let decided = move |hold: &Hold, now| match vote {
            Vote::Approve => hold.approve(&who, comment.as_deref(), now),
            Vote::Reject => hold.reject(&who, comment.as_deref(), now),
        };
        self.change(approver, id, decided).await
    }

    /// The caller gives its call up. That `caller` speaks for the actor that asked is checked here.
    ///
    /// # Errors
    /// As for [`Self::decide`]; a hold of another actor is not found.
    pub async fn cancel(
        self: &Arc<Self>,
        caller: &Approver,
        id: Id,
        comment: Option<String>,
    ) -> Result<Hold, HoldError> {
        if !caller.speaks_for(&self.show(caller, id).await?.ask) {
            return Err(HoldError::NotFound);
        }
        let who = caller.name.to_string();
        self.change(caller, id, move |hold, now| hold.cancel(&who, comment.as_deref(), now)).await
    }

    /// Nobody will hear of a hold without a ticket any more: its request has ended. False: it was approved meanwhile, and is left
    /// so if `unless_approved`.
    pub(in crate::gateway) async fn drop_unheard(
        self: &Arc<Self>,
        id: Id,
        unless_approved: bool,
    ) -> Result<bool, StoreError> {
        let dropped = self.write(move |desk| {
            for _try in 0..TRIES {
                let now = desk.clock.now();
                let Some(hold) = desk.store.by_id(&id)? else { return Ok(true) };
                if unless_approved && hold.state_at(now) == HoldState::Approved {
                    return Ok(false);
                }
                let Ok(next) = hold.give_up("gateway", "its request has ended, and it has no ticket", now)
                else {
                    return Ok(true);
                };
                if desk.replace(&hold, &next)? {
                    desk.tell(&next);
                    return Ok(true);
                }
            }
            Err(StoreError::OneHold("the hold changes too often".to_owned()))
        });
        dropped.await
    }

    /// Runs to its end even if whoever asked leaves meanwhile.
    async fn change(
        self: &Arc<Self>,
        by: &Approver,
        id: Id,
        change: impl Fn(&Hold, Timestamp) -> Result<Hold, ChangeRefused> + Send + Sync + 'static,
    ) -> Result<Hold, HoldError> {
        let (desk, by) = (Arc::clone(self), by.clone());
        let changed = tokio::spawn(async move {
            desk.todo.begin_change(id);
            let changed = match desk.write(move |desk| desk.replace_by(&by, id, &change)).await {
                Ok(Ok((before, next))) => desk.record_change(before, next).await,
                Ok(Err(refused)) => Err(refused),
                Err(error) => Err(error.into()),
            };
            if !matches!(changed, Err(HoldError::Ledger(_))) {
                desk.todo.end_change(&id);
            }
            changed
        });
        changed.await.unwrap_or_else(|_| Err(StoreError::Failed("the gateway stops".to_owned()).into()))
    }

    fn replace_by(
        &self,
        by: &Approver,
        id: Id,
        change: &dyn Fn(&Hold, Timestamp) -> Result<Hold, ChangeRefused>,
    ) -> Result<Change, StoreError> {
        for _try in 0..TRIES {
            let hold = self.store.by_id(&id)?.filter(|hold| by.sees(&hold.ask.tenant));
            let Some(hold) = hold else { return Ok(Err(HoldError::NotFound)) };
            let next = match change(&hold, self.clock.now()) {
                Ok(next) => next,
                Err(refused) => return Ok(Err(HoldError::Refused(refused, Box::new(hold)))),
            };
            if self.replace(&hold, &next)? {
                return Ok(Ok((hold, next)));
            }
        }
        Err(StoreError::OneHold("the hold changes too often".to_owned()))
    }

    /// The ledger takes the change, or it is taken back.
    async fn record_change(self: &Arc<Self>, before: Hold, next: Hold) -> Result<Hold, HoldError> {
        let now = self.clock.now();
        if let Err(error) = self.ledger.record_from_reserve(&hold_record(&next, None), now).await {
            let undone = next.undone(&before);
            self.todo.undo(next, undone);
            // At once if the store does it; else as soon as it does.
            let _later = self.write(|desk| desk.do_what_is_left()).await;
            return Err(error.into());
        }
        if matches!(next.state, HoldState::Approved | HoldState::Rejected) {
            let micros = now.as_micros().saturating_sub(next.ask.created_at.as_micros());
            self.metrics.holds().observe_decision(Duration::from_micros(u64::try_from(micros).unwrap_or(0)));
        }
        let told = next.clone();
        let marked = self.write(move |desk| {
            desk.store.mark_recorded(&told.id, told.revision)?;
            desk.waiters.wake(&told.id);
            Ok(())
        });
        // The ledger tells of it, so it holds. A store that does not know yet is told again.
        let _marked_later = marked.await;
        Ok(Hold { recorded: true, ..next })
    }
}
