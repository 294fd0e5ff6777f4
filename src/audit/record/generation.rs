//! Runs that make Cedar policies: `kind: "cedar.generation.started"`, and `...ended` with what came of it.
//!
//! Imports `model` and `audit::record`.

use crate::audit::record::Line;

/// A run that begins or ends.
#[derive(Clone, Copy, Debug)]
pub struct GenerationRecord<'r> {
    /// `cedar.generation.started` or `cedar.generation.ended`.
    pub kind: &'static str,
    /// The key that asked for it.
    pub by: &'r str,
    /// Its id.
    pub id: &'r str,
    /// The engine.
    pub engine: &'r str,
    /// How it stands.
    pub status: &'static str,
    /// SHA-256 over all that its outcome depends on, in lower-case hexadecimal; `None` where that is not known yet.
    pub digest: Option<&'r str>,
    /// How many policies it made.
    pub policies: Option<usize>,
}

impl GenerationRecord<'_> {
    /// The record's members.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut line = Line::new(self.kind);
        line.text(",\"by\":", self.by);
        line.text(",\"id\":", self.id);
        line.text(",\"name\":", self.engine);
        line.plain(",\"status\":\"", self.status);
        if let Some(digest) = self.digest {
            line.text(",\"digest\":", digest);
        }
        if let Some(policies) = self.policies {
            line.raw(",\"policies\":", &policies.to_string());
        }
        line.bytes
    }
}
