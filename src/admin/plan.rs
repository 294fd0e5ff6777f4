//! What a change comes to: whether it may be made, and the rows it consists of.

use std::sync::Arc;

use crate::admin::registry::{Registry, file_of};
use crate::admin::{By, Change, DEPLOYMENT_TENANT, Digest, Entry, IfMatch, Refused, Row, RowChange};
use crate::model::time::Timestamp;
use crate::policy::governance::{Content, Kind, Object, ObjectKey, Policy, Source, Stamp, Written};

/// How many objects there may be that came by API.
pub const MOST_OBJECTS: usize = 100_000;

/// How many of them one tenant may have, but for statuses of actors and kill switches.
const MOST_OF_A_TENANT: usize = MOST_OBJECTS / 2;

/// How much memory the regular expressions in the policies of one tenant may take, and those of the deployment, in bytes.
const MOST_PATTERN_BYTES: usize = 128 << 20;

/// A change that may be made.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What it consists of; nothing where nothing changes.
    pub rows: Vec<RowChange>,
    /// What it is, in records.
    pub event: &'static str,
    /// The object that is made, replaced or taken away.
    pub object: Option<Arc<Object>>,
    /// Whether it was not there before.
    pub created: bool,
    /// The Cedar policies that are made, replaced or taken away, in the order asked for.
    pub policies: Vec<Arc<Object>>,
}

/// Who asks, when, and how a new object is named.
pub struct Asked<'a> {
    /// Who asks.
    pub by: &'a By,
    /// When.
    pub now: Timestamp,
    /// Draws an id with a prefix.
    pub id: &'a mut dyn FnMut(&'static str) -> Arc<str>,
}

impl std::fmt::Debug for Asked<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Asked").field("by", self.by).field("now", &self.now).finish_non_exhaustive()
    }
}

impl Registry {
    /// What `change` comes to.
    ///
    /// # Errors
    /// It may not be made.
    pub fn plan(&self, change: Change, mut asked: Asked<'_>) -> Result<Planned, Refused> {
        let asked = &mut asked;
        match change {
            Change::Register(written) => {
                self.admit(&written.key, asked)?;
                self.is_new(&written.key)?;
                self.put(written, "capability.registered", asked)
            }
            Change::CreatePolicy(written) => {
                self.admit(&written.key, asked)?;
                self.is_new(&written.key)?;
                self.put(written, "policy.created", asked)
            }
            Change::ReplacePolicy { id, written, if_match } => self.replace(&id, written, if_match, asked),
            Change::Grant(written) => self.set_one(written, None, "grant.created", asked),
            Change::SetActor { written, if_match } => self.set_one(written, if_match, "actor.updated", asked),
            Change::SetKillSwitch { written, if_match } => {
                self.set_one(written, if_match, "kill_switch.updated", asked)
            }
            Change::Cedar(change) => self.plan_cedar(change, asked),
            Change::Revoke { tenant, actor, capability } => {
                self.revoke(&ObjectKey::grant(&tenant, &actor, &capability), asked)
            }
        }
    }

    fn set_one(
        &self,
        written: Written,
        if_match: Option<IfMatch>,
        event: &'static str,
        asked: &mut Asked<'_>,
    ) -> Result<Planned, Refused> {
        self.admit(&written.key, asked)?;
        let before = self.api.get(&written.key).map(|entry| entry.object.stamp.version);
        matches(if_match, before)?;
        self.put(written, event, asked)
    }

    /// Lets a change of `key` through if whoever asks may make it and no file stands in the way.
    pub(super) fn admit(&self, key: &ObjectKey, asked: &Asked<'_>) -> Result<(), Refused> {
        if !asked.by.may_change(key) {
            return Err(Refused::Forbidden { tenant: Arc::clone(&asked.by.tenant) });
        }
        // A revoked one too: it is not given again behind the back of who writes the file.
        match self.files.get(key).and_then(file_of) {
            Some(file) => Err(Refused::FromFile { kind: noun(key.kind), file: Arc::clone(file) }),
            None => Ok(()),
        }
    }

    pub(super) fn is_new(&self, key: &ObjectKey) -> Result<(), Refused> {
        match self.api.get(key) {
            Some(entry) => {
                Err(Refused::Exists { kind: noun(key.kind), id: Arc::clone(&entry.object.stamp.id) })
            }
            None => Ok(()),
        }
    }

    fn replace(
        &self,
        id: &Arc<str>,
        written: Written,
        if_match: Option<IfMatch>,
        asked: &mut Asked<'_>,
    ) -> Result<Planned, Refused> {
        let not_found = Refused::NotFound { kind: noun(Kind::Policy) };
        let Some(before) = self.policy(id) else { return Err(not_found) };
        // Whose policies one may not change one is not told of, either.
        if !asked.by.may_change(&before.key) {
            return Err(not_found);
        }
        self.admit(&before.key, asked)?;
        if written.key != before.key {
            return Err(Refused::OtherTenant);
        }
        matches(if_match, Some(before.stamp.version))?;
        self.put(written, "policy.updated", asked)
    }

    /// The policy of that id that holds, of whatever tenant.
    #[must_use]
    pub fn policy(&self, id: &str) -> Option<&Arc<Object>> {
        self.objects().iter().find(|object| object.key.kind == Kind::Policy && &*object.key.name == id)
    }

    pub(super) fn put(
        &self,
        written: Written,
        event: &'static str,
        asked: &mut Asked<'_>,
    ) -> Result<Planned, Refused> {
        let before = self.api.get(&written.key);
        if before.is_none() && !written.key.kind.is_cedar() {
            self.has_room(&written.key)?;
        }
        if let Content::Policy(policy) = &written.content {
            self.has_patterns(&written.key, policy)?;
        }
        let created = before.is_none();
        let stamp = match before {
            Some(before) => succeeding(&before.object.stamp, asked.now),
            None => first(&written.key, Source::Api, asked.now, asked.id),
        };
        let entry = entry(written, stamp);
        let object = Some(Arc::clone(&entry.object));
        let rows = vec![RowChange { key: entry.object.key.clone(), row: Row::Api(Some(entry)) }];
        Ok(Planned { rows, event, object, created, policies: Vec::new() })
    }

    /// Whether there may be one more object. A tenant alone fills at most half, and whoever must be stopped can be even then.
    fn has_room(&self, key: &ObjectKey) -> Result<(), Refused> {
        let stops = matches!(key.kind, Kind::Actor | Kind::KillSwitch);
        let most = if stops { 2 * MOST_OBJECTS } else { MOST_OBJECTS };
        if self.governed() >= most {
            return Err(Refused::Full { most });
        }
        let tenant = key.tenant.as_deref().filter(|tenant| *tenant != DEPLOYMENT_TENANT && !stops);
        if self.governed() < MOST_OF_A_TENANT || tenant.is_none() {
            return Ok(());
        }
        let own = self.api.keys().filter(|other| other.tenant.as_deref() == tenant).count();
        if own < MOST_OF_A_TENANT { Ok(()) } else { Err(Refused::Full { most: MOST_OF_A_TENANT }) }
    }

    /// Whether the policies of its tenant, and so the memory they take, may have what `policy` adds to them.
    fn has_patterns(&self, key: &ObjectKey, policy: &Policy) -> Result<(), Refused> {
        let added = policy.pattern_bytes();
        if added == 0 {
            return Ok(());
        }
        let others = self.api.iter().filter(|(other, _)| other.tenant == key.tenant && *other != key);
        let others = others.filter_map(|(_, entry)| match &entry.object.content {
            Content::Policy(policy) => Some(policy.pattern_bytes()),
            _ => None,
        });
        if others.sum::<usize>() + added <= MOST_PATTERN_BYTES {
            Ok(())
        } else {
            Err(Refused::Patterns { most: MOST_PATTERN_BYTES })
        }
    }

    /// Takes a grant away, whatever says that there is one.
    fn revoke(&self, key: &ObjectKey, asked: &Asked<'_>) -> Result<Planned, Refused> {
        if !asked.by.may_change(key) {
            return Err(Refused::Forbidden { tenant: Arc::clone(&asked.by.tenant) });
        }
        let mut rows = Vec::new();
        let object = self.holds(key).map(|entry| Arc::clone(&entry.object));
        // One of the API goes also where a file stands before it: else it would come back with the file's end.
        if self.api.contains_key(key) {
            rows.push(RowChange { key: key.clone(), row: Row::Api(None) });
        }
        if let Some(file) = self.files.get(key).filter(|file| !self.revokes(file)) {
            rows.push(RowChange { key: key.clone(), row: Row::Revoked(Some(file.clone())) });
        }
        Ok(Planned { rows, event: "grant.revoked", object, created: false, policies: Vec::new() })
    }
}

/// Whether what is there is what must be there.
pub(super) fn matches(if_match: Option<IfMatch>, version: Option<u64>) -> Result<(), Refused> {
    match if_match {
        Some(wanted) if !wanted.admits(version) => Err(Refused::Stale { version }),
        _ => Ok(()),
    }
}

/// The entry of what was written, under a stamp.
pub(super) fn entry(written: Written, stamp: Stamp) -> Entry {
    let Written { key, written, content } = written;
    Entry::new(Object { key, stamp, written, content })
}

/// The stamp of an object that was not there before.
pub(super) fn first(
    key: &ObjectKey,
    source: Source,
    now: Timestamp,
    id: &mut dyn FnMut(&'static str) -> Arc<str>,
) -> Stamp {
    let id = match (key.kind, &source) {
        (Kind::Policy | Kind::CedarEngine, _) => Arc::clone(&key.name),
        (Kind::CedarPolicy, _) => key.name.split_once('/').map_or("", |(_, id)| id).into(),
        (_, Source::Api) => id(key.kind.id_prefix()),
        (_, Source::File(_)) => file_id(key),
    };
    Stamp { id, version: 1, created_at: now, updated_at: now, source }
}

/// The stamp of an object in the place of another of the same source.
pub(super) fn succeeding(before: &Stamp, now: Timestamp) -> Stamp {
    let Stamp { id, version, created_at, source, .. } = before.clone();
    Stamp { id, version: version.saturating_add(1), created_at, updated_at: now, source }
}

/// How many characters an id has behind its prefix.
const ID_CHARS: usize = 26;

/// The id of an object of a file: made of its key, so that it stays the same.
fn file_id(key: &ObjectKey) -> Arc<str> {
    let digest = Digest::of_object(key, &serde_json::Value::Null);
    let text = data_encoding::BASE32_NOPAD.encode(&digest.0).to_ascii_lowercase();
    let chars: String = text.chars().take(ID_CHARS).collect();
    format!("{}{chars}", key.kind.id_prefix()).into()
}

/// What people call an object of that kind.
pub(super) const fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Capability => "capability",
        Kind::Policy => "policy",
        Kind::Grant => "grant",
        Kind::Actor => "actor",
        Kind::KillSwitch => "kill switch",
        Kind::CedarEngine => "policy engine",
        Kind::CedarPolicy => "policy",
        Kind::CedarEnforcement => "enforcement",
    }
}
