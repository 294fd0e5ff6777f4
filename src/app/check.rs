//! Checking a file without serving it.

use std::path::Path;

use anyhow::Result;

use crate::app::load::{ConfigSource, Loaded, load};
use crate::app::policy_file::{Cases, Loading, PolicyFile, approvals, lint};
use crate::app::sources::document;
use crate::config::Config;
use crate::model::document::{Problem, Problems};
use crate::policy::governance::read_file;
use crate::policy::rules::RuleSet;

/// What a checked file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckedKind {
    /// A configuration, checked together with the files it names.
    Config,
    /// A rules file.
    Rules,
    /// A file of governance objects.
    Governance,
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
            Self::Governance => "governance objects",
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

/// Top-level keys only a file of governance objects has.
const GOVERNANCE_KEYS: [&str; 4] = ["capabilities", "policies", "grants", "actors"];

/// Checks a configuration, a rules file, a file of governance objects or a file of cases; which of them it is shows by its top-level keys. `loading` is that of
/// rules files by themselves: a gateway always loads strictly.
///
/// # Errors
/// Everything that is wrong with it, one problem a line.
pub fn check_file(path: &Path, loading: Loading) -> Result<Checked> {
    let document = document(path)?;
    let has = |key: &str| document.node(&format!("/{key}")).is_some();
    if has("cases") {
        Cases::of(&document)?;
        return Ok(Checked { kind: CheckedKind::Cases, warnings: Vec::new() });
    }
    if RULES_KEYS.into_iter().any(has) {
        let policy = PolicyFile::of(document, loading)?;
        let mut warnings = lint(policy.document(), policy.rules());
        warnings.extend_from_slice(policy.tolerated());
        return Ok(Checked { kind: CheckedKind::Rules, warnings: sorted(warnings) });
    }
    if GOVERNANCE_KEYS.into_iter().any(has) {
        read_file(&document)?;
        return Ok(Checked { kind: CheckedKind::Governance, warnings: Vec::new() });
    }
    let Loaded { config, rules, .. } = load(&ConfigSource::File(path.to_owned()))?;
    Ok(Checked { kind: CheckedKind::Config, warnings: of_rules(&config, rules.as_ref())? })
}

/// What is questionable about the rules of a configuration.
fn of_rules(config: &Config, rules: Option<&RuleSet>) -> Result<Vec<Problem>> {
    let (Some(path), Some(rules)) = (&config.policy.rules, rules) else { return Ok(Vec::new()) };
    let document = document(path)?;
    let mut warnings = lint(&document, rules.rules());
    // A caller without a key is who the route says; with no keys there are no other callers.
    let anonymous = config.routes.iter().all(|route| route.anonymous.is_some());
    if anonymous && !config.routes.is_empty() && config.control.keys.is_empty() {
        warnings.extend(approvals(&document, rules.rules()));
    }
    Ok(sorted(warnings))
}

fn sorted(problems: Vec<Problem>) -> Vec<Problem> {
    Problems::from_list(problems).map(Problems::into_list).unwrap_or_default()
}
