//! `control`: the listener for operators, and the keys. Imports `model` only.
//!
//! Keys always exist (a first admin key is made when none is configured), so listening beyond loopback is allowed here.

use std::collections::HashMap;
use std::net::SocketAddr;

use data_encoding::HEXLOWER_PERMISSIVE;

use crate::config::raw::{RawActor, RawControl, RawKey, RawPrincipalKind};
use crate::config::resolve::{Spot, listen_address};
use crate::model::call::{PrincipalKind, Scope};
use crate::model::document::shape::nearest;
use crate::model::time::Timestamp;

/// The control listener and the keys.
#[derive(Clone, Debug)]
pub struct Control {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The configured keys, in order; none: one is made at first start.
    pub keys: Vec<Key>,
}

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

pub(super) fn resolve(raw: RawControl, spot: &Spot<'_>) -> Option<Control> {
    let listen = listen_address(&raw.listen, &spot.key("listen"));
    let spot = spot.key("keys");
    let mut keys = Vec::new();
    let mut seen = Seen::default();
    for (index, raw) in raw.keys.into_iter().enumerate() {
        let Some(raw) = raw else { continue };
        let spot = spot.element(index);
        seen.id(&raw.id, &spot.key("id"));
        if let Some(key) = resolve_key(raw, &spot) {
            seen.hash(key.hash, &spot.key("hash"));
            keys.push(key);
        }
    }
    Some(Control { listen: listen?, keys })
}

/// How often each id stands in the list, and where each hash does.
#[derive(Default)]
struct Seen {
    ids: HashMap<String, usize>,
    hashes: HashMap<KeyHash, String>,
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
}

fn resolve_key(raw: RawKey, spot: &Spot<'_>) -> Option<Key> {
    let hash = key_hash(&raw.hash, &spot.key("hash"));
    let scopes = scopes(&raw, spot);
    for (index, pattern) in raw.actors.iter().enumerate() {
        if pattern.is_empty() {
            spot.key("actors").element(index).refuse("a pattern must not be empty");
        }
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

pub(super) const fn principal_kind(raw: RawPrincipalKind) -> PrincipalKind {
    match raw {
        RawPrincipalKind::Human => PrincipalKind::Human,
        RawPrincipalKind::AiAgent => PrincipalKind::AiAgent,
        RawPrincipalKind::AiCopilot => PrincipalKind::AiCopilot,
        RawPrincipalKind::Automation => PrincipalKind::Automation,
    }
}
