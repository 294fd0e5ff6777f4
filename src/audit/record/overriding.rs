//! Votes to override evaluations, and votes taken back: `kind: "override"`.
//!
//! Imports `model` and `audit::record`.

use crate::audit::record::Line;
use crate::model::id::Id;
use crate::model::time::Timestamp;

/// One person's vote, or that it was taken back, and what that made of the override.
#[derive(Clone, Copy, Debug)]
pub struct OverrideRecord<'r> {
    /// The evaluation.
    pub decision_id: &'r Id,
    /// Its tenant.
    pub tenant: &'r str,
    /// Who asked for it.
    pub actor: &'r str,
    /// What came of it: `requested`, `granted` once no further vote is needed, or `withdrawn`.
    pub state: &'static str,
    /// Which change of the override it is, from 1.
    pub revision: u64,
    /// Who voted or took the vote back: the id of the key.
    pub by: &'r str,
    /// Who holds that key.
    pub person: &'r str,
    /// All whose votes stand, this one too, each with the role it fills.
    pub votes: &'r [(&'r str, &'r str)],
    /// What they agree on, in hex.
    pub message_hash: &'r str,
    /// The same in words, as they may be kept.
    pub justification: &'r str,
    /// When it ends unless it was granted before.
    pub expires_at: Timestamp,
}

impl OverrideRecord<'_> {
    /// The record's members.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut line = Line::sized("override", 512 + self.justification.len());
        line.text(",\"tenant\":", self.tenant);
        line.text(",\"actor\":", self.actor);
        line.plain(",\"state\":\"", self.state);
        line.raw(",\"revision\":", &self.revision.to_string());
        line.text(",\"by\":", self.by);
        line.text(",\"person\":", self.person);
        if let Some((_, role)) = self.votes.iter().find(|(person, _)| *person == self.person) {
            line.text(",\"role\":", role);
        }
        line.raw(",\"votes\":[", "");
        for (index, (person, role)) in self.votes.iter().enumerate() {
            line.text(if index == 0 { "{\"person\":" } else { ",{\"person\":" }, person);
            line.text(",\"role\":", role);
            line.bytes.push(b'}');
        }
        line.plain("],\"message_hash\":\"", self.message_hash);
        line.text(",\"justification\":", self.justification);
        line.id(",\"decision_id\":\"", self.decision_id);
        line.raw(",\"expires_at\":\"", "");
        self.expires_at.write_rfc3339(&mut line.bytes);
        line.bytes.push(b'"');
        line.bytes
    }
}
