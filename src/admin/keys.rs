//! Keys issued by API.

use std::sync::Arc;

use crate::identity::Key;
use crate::model::time::Timestamp;

/// A key issued by API. Its text is known to its holder alone.
#[derive(Clone, Debug)]
pub struct IssuedKey {
    /// The key, with the hash of its latest text.
    pub key: Key,
    /// The text before that, until it ends.
    pub earlier: Option<EarlierHash>,
    /// When it was issued.
    pub created_at: Timestamp,
    /// The id of the key that issued it.
    pub created_by: Arc<str>,
    /// When it was revoked; such a key is kept so that its id is never another's.
    pub revoked_at: Option<Timestamp>,
}

/// The hash of a text that another replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarlierHash {
    /// SHA-256 of it.
    pub hash: [u8; 32],
    /// Until when it is good.
    pub until: Timestamp,
}

impl IssuedKey {
    /// What stands in the ring for it: a key for each of its texts. None once it is revoked; that they end is the ring's to see.
    pub fn live(&self) -> impl Iterator<Item = Key> {
        let latest = self.key.clone();
        let earlier = self.earlier.map(|EarlierHash { hash, until }| {
            let ends = latest.expires_at.map_or(until, |end| end.min(until));
            Key { hash, expires_at: Some(ends), ..latest.clone() }
        });
        let all = [Some(latest), earlier].into_iter().flatten();
        all.filter(|_| self.revoked_at.is_none())
    }

    /// Until when the text before the latest is good; `None`: it is not any more.
    #[must_use]
    pub fn earlier_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.earlier.map(|earlier| earlier.until).filter(|until| now < *until)
    }
}
