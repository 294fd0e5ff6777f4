//! Checking a file without serving it.

use std::path::Path;

use anyhow::Result;

use crate::app::SystemSources;
use crate::app::load::{ConfigSource, load, load_rules};
use crate::config::Sources;
use crate::model::document::Document;

/// What a checked file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckedKind {
    /// A configuration, checked together with the files it names.
    Config,
    /// A rules file.
    Rules,
}

impl CheckedKind {
    /// The kind's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "configuration",
            Self::Rules => "rules",
        }
    }
}

/// Top-level keys only a rules file has.
const RULES_KEYS: [&str; 3] = ["rules", "defaults", "plan_rules"];

/// Checks a configuration or a rules file; which of them it is shows by its top-level keys.
///
/// # Errors
/// Everything that is wrong with it, one problem a line.
pub fn check_file(path: &Path) -> Result<CheckedKind> {
    let name = path.display().to_string();
    let text = SystemSources.file(path).map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
    let document = Document::parse(&name, &text)?;
    if RULES_KEYS.iter().any(|key| document.node(&format!("/{key}")).is_some()) {
        load_rules(&name, &text)?;
        return Ok(CheckedKind::Rules);
    }
    load(&ConfigSource::File(path.to_owned()))?;
    Ok(CheckedKind::Config)
}
