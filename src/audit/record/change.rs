//! Records of what operators change by API (`kind: "policy.created"` and so on), and of changes that did not come to be after all.
//!
//! Imports `model` and `audit::record`.

use crate::audit::record::Line;
use crate::model::decision::SnapshotRef;

/// Most policies that a record names.
const POLICIES_MOST: usize = 1000;

/// A change of an administered object, before it is in force.
#[derive(Clone, Copy, Debug)]
pub struct ChangeRecord<'r> {
    /// What was done, such as `policy.created`.
    pub kind: &'static str,
    /// The key that did it.
    pub by: &'r str,
    /// The tenant the object belongs to; `None` = the deployment.
    pub tenant: Option<&'r str>,
    /// The object's id.
    pub id: &'r str,
    /// What it is called, where it has a name.
    pub name: Option<&'r str>,
    /// The actor it is about.
    pub actor: Option<&'r str>,
    /// The capability it is about.
    pub capability: Option<&'r str>,
    /// What it says, where that is one word: a status, or whether a kill switch is active.
    pub status: Option<&'r str>,
    /// The object's version, where it is there afterwards.
    pub version: Option<u64>,
    /// SHA-256 of what is written of it, in lower-case hexadecimal.
    pub digest: Option<&'r str>,
    /// The ids of the Cedar policies that are made, replaced or taken away: the first thousand. Not in a record of one.
    pub policies: &'r [&'r str],
    /// The snapshot that has it.
    pub snapshot: &'r SnapshotRef,
}

/// A snapshot that a record before it names, and that did not come to be: `kind: "snapshot.reverted"`.
#[derive(Clone, Copy, Debug)]
pub struct RevertRecord<'r> {
    /// The snapshot.
    pub undone: &'r SnapshotRef,
    /// The one that stayed in force; `None` at a start.
    pub snapshot: Option<&'r SnapshotRef>,
    /// Why, in a word.
    pub why: &'static str,
}

impl ChangeRecord<'_> {
    /// The record's members.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut line = Line::new(self.kind);
        line.text(",\"by\":", self.by);
        let texts = [
            (",\"tenant\":", self.tenant),
            (",\"id\":", Some(self.id)),
            (",\"name\":", self.name),
            (",\"actor\":", self.actor),
            (",\"capability\":", self.capability),
            (",\"status\":", self.status),
            (",\"digest\":", self.digest),
        ];
        for (key, value) in texts {
            if let Some(value) = value {
                line.text(key, value);
            }
        }
        for (index, id) in self.policies.iter().take(POLICIES_MOST).enumerate() {
            line.text(if index == 0 { ",\"policies\":[" } else { "," }, id);
        }
        if !self.policies.is_empty() {
            line.bytes.push(b']');
        }
        if let Some(version) = self.version {
            line.raw(",\"version\":", &version.to_string());
        }
        line.raw(",\"snapshot\":", self.snapshot.as_json());
        line.bytes
    }
}

impl RevertRecord<'_> {
    /// The record's members.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut line = Line::new("snapshot.reverted");
        line.plain(",\"why\":\"", self.why);
        line.raw(",\"undone\":", self.undone.as_json());
        if let Some(snapshot) = self.snapshot {
            line.raw(",\"snapshot\":", snapshot.as_json());
        }
        line.bytes
    }
}
