//! Records of keys that operators issue (`kind: "key.created"`, `"key.rotated"`, `"key.revoked"`), never with a text or a hash.
//!
//! Imports `model`, `identity` and `audit::record`.

use crate::audit::record::Line;
use crate::identity::Key;
use crate::model::decision::SnapshotRef;

/// A change of an issued key.
#[derive(Clone, Copy, Debug)]
pub struct KeyRecord<'r> {
    /// What was done.
    pub kind: &'static str,
    /// The key that did it.
    pub by: &'r str,
    /// The key it was done to.
    pub key: &'r Key,
    /// The snapshot that has it.
    pub snapshot: &'r SnapshotRef,
}

impl KeyRecord<'_> {
    /// The record's members.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut line = Line::new(self.kind);
        line.text(",\"by\":", self.by);
        line.text(",\"tenant\":", &self.key.tenant);
        line.text(",\"id\":", &self.key.id);
        line.raw(",\"scopes\":[", "");
        for (index, scope) in self.key.scopes.iter().enumerate() {
            line.plain(if index == 0 { "\"" } else { ",\"" }, scope.as_str());
        }
        line.raw("]", "");
        if let Some(person) = &self.key.person {
            line.text(",\"person\":", person);
        }
        if let Some(end) = self.key.expires_at {
            line.plain(",\"expires_at\":\"", &end.to_rfc3339());
        }
        line.raw(",\"snapshot\":", self.snapshot.as_json());
        line.bytes
    }
}
