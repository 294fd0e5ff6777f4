//! What is done to holds in the background: those whose time has run out expire, what became of consumed ones is stored, what
//! the ledger has not been told is told, and old ones are forgotten.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::gateway::holding::HoldDesk;
use crate::gateway::holding::records::hold_record;
use crate::holds::{Hold, HoldState, StoreError};
use crate::model::time::Timestamp;

/// Longest time until the next look, in case the clock was set.
const LOOK: Duration = Duration::from_secs(30);

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
            let kept = forgot.is_none_or(|at| at.elapsed() > FORGET).then(&keep);
            forgot = if kept.is_some() { Some(Instant::now()) } else { forgot };
            let tended = self.run(move |desk| {
                desk.settle()?;
                desk.expire_due()?;
                desk.tell_late()?;
                let now = desk.clock.now();
                if let Some(kept) = kept {
                    desk.store.forget(before(now, kept))?;
                    desk.count_all()?;
                }
                Ok(desk.store.next_due()?.map(|due| until(now, due)))
            });
            let sleep = match tended.await {
                Ok(Some(wait)) => wait.clamp(PAUSE, LOOK),
                Ok(None) | Err(_) => LOOK,
            };
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                () = self.attend.notified() => {}
                _stopping = stop.wait_for(|stop| *stop) => return,
            }
        }
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

    /// Stores what is left to be stored. For when nothing is under way any more.
    pub fn close(&self) {
        if let Err(error) = self.settle() {
            tracing::error!(%error, "what became of some approved calls is not stored; the next start says so");
        }
    }

    fn expire_due(&self) -> Result<(), StoreError> {
        loop {
            let now = self.clock.now();
            let due = self.store.due(now, BATCH)?;
            for hold in &due {
                if let Ok(expired) = hold.expire(now)
                    && self.replace(hold, &expired)?
                {
                    self.tell(&expired);
                }
            }
            if due.len() < BATCH {
                return Ok(());
            }
        }
    }

    /// What became of consumed holds.
    fn settle(&self) -> Result<(), StoreError> {
        let ended = std::mem::take(&mut *self.ended.lock().unwrap_or_else(PoisonError::into_inner));
        let mut ended = ended.into_iter();
        while let Some((hold, sent)) = ended.next() {
            let done =
                if sent { self.store.mark_recorded(&hold.id, hold.revision) } else { self.take_back(&hold) };
            if let Err(error) = done {
                let mut again = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
                again.push((hold, sent));
                again.extend(ended);
                return Err(error);
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
        self.record(&approved, "nothing of the call was sent: the approval is good again").map(drop)
    }

    /// Tells the ledger of changes that it has not taken.
    fn tell_late(&self) -> Result<(), StoreError> {
        let late = std::mem::take(&mut *self.late.lock().unwrap_or_else(PoisonError::into_inner));
        late.iter().try_for_each(|hold| self.record(hold, "recorded late").map(drop))
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
            self.late.lock().unwrap_or_else(PoisonError::into_inner).push(hold.clone());
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
