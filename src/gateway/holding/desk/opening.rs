//! The desk: holds are found or opened for calls, and an approval is used up for one of them.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;

use crate::audit::Ledger;
use crate::decision::PolicySnapshot;
use crate::gateway::Clock;
use crate::gateway::holding::desk::records::hold_record;
use crate::gateway::holding::desk::todo::Todo;
use crate::gateway::holding::desk::turns::Turns;
use crate::holds::{
    Ask, Claim, Entrant, Hold, HoldState, HoldStore, Limits, Named, RequestKey, Standing, StoreError,
    WaitLimits, Waiter, Waiters, claim,
};
use crate::model::id::{HOLD, Id};
use crate::model::time::Timestamp;
use crate::telemetry::Metrics;

/// Where holds are opened, decided and used up.
#[derive(Debug)]
pub struct HoldDesk {
    pub(super) store: Arc<dyn HoldStore>,
    pub(super) waiters: Arc<Waiters>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) clock: Arc<dyn Clock>,
    /// Held while a hold is looked for, opened or changed: so a request that begins to wait for a hold is told of each change
    /// after the state it saw, and limits are kept exactly.
    changing: Mutex<()>,
    /// What is left to be done to holds.
    pub(super) todo: Todo,
    /// Who may change something in the store now, and who may look.
    pub(super) turns: Turns,
    /// Where the control listener is, if the configuration names no other place.
    links: OnceLock<Arc<str>>,
    /// Something is to be tended before it was planned.
    pub(super) attend: Notify,
}

/// An approval that was used up. Dropped without a word of what became of the call, it is given back: nothing was sent.
#[derive(Debug)]
pub struct Consumed {
    /// The hold, as consumed; `None` once its end is told.
    hold: Option<Hold>,
    desk: Arc<HoldDesk>,
}

/// What a call that may wait brings along.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct WaitPlace {
    /// By what its caller may call it off.
    pub(in crate::gateway) request: Option<RequestKey>,
    /// What it keeps in memory, in bytes.
    pub(in crate::gateway) bytes: usize,
    /// How many may wait.
    pub(in crate::gateway) limits: WaitLimits,
}

impl HoldDesk {
    /// A desk for the holds in `store`.
    #[must_use]
    pub fn new(
        store: Arc<dyn HoldStore>,
        ledger: Arc<Ledger>,
        metrics: Arc<Metrics>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            store,
            waiters: Arc::default(),
            ledger,
            metrics,
            clock,
            changing: Mutex::default(),
            todo: Todo::default(),
            links: OnceLock::new(),
            turns: Turns::default(),
            attend: Notify::new(),
        }
    }

    /// Those that wait.
    #[must_use]
    pub const fn waiters(&self) -> &Arc<Waiters> {
        &self.waiters
    }

    /// Says where the control listener is: what answers link to unless `control.public_url` says otherwise. The first time
    /// counts.
    pub fn listens_at(&self, url: &str) {
        let _first = self.links.set(url.into());
    }

    /// What links to holds begin with: as configured (`control.public_url`), else where the control listener is
    /// ([`Self::listens_at`]).
    #[must_use]
    pub fn links<'a>(&'a self, snapshot: &'a PolicySnapshot) -> Option<&'a Arc<str>> {
        snapshot.public_url.as_ref().or_else(|| self.links.get())
    }

    /// Why the store failed the last time it was asked to change or to show something; `None` when it did both.
    #[must_use]
    pub fn failing(&self) -> Option<String> {
        self.turns.failing()
    }

    /// Finds the hold of a call or opens one; takes a place to wait for it where it is pending and `place` is given.
    pub(super) async fn claim(
        self: &Arc<Self>,
        ask: Arc<Ask>,
        named: Named,
        limits: Limits,
        place: Option<WaitPlace>,
    ) -> Result<(Claim, Option<Waiter>), StoreError> {
        let claimed = self.write(move |desk| {
            let now = desk.clock.now();
            let changing = desk.changing();
            let claimed = claim(&*desk.store, desk.clock.id(HOLD, now), &ask, named, limits, now)?;
            let waiter = match (&claimed.standing, place) {
                (Standing::Pending(hold), Some(WaitPlace { request, bytes, limits })) => {
                    let (tenant, actor) = (Arc::clone(&ask.tenant), Arc::clone(&ask.actor));
                    desk.waiters.enter(Entrant { hold: hold.id, tenant, actor, request, bytes }, limits)
                }
                _ => None,
            };
            drop(changing);
            for (before, hold) in &claimed.changed {
                desk.count(*before, hold);
                desk.tell(hold);
            }
            Ok((claimed, waiter))
        });
        claimed.await
    }

    /// Uses the approval of `hold` up for the decision `decision_id`; `None` when another call was first.
    ///
    /// INVARIANT: this is one compare-and-set in the store, and only who succeeds may go on to the ledger and forward.
    pub(super) async fn consume(
        self: &Arc<Self>,
        hold: &Hold,
        decision_id: &str,
    ) -> Result<Option<Consumed>, StoreError> {
        let (hold, decision_id, desk) = (hold.clone(), decision_id.to_owned(), Arc::clone(self));
        let consumed = self.write(move |store| {
            let Ok(consumed) = hold.consume(&decision_id, store.clock.now()) else { return Ok(None) };
            if !store.replace(&hold, &consumed)? {
                return Ok(None);
            }
            // Made where it is consumed, and only there: should nobody wait for this any more, it is given back.
            Ok(Some(Consumed { hold: Some(consumed), desk }))
        });
        let consumed = consumed.await?;
        // The store may have taken its time.
        if consumed.as_ref().is_some_and(|consumed| consumed.has_expired(self.clock.now())) {
            return Ok(None);
        }
        Ok(consumed)
    }

    /// The hold of that id, whoever's it is.
    pub(super) async fn look(self: &Arc<Self>, id: Id) -> Result<Option<Hold>, StoreError> {
        self.read(move |desk| desk.store.by_id(&id)).await
    }

    /// Runs what changes something in the store, which blocks, apart from the request's own thread.
    pub(super) async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let desk = Arc::clone(self);
        let done = self.turns.write(move || work(&desk)).await;
        if done.is_err() {
            self.todo.note_stray();
            self.attend.notify_one();
        }
        done
    }

    /// Runs what only looks, likewise.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let desk = Arc::clone(self);
        self.turns.read(move || work(&desk)).await
    }

    pub(super) fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a hold's next revision into the store, if nobody else changed it; counts it and wakes those that wait.
    pub(super) fn replace(&self, before: &Hold, next: &Hold) -> Result<bool, StoreError> {
        let _changing = self.changing();
        if !self.store.replace(next)? {
            return Ok(false);
        }
        self.count(Some(before.state), next);
        if next.state != HoldState::Approved {
            self.waiters.wake(&next.id);
        }
        Ok(true)
    }

    /// Counts a hold that was opened, or changed from standing where it stood `before`.
    pub(super) fn count(&self, before: Option<HoldState>, hold: &Hold) {
        self.metrics.holds().moved(before.map(HoldState::as_str), hold.state.as_str());
    }

    /// Tells the ledger of a hold that the gateway itself changed or opened. What it does not take is told again later.
    pub(super) fn tell(&self, hold: &Hold) {
        self.attend.notify_one();
        let record = hold_record(hold, None);
        match self.ledger.append_from_reserve(&record, self.clock.now()) {
            Ok(_) if !hold.recorded => {
                if self.store.mark_recorded(&hold.id, hold.revision).is_err() {
                    self.todo.note_stray();
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, hold = %hold.id, "a change of a hold is not recorded yet");
                self.todo.tell_again(hold.clone());
            }
        }
        if hold.revision > 1 {
            self.waiters.wake(&hold.id);
        }
    }
}

impl Consumed {
    /// Who approved it.
    #[must_use]
    pub fn approved_by(&self) -> Vec<String> {
        let approvals = self.hold.iter().flat_map(|hold| &hold.approvals);
        approvals.map(|approval| approval.by.clone()).collect()
    }

    fn has_expired(&self, now: Timestamp) -> bool {
        self.hold.as_ref().is_some_and(|hold| hold.ask.expires_at <= now)
    }

    /// Nothing of the call was sent: the approval is good again when this returns, as far as the store does what it is asked;
    /// else as soon as it does.
    pub async fn give_back(mut self) {
        let Some(hold) = self.hold.clone() else { return };
        // Until it is done the hold stays in this guard, which gives it back when it is dropped.
        match self.desk.write(move |desk| desk.take_back(&hold)).await {
            Ok(()) => self.hold = None,
            Err(error) => tracing::error!(%error, "an approval could not be given back yet"),
        }
    }

    /// The call has ended; `sent`: something of it may have reached the tool. Does not wait for the store.
    pub fn ended(mut self, sent: bool) {
        self.end(sent);
    }

    fn end(&mut self, sent: bool) {
        let Some(hold) = self.hold.take() else { return };
        self.desk.todo.end(hold, sent);
        self.desk.attend.notify_one();
    }
}

impl Drop for Consumed {
    fn drop(&mut self) {
        self.end(false);
    }
}
