//! Everything that is administered, by source, and what comes of the sources together.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::admin::digest::Parts;
use crate::admin::{Digest, Entry, Row, RowChange};
use crate::policy::engines::CedarEngines;
use crate::policy::governance::{Object, ObjectKey, Objects, Source, Stamp};

/// What the sources say, and the objects that hold because of it.
///
/// An object of a file goes before one of the API with the same key. A revoked grant of a file holds no more as long as the file
/// says the same of it.
#[derive(Debug, Default)]
pub struct Registry {
    pub(super) api: BTreeMap<ObjectKey, Entry>,
    pub(super) files: BTreeMap<ObjectKey, Entry>,
    pub(super) revoked: BTreeMap<ObjectKey, Entry>,
    /// Of each object of a file its history, also while the file itself is not loaded yet.
    pub(super) known: BTreeMap<ObjectKey, (Stamp, Digest)>,
    /// INVARIANT: of each key what [`Self::holds`] says.
    objects: Objects,
    /// INVARIANT: of each key of Cedar's what [`Self::holds`] says.
    cedar: CedarEngines,
    /// How many objects of Cedar's came by API.
    cedar_rows: usize,
    digests: BTreeMap<ObjectKey, Digest>,
}

impl Registry {
    /// The objects that hold.
    #[must_use]
    pub const fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Cedar's engines that hold.
    #[must_use]
    pub const fn cedar(&self) -> &CedarEngines {
        &self.cedar
    }

    /// How many objects came by API that are none of Cedar's.
    pub(super) fn governed(&self) -> usize {
        self.api.len().saturating_sub(self.cedar_rows)
    }

    /// Makes changes, and returns those that undo them.
    pub fn apply(&mut self, changes: Vec<RowChange>) -> Vec<RowChange> {
        let mut undo = Vec::with_capacity(changes.len());
        let mut cedar = Vec::new();
        for RowChange { key, row } in changes {
            let before = self.set(&key, row);
            if key.kind.is_cedar() {
                cedar.push(key.clone());
            } else {
                self.settle(&key);
            }
            undo.push(RowChange { key, row: before });
        }
        if !cedar.is_empty() {
            // All at once: an engine's index is made anew only once.
            let held = cedar.into_iter().map(|key| {
                let held = self.holds(&key).map(|entry| (Arc::clone(&entry.object), entry.digest.0));
                (key, held)
            });
            let held: Vec<_> = held.collect();
            self.cedar = self.cedar.changed(held);
        }
        undo.reverse();
        undo
    }

    /// SHA-256 of what a snapshot is made of: `base`, which is that of the files, and the objects that hold. Without any it is
    /// `base` itself.
    #[must_use]
    pub fn hash(&self, base: &Arc<str>) -> Arc<str> {
        if self.digests.is_empty() && self.cedar.is_empty() {
            return Arc::clone(base);
        }
        let mut parts = Parts::default();
        parts.note(base.as_bytes());
        for digest in self.digests.values() {
            parts.note(&digest.0);
        }
        for digest in self.cedar.digests() {
            parts.note(&digest);
        }
        parts.finish().to_hex().into()
    }

    /// Objects of the API that a file stands in the way of, each with that file.
    pub fn shadowed(&self) -> impl Iterator<Item = (&Arc<Object>, &Arc<str>)> {
        self.api.iter().filter_map(|(key, entry)| Some((&entry.object, file_of(self.files.get(key)?)?)))
    }

    /// What holds of a key.
    pub(super) fn holds(&self, key: &ObjectKey) -> Option<&Entry> {
        match self.files.get(key) {
            Some(file) if self.revokes(file) => None,
            Some(file) => Some(file),
            None => self.api.get(key),
        }
    }

    /// Whether a grant of a file is revoked as it reads.
    pub(super) fn revokes(&self, file: &Entry) -> bool {
        self.revoked.get(&file.object.key).is_some_and(|revoked| revoked.digest == file.digest)
    }

    fn set(&mut self, key: &ObjectKey, row: Row) -> Row {
        match row {
            Row::Api(entry) => {
                let stays = entry.is_some();
                let before = put(&mut self.api, key, entry);
                if key.kind.is_cedar() {
                    self.cedar_rows = self.cedar_rows + usize::from(stays) - usize::from(before.is_some());
                }
                Row::Api(before)
            }
            Row::File(entry) => {
                let known = entry.as_ref().map(|entry| (entry.object.stamp.clone(), entry.digest));
                put(&mut self.known, key, known);
                Row::File(put(&mut self.files, key, entry))
            }
            Row::Revoked(entry) => Row::Revoked(put(&mut self.revoked, key, entry)),
        }
    }

    fn settle(&mut self, key: &ObjectKey) {
        match self.holds(key).cloned() {
            Some(Entry { object, digest }) => {
                self.digests.insert(key.clone(), digest);
                self.objects.put(object);
            }
            None => {
                self.digests.remove(key);
                self.objects.remove(key);
            }
        }
    }
}

/// The file an object is from.
pub(super) fn file_of(entry: &Entry) -> Option<&Arc<str>> {
    match &entry.object.stamp.source {
        Source::File(file) => Some(file),
        Source::Api => None,
    }
}

fn put<V>(map: &mut BTreeMap<ObjectKey, V>, key: &ObjectKey, value: Option<V>) -> Option<V> {
    match value {
        Some(value) => map.insert(key.clone(), value),
        None => map.remove(key),
    }
}
