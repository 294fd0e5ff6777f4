//! API keys: known by their SHA-256, compared in constant time.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::model::call::{Principal, PrincipalKind, Scope};
use crate::model::time::Timestamp;

/// One API key. The text itself is never kept; it is random, so a plain SHA-256 of it is safe to store.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its id, in records and logs.
    pub id: Arc<str>,
    /// SHA-256 of its text.
    pub hash: [u8; 32],
    /// The tenant its holder belongs to.
    pub tenant: Arc<str>,
    /// What it may do on the control API.
    pub scopes: Vec<Scope>,
    /// Actors it may speak for: literal ids or patterns with `*`.
    pub actors: Vec<String>,
    /// The actor it stands for when it calls tools.
    pub actor: Option<(Arc<str>, PrincipalKind)>,
    /// What its holder is asked to approve calls as, such as `risk_lead`; each once.
    pub roles: Arc<[Arc<str>]>,
    /// The groups its holder is in, for conditions.
    pub groups: Arc<[Arc<str>]>,
    /// Who holds it, so that two keys of one person count once; `None` = someone with no other key.
    pub person: Option<Arc<str>>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

impl Key {
    /// Whether the key has `scope`, by itself or through `admin`.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|held| *held == Scope::Admin || *held == scope)
    }

    /// Whether the key may change policies or approve.
    #[must_use]
    pub fn governs(&self) -> bool {
        self.scopes.iter().any(|scope| scope.governs())
    }

    /// Whether the key may speak for `actor`.
    #[must_use]
    pub fn admits(&self, actor: &str) -> bool {
        self.actors.iter().any(|pattern| matches_pattern(pattern, actor))
    }

    /// Who calls with this key: `actor`, else the single literal entry of `actors`, else the key's own id.
    #[must_use]
    pub fn principal(&self, asserted: Option<&str>) -> Principal {
        let single = match self.actors.as_slice() {
            [only] if !only.contains('*') => Some(Arc::from(only.as_str())),
            _ => None,
        };
        let (id, kind) = match (&self.actor, single) {
            (Some((id, kind)), _) => (Arc::clone(id), *kind),
            (None, Some(id)) => (id, PrincipalKind::default()),
            (None, None) => (Arc::clone(&self.id), PrincipalKind::default()),
        };
        Principal {
            tenant: Arc::clone(&self.tenant),
            id: asserted.map_or(id, Arc::from),
            kind,
            key: Some(Arc::clone(&self.id)),
            roles: Arc::clone(&self.roles),
            groups: Arc::clone(&self.groups),
        }
    }
}

/// All keys in force.
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    keys: Vec<Key>,
}

impl KeyRing {
    /// A ring of `keys`.
    #[must_use]
    pub const fn new(keys: Vec<Key>) -> Self {
        Self { keys }
    }

    /// Whether there is no key at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether some key may use `scope`.
    #[must_use]
    pub fn any_may(&self, scope: Scope) -> bool {
        self.keys.iter().any(|key| key.may(scope))
    }

    /// The first key with this id, ended or not. Keys that share an id have the same roles and person.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&Key> {
        self.keys.iter().find(|key| &*key.id == id)
    }

    /// The live key with this text. Every key is compared, whatever matched before: time tells nothing.
    #[must_use]
    pub fn find(&self, text: &[u8], now: Timestamp) -> Option<&Key> {
        let presented: [u8; 32] = Sha256::digest(text).into();
        let mut found = u64::MAX;
        for (index, key) in (0_u64..).zip(&self.keys) {
            let live = key.expires_at.is_none_or(|end| now < end);
            let matches = key.hash.ct_eq(&presented) & Choice::from(u8::from(live));
            found.conditional_assign(&index, matches);
        }
        self.keys.get(usize::try_from(found).ok()?)
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any text and everything else for itself.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let tail = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match text.split_once(piece) {
            Some((_, after)) => text = after,
            None => return false,
        }
    }
    text.ends_with(tail)
}
