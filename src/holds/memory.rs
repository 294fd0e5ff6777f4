//! Holds in memory, for tests: the plainest store there is.

use std::sync::{Mutex, MutexGuard};

use crate::holds::{
    Hold, HoldCounts, HoldFilter, HoldPage, HoldState, HoldStore, Inserted, PendingCounts, StoreError,
};
use crate::model::call::CallDigest;
use crate::model::id::Id;
use crate::model::time::Timestamp;

/// A store that is gone with the process.
#[derive(Debug, Default)]
pub(crate) struct MemoryStore {
    holds: Mutex<Vec<Hold>>,
}

impl MemoryStore {
    fn holds(&self) -> MutexGuard<'_, Vec<Hold>> {
        self.holds.lock().unwrap()
    }
}

fn is_rival(hold: &Hold, other: &Hold) -> bool {
    let open = |hold: &Hold| hold.ask.ticket && hold.state.is_open();
    let same = other.ask.tenant == hold.ask.tenant && other.ask.digest == hold.ask.digest;
    other.id != hold.id && same && open(hold) && open(other)
}

impl HoldStore for MemoryStore {
    fn insert(&self, hold: &Hold) -> Result<Inserted, StoreError> {
        let mut holds = self.holds();
        if holds.iter().any(|other| is_rival(hold, other)) {
            return Ok(Inserted::Taken);
        }
        holds.push(hold.clone());
        Ok(Inserted::Yes)
    }

    fn replace(&self, hold: &Hold) -> Result<bool, StoreError> {
        let mut holds = self.holds();
        if holds.iter().any(|other| is_rival(hold, other)) {
            return Ok(false);
        }
        let before = holds.iter_mut().find(|other| other.id == hold.id);
        let Some(before) = before.filter(|before| before.revision + 1 == hold.revision) else {
            return Ok(false);
        };
        *before = hold.clone();
        Ok(true)
    }

    fn replace_all(&self, holds: &[Hold]) -> Result<Vec<bool>, StoreError> {
        holds.iter().map(|hold| self.replace(hold)).collect()
    }

    fn mark_recorded(&self, id: &Id, revision: u64) -> Result<(), StoreError> {
        let mut holds = self.holds();
        if let Some(hold) = holds.iter_mut().find(|hold| hold.id == *id && hold.revision == revision) {
            hold.recorded = true;
        }
        Ok(())
    }

    fn by_id(&self, id: &Id) -> Result<Option<Hold>, StoreError> {
        Ok(self.holds().iter().find(|hold| hold.id == *id).cloned())
    }

    fn current(&self, tenant: &str, digest: &CallDigest, now: Timestamp) -> Result<Option<Hold>, StoreError> {
        let holds = self.holds();
        let same = holds.iter().filter(|hold| *hold.ask.tenant == *tenant && hold.ask.digest == *digest);
        let is_rejected = |hold: &&Hold| hold.state == HoldState::Rejected && hold.ask.expires_at > now;
        let rejected = same.clone().filter(is_rejected).max_by_key(|hold| hold.ask.expires_at);
        let open = || same.clone().find(|hold| hold.ask.ticket && hold.state.is_open());
        Ok(rejected.or_else(open).cloned())
    }

    fn pending(&self, tenant: &str, actor: &str, now: Timestamp) -> Result<PendingCounts, StoreError> {
        let mut counts = PendingCounts::default();
        for hold in self.holds().iter().filter(|hold| hold.state_at(now) == HoldState::Pending) {
            let same_tenant = *hold.ask.tenant == *tenant;
            counts.all += 1;
            counts.tenant += usize::from(same_tenant);
            counts.actor += usize::from(same_tenant && *hold.ask.actor == *actor);
        }
        Ok(counts)
    }

    fn list(&self, filter: &HoldFilter, now: Timestamp) -> Result<HoldPage, StoreError> {
        let holds = self.holds();
        let matching = holds.iter().filter(|hold| {
            filter.tenant.as_ref().is_none_or(|tenant| *tenant == hold.ask.tenant)
                && filter.state.is_none_or(|state| state == hold.state_at(now))
                && filter.capability.as_ref().is_none_or(|capability| *capability == hold.ask.capability)
                && filter.actor.as_ref().is_none_or(|actor| **actor == *hold.ask.actor)
        });
        let order = |hold: &Hold| (hold.ask.created_at, hold.id.to_string());
        let mut found: Vec<Hold> = matching.cloned().collect();
        let total = found.len() as u64;
        found.sort_by_key(|hold| std::cmp::Reverse(order(hold)));
        found.retain(|hold| {
            filter.before.as_ref().is_none_or(|(time, id)| order(hold) < (*time, id.to_string()))
        });
        found.truncate(filter.limit);
        Ok(HoldPage { holds: found, total })
    }

    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Hold>, StoreError> {
        let holds = self.holds();
        let due = holds.iter().filter(|hold| hold.state.is_open() && hold.ask.expires_at <= now);
        Ok(due.take(limit).cloned().collect())
    }

    fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.holds().iter().filter(|hold| hold.state.is_open()).map(|hold| hold.ask.expires_at).min())
    }

    fn unrecorded(&self, limit: usize) -> Result<Vec<Hold>, StoreError> {
        Ok(self.holds().iter().filter(|hold| !hold.recorded).take(limit).cloned().collect())
    }

    fn counts(&self) -> Result<HoldCounts, StoreError> {
        let holds = self.holds();
        let count = |state| holds.iter().filter(|hold| hold.state == state).count() as u64;
        Ok(HoldCounts(HoldState::ALL.map(count)))
    }

    fn forget(&self, time: Timestamp) -> Result<usize, StoreError> {
        let mut holds = self.holds();
        let before = holds.len();
        holds.retain(|hold| hold.state.is_open() || !hold.recorded || hold.ask.expires_at >= time);
        Ok(before - holds.len())
    }
}
