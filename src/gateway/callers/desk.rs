//! [`KeyDesk`]: where keys are issued, given another text, and revoked. What is done here is in force for the next request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::admin::{EarlierHash, IssuedKey};
use crate::gateway::administer::KeyChange;
use crate::gateway::{Clock, PublishError, Publisher};
use crate::identity::Key;
use crate::model::time::Timestamp;

/// Most keys that are not revoked.
const LIVE_MAX: usize = 10_000;
/// Most keys that are kept, revoked ones among them: their ids are never another's.
const KEPT_MAX: usize = 100_000;

/// The tenant whose keys administer every tenant's.
const DEPLOYMENT: &str = "default";

/// Who administers keys.
#[derive(Clone, Debug)]
pub struct KeyAdmin {
    /// What records call it: the id of its key.
    pub name: Arc<str>,
    /// The tenant of its key; `None` where no key was asked for.
    pub tenant: Option<Arc<str>>,
}

impl KeyAdmin {
    /// Whether it administers the keys of `tenant`: those of its own, and of any where its own is `default`.
    #[must_use]
    pub fn administers(&self, tenant: &str) -> bool {
        self.tenant.as_deref().is_none_or(|own| own == DEPLOYMENT || own == tenant)
    }

    /// The tenant of a key that names none.
    #[must_use]
    pub fn own_tenant(&self) -> &str {
        self.tenant.as_deref().unwrap_or(DEPLOYMENT)
    }
}

/// Why something was not done to a key.
#[derive(Debug, Error)]
pub enum KeyRefused {
    /// There is none of this id that the caller administers.
    #[error("There is no such key.")]
    NotFound,
    /// The key would be another tenant's.
    #[error("This key administers the keys of its own tenant only.")]
    Foreign,
    /// It stands otherwise than that could be done.
    #[error("{0}")]
    Conflict(#[from] KeyConflict),
    /// It could not be recorded or kept. Nothing changed.
    #[error("{0}")]
    Failed(#[from] PublishError),
}

/// What a key, or how many there are, stands in the way of.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyConflict {
    /// The id is, or was, another's.
    #[error(
        "There is a key of this id, or there was one. Records name keys by their ids, so none is given twice."
    )]
    Exists,
    /// The key is one of the configuration.
    #[error("This key is written in the configuration (control.keys). Change it there.")]
    Configured,
    /// It was revoked.
    #[error("This key is revoked.")]
    Revoked,
    /// It would not be good at all.
    #[error("This key has ended, or would end before it began.")]
    Ended,
    /// Two of its texts are good already.
    #[error("The text before the latest is good until {}. Wait, or end it now with overlap_s: 0.", until.to_rfc3339())]
    Overlap {
        /// Until when.
        until: Timestamp,
    },
    /// There are as many keys as there may be.
    #[error("There are as many keys as there may be ({LIVE_MAX} that are not revoked, {KEPT_MAX} in all).")]
    Full,
}

/// Issues and revokes keys, one after the other. Calls block.
pub struct KeyDesk {
    publisher: Arc<Publisher>,
    clock: Arc<dyn Clock>,
    keys: Mutex<BTreeMap<Arc<str>, IssuedKey>>,
}

impl std::fmt::Debug for KeyDesk {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("KeyDesk").finish_non_exhaustive()
    }
}

impl KeyDesk {
    /// A desk for `keys`, which are all that were issued; they are in the snapshot of `publisher` already ([`live`]).
    #[must_use]
    pub fn new(publisher: Arc<Publisher>, clock: Arc<dyn Clock>, keys: Vec<IssuedKey>) -> Self {
        let keys = keys.into_iter().map(|key| (Arc::clone(&key.key.id), key)).collect();
        Self { publisher, clock, keys: Mutex::new(keys) }
    }

    /// The keys that `by` administers, by id.
    #[must_use]
    pub fn list(&self, by: &KeyAdmin) -> Vec<IssuedKey> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.values().filter(|key| by.administers(&key.key.tenant)).cloned().collect()
    }

    /// Issues `key`, whose hash is not looked at; returns it with its text, which nobody can be told again.
    ///
    /// # Errors
    /// It is not issued.
    pub fn issue(&self, key: Key, by: &KeyAdmin) -> Result<(IssuedKey, String), KeyRefused> {
        let now = self.clock.now();
        if !by.administers(&key.tenant) {
            return Err(KeyRefused::Foreign);
        }
        if key.expires_at.is_some_and(|end| end <= now) {
            return Err(KeyConflict::Ended.into());
        }
        let text = self.clock.key_text();
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.contains_key(&key.id) || self.is_configured(&key.id) {
            return Err(KeyConflict::Exists.into());
        }
        if keys.len() >= KEPT_MAX || keys.values().filter(|key| key.revoked_at.is_none()).count() >= LIVE_MAX
        {
            return Err(KeyConflict::Full.into());
        }
        let issued = IssuedKey {
            key: Key { hash: Sha256::digest(&text).into(), ..key },
            earlier: None,
            created_at: now,
            created_by: Arc::clone(&by.name),
            revoked_at: None,
        };
        self.put("key.created", issued.clone(), by, &mut keys, now)?;
        Ok((issued, text))
    }

    /// Gives the key `id` another text; the one before is good for `overlap` more. Returns it with the text.
    ///
    /// # Errors
    /// It keeps the text it has.
    pub fn rotate(
        &self,
        id: &str,
        overlap: Duration,
        by: &KeyAdmin,
    ) -> Result<(IssuedKey, String), KeyRefused> {
        let now = self.clock.now();
        let text = self.clock.key_text();
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.find(id, by, &keys)?;
        if before.revoked_at.is_some() {
            return Err(KeyConflict::Revoked.into());
        }
        if before.key.expires_at.is_some_and(|end| end <= now) {
            return Err(KeyConflict::Ended.into());
        }
        // A leaked text must end at once, whatever is under way.
        let under_way = before.earlier_until(now).filter(|_| !overlap.is_zero());
        if let Some(until) = under_way {
            return Err(KeyConflict::Overlap { until }.into());
        }
        let earlier = EarlierHash { hash: before.key.hash, until: now.after(overlap) };
        let mut rotated = before.clone();
        rotated.earlier = (!overlap.is_zero()).then_some(earlier);
        rotated.key.hash = Sha256::digest(&text).into();
        self.put("key.rotated", rotated.clone(), by, &mut keys, now)?;
        Ok((rotated, text))
    }

    /// Revokes the key `id`: no request is let in with it from now on. Once is enough; twice is no harm.
    ///
    /// # Errors
    /// It is as good as it was.
    pub fn revoke(&self, id: &str, by: &KeyAdmin) -> Result<(), KeyRefused> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.find(id, by, &keys)?;
        if before.revoked_at.is_some() {
            return Ok(());
        }
        let now = self.clock.now();
        let revoked = IssuedKey { revoked_at: Some(now), earlier: None, ..before.clone() };
        self.put("key.revoked", revoked, by, &mut keys, now)
    }

    fn find<'k>(
        &self,
        id: &str,
        by: &KeyAdmin,
        keys: &'k BTreeMap<Arc<str>, IssuedKey>,
    ) -> Result<&'k IssuedKey, KeyRefused> {
        if let Some(key) = keys.get(id).filter(|key| by.administers(&key.key.tenant)) {
            return Ok(key);
        }
        let configured = self.publisher.configured_keys();
        let found = configured.iter().find(|key| &*key.id == id);
        Err(match found.filter(|key| by.administers(&key.tenant)) {
            Some(_) => KeyConflict::Configured.into(),
            None => KeyRefused::NotFound,
        })
    }

    fn is_configured(&self, id: &str) -> bool {
        self.publisher.configured_keys().iter().any(|key| &*key.id == id)
    }

    /// Has `key` recorded, kept and in force.
    fn put(
        &self,
        kind: &'static str,
        key: IssuedKey,
        by: &KeyAdmin,
        keys: &mut BTreeMap<Arc<str>, IssuedKey>,
        now: Timestamp,
    ) -> Result<(), KeyRefused> {
        let id = Arc::clone(&key.key.id);
        let others = keys.values().filter(|other| other.key.id != id);
        let issued = live(others.chain([&key]));
        self.publisher.rekey(&KeyChange { kind, key: &key, issued, by: &by.name }, now)?;
        keys.insert(id, key);
        Ok(())
    }
}

/// What stands in the ring for these keys.
pub fn live<'k>(keys: impl IntoIterator<Item = &'k IssuedKey>) -> Arc<[Key]> {
    keys.into_iter().flat_map(IssuedKey::live).collect()
}
