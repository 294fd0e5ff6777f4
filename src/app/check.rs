//! Checking a file without serving it.

use std::path::Path;

use anyhow::Result;

use crate::app::load::{ConfigSource, load};
use crate::app::policy_file::{Cases, approvals, lint};
use crate::app::sources::document;
use crate::config::Config;
use crate::model::document::{Problem, Problems};
use crate::policy::rules;

/// What a checked file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckedKind {
    /// A configuration, checked together with the files it names.
    Config,
    /// A rules file.
    Rules,
    /// Cases for `aegis test`.
    Cases,
}

impl CheckedKind {
    /// The kind's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "configuration",
            Self::Rules => "rules",
            Self::Cases => "cases",
        }
    }
}

/// A file that can be served, or run as cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What it is.
    pub kind: CheckedKind,
    /// What it says that cannot be meant, in the order of the places.
    pub warnings: Vec<Problem>,
}

/// Top-level keys only a rules file has.
const RULES_KEYS: [&str; 3] = ["rules", "defaults", "plan_rules"];

/// Checks a configuration, a rules file or a file of cases; which of them it is shows by its top-level keys.
///
/// # Errors
/// Everything that is wrong with it, one problem a line.
pub fn check_file(path: &Path) -> Result<Checked> {
    let document = document(path)?;
    let has = |key: &str| document.node(&format!("/{key}")).is_some();
    if has("cases") {
        Cases::of(&document)?;
        return Ok(Checked { kind: CheckedKind::Cases, warnings: Vec::new() });
    }
    if RULES_KEYS.into_iter().any(has) {
        rules::compile(&document)?;
        return Ok(Checked { kind: CheckedKind::Rules, warnings: sorted(lint(&document)) });
    }
    let config = load(&ConfigSource::File(path.to_owned()))?.config;
    Ok(Checked { kind: CheckedKind::Config, warnings: rules_of(&config)? })
}

/// What is questionable about the rules of a configuration.
fn rules_of(config: &Config) -> Result<Vec<Problem>> {
    let Some(path) = &config.policy.rules else { return Ok(Vec::new()) };
    let document = document(path)?;
    let mut warnings = lint(&document);
    // A caller without a key is who the route says; with no keys there are no other callers.
    let anonymous = config.routes.iter().all(|route| route.anonymous.is_some());
    if anonymous && !config.routes.is_empty() && config.control.keys.is_empty() {
        warnings.extend(approvals(&document));
    }
    Ok(sorted(warnings))
}

fn sorted(problems: Vec<Problem>) -> Vec<Problem> {
    Problems::from_list(problems).map(Problems::into_list).unwrap_or_default()
}
