//! Of whom something is known, and what happened: the words of the fold.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::model::time::Timestamp;

/// Bytes of a key: half a SHA-256, so that nobody finds two names with one key.
pub(super) const KEY_BYTES: usize = 16;

/// What an actor, or an actor and a capability, are known by here: names of any length take the same room, no name is stored, and
/// nobody can choose where in a table theirs goes.
pub(super) type Key = [u8; KEY_BYTES];

/// A caller and a capability: the tenant, the actor and what it calls. Cheap to copy; made once for a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Who {
    /// Tenant and actor.
    pub(super) actor: Key,
    /// Those and the capability.
    pub(super) call: Key,
}

impl Who {
    /// `actor` of `tenant`, calling `capability`. Each tenant's actors are its own, whatever their names.
    #[must_use]
    pub fn new(tenant: &str, actor: &str, capability: &str) -> Self {
        let mut hasher = Sha256::new();
        note(&mut hasher, tenant);
        note(&mut hasher, actor);
        let of_actor = half(hasher.clone());
        note(&mut hasher, capability);
        Self { actor: of_actor, call: half(hasher) }
    }
}

/// With its length before it, so that no two lists of texts are the same bytes.
fn note(hasher: &mut Sha256, text: &str) {
    hasher.update((text.len() as u64).to_be_bytes());
    hasher.update(text);
}

fn half(hasher: Sha256) -> Key {
    let mut key = [0; KEY_BYTES];
    for (slot, byte) in key.iter_mut().zip(hasher.finalize()) {
        *slot = byte;
    }
    key
}

/// Its first bytes: enough to tell it from another in a message.
impl fmt::Debug for Who {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Who({:.8})", data_encoding::HEXLOWER.encode(&self.call))
    }
}

/// Something that was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Of whom.
    pub who: Who,
    /// When: of what was charged, the moment it was charged at ([`Reservation::at`](crate::facts::Reservation::at)).
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A call was let through.
    LetThrough {
        /// `Some`: it counts against the rate of a grant that allows so many calls in its window. As many are remembered one by
        /// one; a number that is too small makes later answers stricter, never milder.
        charged: Option<u32>,
    },
    /// What became of a call was told.
    Reported {
        /// Whether it failed.
        failed: bool,
    },
}
