//! What is done to holds in the background: those whose time has run out expire, what became of consumed ones is stored, what
//! the ledger has not been told is told, and old ones are forgotten.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::gateway::holding::HoldDesk;
use crate::gateway::holding::desk::records::hold_record;
use crate::gateway::holding::desk::todo::Left;
use crate::holds::{Hold, HoldState, StoreError};
use crate::model::time::Timestamp;

/// Longest time until the next look, in case the clock was set.
const LOOK: Duration = Duration::from_secs(30);

/// The same while something is left to be done.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Shortest time between two looks that nobody asked for.
const PAUSE: Duration = Duration::from_millis(20);

/// How often old holds are looked for.
const FORGET: Duration = Duration::from_secs(600);

/// Holds that are tended in one go.
const BATCH: usize = 256;

impl HoldDesk {
    /// What must be done before anything is served: holds whose time ran out while nobody was here expire, and what an earlier
    /// process did not record is recorded. Of a call that it let through and of whose end it did not say, nothing is known.
    ///
    /// # Errors
    /// The store failed.
    pub fn begin(&self) -> Result<(), StoreError> {
        self.expire_due()?;
        self.tell_of_before()?;
        self.count_all()
    }

    /// Tends holds until `stop` turns true. `keep` says how long decided holds are kept.
    pub async fn tend(self: Arc<Self>, keep: impl Fn() -> Duration, mut stop: watch::Receiver<bool>) {
        let mut forgot: Option<Instant> = None;
        loop {
            let forgets = forgot.is_none_or(|at| at.elapsed() > FORGET);
            forgot = if forgets { Some(Instant::now()) } else { forgot };
            let kept = keep();
            let tended = self.write(move |desk| desk.tend_once(forgets, kept)).await;
            let look = if tended.is_err() || !self.todo.is_empty() { LOOK_AGAIN } else { LOOK };
            let sleep = match tended {
                Ok(Some(wait)) => wait.clamp(PAUSE, look),
                Ok(None) | Err(_) => look,
            };
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                // What failed a moment ago is not tried again as often as it is asked for.
                () = self.attend.notified(), if !self.turns.rests() => {}
                _stopping = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// One round; returns how long the next hold has until its time runs out.
    fn tend_once(&self, forgets: bool, kept: Duration) -> Result<Option<Duration>, StoreError> {
        self.do_what_is_left()?;
        self.expire_due()?;
        let now = self.clock.now();
        // A store that has failed shows by forgetting, which changes it, whether it does what it is asked again. Asked here, since
        // it may have failed while this waited for its turn.
        if forgets || self.failing().is_some() {
            self.store.forget(before(now, kept))?;
            self.count_all()?;
        }
        Ok(self.store.next_due()?.map(|due| until(now, due)))
    }

    fn count_all(&self) -> Result<(), StoreError> {
        let _changing = self.changing();
        let counts = self.store.counts()?;
        for state in HoldState::ALL {
            self.metrics.holds().stand(state.as_str(), counts.of(state));
        }
        Ok(())
    }

    /// Ends every wait; requests that would wait are told at once from now on. Their holds stay.
    pub fn stop_waiting(&self) {
        self.waiters.stop();
    }

    /// Does what is left to be done. For when nothing is under way any more.
    pub fn close(&self) {
        if let Err(error) = self.do_what_is_left() {
            tracing::error!(%error, "what became of some approved calls is not stored; the next start says so");
        }
    }

    /// Holds whose time has run out expire, many in one step of the store: it may be a start after a long rest.
    fn expire_due(&self) -> Result<(), StoreError> {
        loop {
            let now = self.clock.now();
            let due = self.store.due(now, BATCH)?;
            let ran_out = due.iter().filter_map(|hold| Some((hold.state, hold.expire(now).ok()?)));
            let (before, expired): (Vec<HoldState>, Vec<Hold>) = ran_out.unzip();
            let changing = self.changing();
            let replaced = self.store.replace_all(&expired)?;
            drop(changing);
            let mut told = Vec::with_capacity(expired.len());
            for ((before, hold), replaced) in before.into_iter().zip(&expired).zip(replaced) {
                if !replaced {
                    continue;
                }
                self.count(Some(before), hold);
                let record = hold_record(hold, None);
                match self.ledger.append_from_reserve(&record, self.clock.now()) {
                    Ok(_) => told.push(hold.told()),
                    Err(_not_yet) => self.todo.tell_again(hold.clone()),
                }
                self.waiters.wake(&hold.id);
            }
            self.store.replace_all(&told)?;
            if due.len() < BATCH {
                return Ok(());
            }
        }
    }

    /// Takes back what was not recorded, stores what became of consumed holds, and tells the ledger what it was not told.
    pub(super) fn do_what_is_left(&self) -> Result<(), StoreError> {
        let Left { undo, ended, late } = self.todo.take();
        let mut failure = None;
        let mut note = |done: Result<(), StoreError>| done.map_err(|error| failure = Some(error)).is_ok();
        for (stands, wanted) in undo {
            if !note(self.take_change_back(&stands, &wanted)) {
                self.todo.undo(stands, wanted);
            }
        }
        for (hold, sent) in ended {
            let mark = || self.store.mark_recorded(&hold.id, hold.revision);
            if !note(if sent { mark() } else { self.take_back(&hold) }) {
                self.todo.end(hold, sent);
            }
        }
        for hold in late {
            if !note(self.record(&hold, "recorded late").map(drop)) {
                self.todo.tell_again(hold);
            }
        }
        if self.todo.take_stray() && !note(self.tell_strays()) {
            self.todo.note_stray();
        }
        failure.map_or(Ok(()), Err)
    }

    /// A change that was stored and not recorded is taken back, and the ledger told so: the record may have come late.
    pub(super) fn take_change_back(&self, stands: &Hold, wanted: &Hold) -> Result<(), StoreError> {
        let undone = self.replace(stands, wanted)?;
        self.todo.end_change(&stands.id);
        if undone {
            self.record(wanted, "the change before this was not recorded in time, and does not hold")?;
        }
        Ok(())
    }

    /// Tells the ledger of changes in the store that nobody told it of, because the store failed in between. Of consumed holds
    /// others take care, and so they do of those that are being changed.
    fn tell_strays(&self) -> Result<(), StoreError> {
        for hold in self.store.unrecorded(BATCH)? {
            if hold.state != HoldState::Consumed && !self.todo.is_changing(&hold.id) {
                self.record(&hold, "recorded late")?;
            }
        }
        Ok(())
    }

    /// The approval is good again, unless another hold of the same call was opened meanwhile.
    pub(super) fn take_back(&self, hold: &Hold) -> Result<(), StoreError> {
        let by = hold.consumed_by.as_deref().unwrap_or_default();
        // INVARIANT: what is given back is what the store says was used up by this very decision, and nothing else.
        let Some(stored) = self.store.by_id(&hold.id)? else { return Ok(()) };
        let Ok(approved) = stored.give_back(by) else { return Ok(()) };
        if !self.replace(&stored, &approved)? {
            return self.store.mark_recorded(&stored.id, stored.revision);
        }
        // From here on it is approved and unrecorded: should the rest fail, it is told as a stray.
        self.todo.note_stray();
        self.record(&approved, "nothing of the call was sent: the approval is good again").map(drop)
    }

    /// Tells the ledger of changes that an earlier process has not told it.
    fn tell_of_before(&self) -> Result<(), StoreError> {
        loop {
            let unrecorded = self.store.unrecorded(BATCH)?;
            let mut told = true;
            for hold in &unrecorded {
                let ended = "the gateway ended before it said what became of the call";
                let is_consumed = hold.state == HoldState::Consumed;
                told &= self.record(hold, if is_consumed { ended } else { "recorded late" })?;
            }
            // What a ledger does not take now is told once it does.
            if unrecorded.len() < BATCH || !told {
                return Ok(());
            }
        }
    }

    /// Records the last change of `hold`, and wakes those that wait for it to be known. False: the ledger does not take it now,
    /// and is told again later.
    fn record(&self, hold: &Hold, note: &'static str) -> Result<bool, StoreError> {
        let record = hold_record(hold, Some(note));
        if let Err(error) = self.ledger.append_from_reserve(&record, self.clock.now()) {
            tracing::error!(%error, hold = %hold.id, "a change of a hold is not recorded yet");
            self.todo.tell_again(hold.clone());
            return Ok(false);
        }
        if !hold.recorded {
            self.store.mark_recorded(&hold.id, hold.revision)?;
        }
        self.waiters.wake(&hold.id);
        Ok(true)
    }
}

fn before(now: Timestamp, span: Duration) -> Timestamp {
    let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.as_micros().saturating_sub(micros))
}

fn until(now: Timestamp, due: Timestamp) -> Duration {
    let micros = due.as_micros().saturating_sub(now.as_micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
