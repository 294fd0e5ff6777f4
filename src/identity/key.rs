//! A key: what its holder may do, and as whom.

use std::sync::Arc;

use crate::model::call::{Claim, Principal, PrincipalKind, Scope};
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
    /// What its holder's token claims besides; none of a key.
    pub claims: Arc<[Claim]>,
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
            person: self.person.clone(),
            roles: Arc::clone(&self.roles),
            groups: Arc::clone(&self.groups),
            claims: Arc::clone(&self.claims),
        }
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
