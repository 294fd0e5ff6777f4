//! Of whom something is known, and what happened: the words of the fold.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::model::decision::RiskScore;
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
    /// Those and the capability; of everybody, and of a caller whatever it calls, the same key as `actor`.
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

    /// `actor` of `tenant`, whatever it calls: for what is known of the actor alone.
    #[must_use]
    pub fn caller(tenant: &str, actor: &str) -> Self {
        let Self { actor, .. } = Self::new(tenant, actor, "");
        Self { actor, call: actor }
    }

    /// All callers of `tenant` together, calling `capability`: whose uses count against the limits they share. Nobody's conduct.
    #[must_use]
    pub fn everybody(tenant: &str, capability: &str) -> Self {
        let mut hasher = Sha256::new();
        EVERYBODY.into_iter().chain([tenant, capability]).for_each(|text| note(&mut hasher, text));
        let key = half(hasher);
        Self { actor: key, call: key }
    }
}

/// What the key of everybody begins with: four texts are hashed for it, where an actor is two and its call three, so that no actor's
/// name makes it.
const EVERYBODY: [&str; 2] = ["", "everybody"];

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
    /// When: of what a grant was charged with, the moment it was charged at
    /// ([`GrantCharged::at`](crate::model::decision::GrantCharged::at)).
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
        /// `Some`: it counts against the limits that all callers of its capability share.
        shared: Option<SharedUse>,
        /// `Some`: it was observed for the gates.
        observed: Option<Observation>,
    },
    /// A call was decided that was not let through, and observed for the gates.
    Observed(Observation),
    /// An operator had the caller's drift baseline forgotten.
    Recalibrated,
    /// What became of a call was told.
    Reported {
        /// Whether it failed.
        failed: bool,
    },
}

/// What is observed of a call for the gates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// By what the shape of its parameters is known.
    pub shape: [u8; 16],
    /// How many calls make its caller's baseline.
    pub window: u16,
    /// How dangerous it looked; `None` where that was observed already, when the call was held.
    pub score: Option<RiskScore>,
    /// Whether it was let through.
    pub let_through: bool,
    /// When it was decided.
    pub at: Timestamp,
}

/// A use of a capability by everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedUse {
    /// By whom of what ([`Who::everybody`]).
    pub who: Who,
    /// How many calls the widest limit allows; likewise.
    pub most: u32,
    /// When it counts as used.
    pub at: Timestamp,
}
