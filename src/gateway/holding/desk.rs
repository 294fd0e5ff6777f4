//! The desk: holds are found or opened for calls, and an approval is used up for one of them.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::{Notify, Semaphore};
use tokio::task::spawn_blocking;

use crate::audit::Ledger;
use crate::gateway::Clock;
use crate::gateway::holding::records::hold_record;
use crate::holds::{
    Ask, Claim, Entrant, Hold, HoldState, HoldStore, Limits, Named, RequestKey, Standing, StoreError,
    WaitLimits, Waiter, Waiters, claim,
};
use crate::model::id::{HOLD, Id};
use crate::telemetry::Metrics;

/// Threads that ask the store at once.
const TURNS: usize = 2;

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
    /// Consumed holds whose calls have ended, until the store knows.
    pub(super) ended: Mutex<Vec<(Hold, bool)>>,
    /// Holds whose last change the ledger did not take at once.
    pub(super) late: Mutex<Vec<Hold>>,
    /// Who may ask the store now.
    turns: Semaphore,
    /// Where the control listener is, if the configuration names no other place.
    links: OnceLock<Arc<str>>,
    /// Something is to be tended before it was planned.
    pub(super) attend: Notify,
    /// Why the store did not do the last thing asked of it.
    failing: Mutex<Option<String>>,
}

/// An approval that was used up. Dropped without a word of what became of the call, it is given back: nothing was sent.
#[derive(Debug)]
pub struct Consumed {
    /// The hold, as consumed; `None` once its end is told.
    hold: Option<Hold>,
    desk: Arc<HoldDesk>,
}

/// What a call that may wait brings along.
#[derive(Debug)]
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
            ended: Mutex::default(),
            late: Mutex::default(),
            links: OnceLock::new(),
            turns: Semaphore::new(TURNS),
            attend: Notify::new(),
            failing: Mutex::default(),
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

    /// See [`Self::listens_at`].
    #[must_use]
    pub fn links(&self) -> Option<&Arc<str>> {
        self.links.get()
    }

    /// Why the store failed the last time it was asked for something; `None` when it did not.
    #[must_use]
    pub fn failing(&self) -> Option<String> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Finds the hold of a call or opens one; takes a place to wait for it where it is pending and `place` is given.
    pub(in crate::gateway) async fn claim(
        self: &Arc<Self>,
        ask: Arc<Ask>,
        named: Named,
        limits: Limits,
        place: Option<WaitPlace>,
    ) -> Result<(Claim, Option<Waiter>), StoreError> {
        let claimed = self.run(move |desk| {
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
    pub(in crate::gateway) async fn consume(
        self: &Arc<Self>,
        hold: &Hold,
        decision_id: &Id,
    ) -> Result<Option<Consumed>, StoreError> {
        let before = hold.clone();
        let Ok(consumed) = hold.consume(&decision_id.to_string(), self.clock.now()) else { return Ok(None) };
        let desk = Arc::clone(self);
        let guarded = move |store: &Self| {
            let taken = store.replace(&before, &consumed)?;
            // Made where it is consumed, and only there: should nobody wait for this any more, it is given back.
            Ok(taken.then(|| Consumed { hold: Some(consumed), desk }))
        };
        self.run(guarded).await
    }

    /// The hold of that id, whoever's it is.
    pub(in crate::gateway) async fn look(self: &Arc<Self>, id: Id) -> Result<Option<Hold>, StoreError> {
        self.run(move |desk| desk.store.by_id(&id)).await
    }

    /// Runs what asks the store, which blocks, apart from the request's own thread.
    pub(super) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        // The store does one thing after the other anyway: more threads would only wait in line.
        let _turn = self.turns.acquire().await;
        let desk = Arc::clone(self);
        let done = spawn_blocking(move || desk.noted(work(&desk))).await;
        done.unwrap_or_else(|_| Err(StoreError("the gateway stops".to_owned())))
    }

    /// Notes whether the store does what it is asked.
    pub(super) fn noted<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        let failure = result.as_ref().err().map(|error| error.0.clone());
        if let Some(failure) = &failure {
            tracing::error!(error = %failure, "the store of holds failed");
        }
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = failure;
        result
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
    fn count(&self, before: Option<HoldState>, hold: &Hold) {
        self.metrics.holds().moved(before.map(HoldState::as_str), hold.state.as_str());
    }

    /// Tells the ledger of a hold that the gateway itself changed or opened. What it does not take is told again later.
    pub(super) fn tell(&self, hold: &Hold) {
        self.attend.notify_one();
        let record = hold_record(hold, None);
        let told = self.ledger.append_from_reserve(&record, self.clock.now());
        match told {
            Ok(_) if !hold.recorded => {
                let _told_again = self.noted(self.store.mark_recorded(&hold.id, hold.revision));
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, hold = %hold.id, "a change of a hold is not recorded yet");
                self.late.lock().unwrap_or_else(PoisonError::into_inner).push(hold.clone());
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

    /// Nothing of the call was sent: the approval is good again when this returns, as far as the store can say so.
    pub async fn give_back(mut self) {
        let Some(hold) = self.hold.take() else { return };
        let given = self.desk.run(move |desk| desk.take_back(&hold)).await;
        if let Err(error) = given {
            tracing::error!(%error, "an approval could not be given back: the call has to be approved again");
        }
    }

    /// The call has ended; `sent`: something of it may have reached the tool. Does not wait for the store.
    pub fn ended(mut self, sent: bool) {
        self.end(sent);
    }

    fn end(&mut self, sent: bool) {
        let Some(hold) = self.hold.take() else { return };
        self.desk.ended.lock().unwrap_or_else(PoisonError::into_inner).push((hold, sent));
        self.desk.attend.notify_one();
    }
}

impl Drop for Consumed {
    fn drop(&mut self) {
        self.end(false);
    }
}
