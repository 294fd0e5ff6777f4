//! `policy`: where the rules are, and what holds without them. Imports `model` only.

use std::path::PathBuf;

use crate::config::raw::{RawDefault, RawPolicy};
use crate::config::resolve::Spot;
use crate::model::decision::Outcome;

/// Where the rules are, and what holds without them.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The rules file; `None`: only `default` decides.
    pub rules: Option<PathBuf>,
    /// The file or folder of governance objects; `None`: only the API writes them.
    pub governance: Option<PathBuf>,
    /// What becomes of a call that nothing decides.
    pub default: Outcome,
    /// Whether a changed rules file is taken over while running.
    pub watch: bool,
}

pub(super) fn resolve(raw: RawPolicy, spot: &Spot<'_>) -> Policy {
    let default = match raw.default {
        RawDefault::Deny => Outcome::Deny,
        RawDefault::Allow => Outcome::Allow,
        RawDefault::RequireConfirmation => Outcome::RequireConfirmation,
        RawDefault::Escalate => Outcome::Escalate,
    };
    let beside = |path: Option<String>| path.map(|path| spot.beside(&path));
    Policy { rules: beside(raw.rules), governance: beside(raw.governance), default, watch: raw.watch }
}
