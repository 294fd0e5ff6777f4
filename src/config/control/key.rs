//! `control.keys`: who may call, and as what. Imports `model` only.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use data_encoding::HEXLOWER_PERMISSIVE;

use crate::config::raw::{RawActor, RawKey, RawPrincipalKind};
use crate::config::resolve::{Spot, group_names, role_names};
use crate::model::call::{ACTOR_ID_RULE, PrincipalKind, Scope, is_actor_id};
use crate::model::document::shape::nearest;
use crate::model::time::Timestamp;

/// A key of a caller: what it may do, and for whom it speaks.
#[derive(Clone, Debug)]
pub struct Key {
    /// Names the key in records; two keys may share it.
    pub id: String,
    /// What the key's text hashes to.
    pub hash: KeyHash,
    /// Whose data it may touch.
    pub tenant: String,
    /// What it may do on the control API.
    pub scopes: Vec<Scope>,
    /// Patterns of the actors it may speak for; `*` stands for any text.
    pub actors: Vec<String>,
    /// The actor that calls tools with it: as configured, else the single literal entry of `actors`, else the key's id.
    pub actor: KeyActor,
    /// What its holder approves calls as; each once.
    pub roles: Vec<String>,
    /// The groups its holder is in, for conditions; each once.
    pub groups: Vec<String>,
    /// Who holds it, so that two keys of one person count once.
    pub person: Option<String>,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
}

/// The actor a key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyActor {
    /// Its id.
    pub id: String,
    /// What kind of actor it is.
    pub kind: PrincipalKind,
}

/// The SHA-256 of a key's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyHash(pub [u8; 32]);

/// The keys as far as they are sound, and judged against each other.
pub(super) fn resolve(raw: Vec<Option<RawKey>>, spot: &Spot<'_>) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut seen = Seen::default();
    for (index, raw) in raw.into_iter().enumerate() {
        let Some(raw) = raw else { continue };
        let spot = spot.element(index);
        seen.id(&raw.id, &spot.key("id"));
        if let Some(key) = resolve_key(raw, &spot) {
            seen.hash(key.hash, &spot.key("hash"));
            seen.holder(&key, &spot);
            keys.push(key);
        }
    }
    keys
}

/// How often each id stands in the list, where each hash does, and who holds the keys of an id.
#[derive(Default)]
struct Seen {
    ids: HashMap<String, usize>,
    hashes: HashMap<KeyHash, String>,
    holders: HashMap<String, Holder>,
}

/// Who holds a key, and where it stands.
struct Holder {
    person: Option<String>,
    roles: BTreeSet<String>,
    line: String,
}

impl Seen {
    fn id(&mut self, id: &str, spot: &Spot<'_>) {
        let count = self.ids.entry(id.to_owned()).or_default();
        *count += 1;
        if *count == 3 {
            spot.refuse_with(
                "the third key with this id",
                "two may share one while the new one replaces the old",
            );
        }
    }

    fn hash(&mut self, hash: KeyHash, spot: &Spot<'_>) {
        if let Some(line) = self.hashes.insert(hash, spot.line()) {
            spot.refuse(format!("the same key as in {line}: a caller could not be told apart"));
        }
    }

    /// Records name a key by its id, and people are counted by what stands behind it: that must be one thing.
    fn holder(&mut self, key: &Key, spot: &Spot<'_>) {
        let roles: BTreeSet<String> = key.roles.iter().cloned().collect();
        let hint = "keys that share an id are one holder's: give both the same, or this one an id of its own";
        match self.holders.entry(key.id.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(Holder { person: key.person.clone(), roles, line: spot.line() });
            }
            Entry::Occupied(first) => {
                let first = first.get();
                if first.person != key.person {
                    let message = format!("not the person of the key with the same id in {}", first.line);
                    spot.key("person").refuse_with(message, hint);
                }
                if first.roles != roles {
                    let message = format!("not the roles of the key with the same id in {}", first.line);
                    spot.key("roles").refuse_with(message, hint);
                }
            }
        }
    }
}

fn resolve_key(raw: RawKey, spot: &Spot<'_>) -> Option<Key> {
    let hash = key_hash(&raw.hash, &spot.key("hash"));
    let scopes = scopes(&raw, spot);
    let roles = role_names(&raw.roles, &spot.key("roles"));
    let groups = group_names(&raw.groups, &spot.key("groups"));
    for (index, pattern) in raw.actors.iter().enumerate() {
        if pattern.is_empty() {
            spot.key("actors").element(index).refuse("a pattern must not be empty");
        }
    }
    if let Some(actor) = raw.actor.as_ref().filter(|actor| !is_actor_id(&actor.id)) {
        spot.key("actor").key("id").refuse(format!("{:?} is no actor's id, which {ACTOR_ID_RULE}", actor.id));
    }
    let expires_at = match &raw.expires_at {
        None => Some(None),
        Some(text) => {
            let time = Timestamp::parse_rfc3339(text);
            spot.key("expires_at")
                .require(time, || "not a time such as 2027-01-31T00:00:00Z (RFC 3339)".to_owned())
                .map(Some)
        }
    };
    let actor = actor_of(&raw);
    Some(Key {
        hash: hash?,
        scopes,
        actor,
        roles,
        groups,
        person: raw.person,
        expires_at: expires_at?,
        id: raw.id,
        tenant: raw.tenant,
        actors: raw.actors,
    })
}

fn key_hash(text: &str, spot: &Spot<'_>) -> Option<KeyHash> {
    let digits = text.strip_prefix("sha256:").filter(|digits| digits.len() == 64);
    let bytes = digits.and_then(|digits| HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok());
    let hash = bytes.and_then(|bytes| bytes.try_into().ok()).map(KeyHash);
    if hash.is_none() {
        let hint = "sha256sum makes them";
        spot.refuse_with("expected sha256: and 64 hexadecimal digits, the SHA-256 of the key's text", hint);
    }
    hash
}

fn scopes(raw: &RawKey, spot: &Spot<'_>) -> Vec<Scope> {
    let list = spot.key("scopes");
    let mut scopes = Vec::new();
    for (index, name) in raw.scopes.iter().enumerate() {
        let Some(scope) = Scope::parse(name) else {
            let known = Scope::ALL.map(Scope::as_str);
            let hint = match nearest(name, known) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("known scopes: {}", known.join(", ")),
            };
            list.element(index).refuse_with("unknown scope", hint);
            continue;
        };
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    let strong = scopes.iter().find(|scope| scope.governs());
    if let (true, Some(strong), false) = (scopes.contains(&Scope::GovernancePropose), strong, raw.force) {
        let message = format!(
            "governance:propose and {} in one key let its holder decide on its own calls",
            strong.as_str()
        );
        list.refuse_with(message, "use two keys, or say force: true");
    }
    scopes
}

/// The data plane's principal of a key: what is configured, else the one actor it can only be, else the key itself.
fn actor_of(raw: &RawKey) -> KeyActor {
    if let Some(RawActor { id, kind }) = &raw.actor {
        return KeyActor { id: id.clone(), kind: principal_kind(*kind) };
    }
    let id = match raw.actors.as_slice() {
        [only] if !only.contains(['*', '?', '[']) => only,
        _ => &raw.id,
    };
    KeyActor { id: id.clone(), kind: PrincipalKind::AiAgent }
}

pub(in crate::config) const fn principal_kind(raw: RawPrincipalKind) -> PrincipalKind {
    match raw {
        RawPrincipalKind::Human => PrincipalKind::Human,
        RawPrincipalKind::AiAgent => PrincipalKind::AiAgent,
        RawPrincipalKind::AiCopilot => PrincipalKind::AiCopilot,
        RawPrincipalKind::Automation => PrincipalKind::Automation,
    }
}
