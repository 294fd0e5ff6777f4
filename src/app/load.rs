//! Reading configuration and rules from where they are kept, and saying everything that is wrong with them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use sha2::{Digest, Sha256};

use crate::app::SystemSources;
use crate::config::{Config, load_document};
use crate::decision::compile;
use crate::identity::Key;
use crate::model::decision::SnapshotRef;
use crate::model::document::Document;
use crate::policy::rules::{self, RuleSet};

/// Where a configuration is.
#[derive(Clone, Debug)]
pub enum ConfigSource {
    /// In a file.
    File(PathBuf),
    /// In the binary: `aegis demo`.
    Embedded {
        /// What it is called in messages.
        name: &'static str,
        /// The configuration.
        config: &'static str,
        /// The rules file.
        rules: &'static str,
        /// Overrides, as environment variables would give them.
        overrides: Vec<(String, String)>,
        /// The folder its paths are relative to.
        base: PathBuf,
    },
}

/// A configuration and rules that can be served.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The compiled rules file, where one is configured.
    pub rules: Option<RuleSet>,
    /// SHA-256 of all that the snapshot is made of, in lower-case hexadecimal.
    pub hash: Arc<str>,
    /// The files it was read from.
    pub files: Vec<PathBuf>,
}

/// Loads a configuration whole.
///
/// # Errors
/// Everything that is wrong with it, one problem a line.
pub fn load(source: &ConfigSource) -> Result<Loaded> {
    let mut digest = Sha256::new();
    let mut note = |bytes: &[u8]| {
        digest.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(bytes);
    };
    let (name, text, base, variables) = match source {
        ConfigSource::File(path) => {
            let text = read(path)?;
            let base = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let variables: Vec<(String, String)> = std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect();
            (path.display().to_string(), text, base.to_owned(), variables)
        }
        ConfigSource::Embedded { name, config, overrides, base, .. } => {
            ((*name).to_owned(), (*config).to_owned(), base.clone(), overrides.clone())
        }
    };
    note(text.as_bytes());
    let mut overrides: Vec<_> = variables.iter().filter(|(name, _)| name.starts_with("AEGIS_")).collect();
    overrides.sort();
    for (name, value) in overrides.into_iter().filter(|(name, _)| name.contains("__")) {
        note(name.as_bytes());
        note(value.as_bytes());
    }
    let document = Document::parse(&name, &text)?;
    let config = load_document(document, &base, variables, &SystemSources)?;
    for header in config.routes.iter().flat_map(|route| &route.upstream.headers) {
        note(header.value.reveal().as_bytes());
    }
    let mut files = match source {
        ConfigSource::File(path) => vec![path.clone()],
        ConfigSource::Embedded { .. } => Vec::new(),
    };
    let rules_text = match (source, &config.policy.rules) {
        (ConfigSource::Embedded { name, rules, .. }, _) => Some((format!("{name} (rules)"), (*rules).to_owned())),
        (ConfigSource::File(_), Some(path)) => {
            files.push(path.clone());
            Some((path.display().to_string(), read(path)?))
        }
        (ConfigSource::File(_), None) => None,
    };
    let rules = match rules_text {
        Some((name, text)) => {
            note(text.as_bytes());
            Some(load_rules(&name, &text)?)
        }
        None => None,
    };
    let hash = data_encoding::HEXLOWER.encode(&digest.finalize()).into();
    let loaded = Loaded { config, rules, hash, files };
    loaded.check()?;
    Ok(loaded)
}

/// Compiles the text of a rules file.
///
/// # Errors
/// Everything that is wrong with it, one problem a line.
pub(super) fn load_rules(name: &str, text: &str) -> Result<RuleSet> {
    let document = Document::parse(name, text)?;
    Ok(rules::compile(&document)?)
}

impl Loaded {
    /// Compiles once, so that what only compiling finds is found before anything is put in force.
    fn check(&self) -> Result<()> {
        let reference = SnapshotRef::new(0, Arc::clone(&self.hash));
        let no_keys: &[Key] = &[];
        compile(&self.config, self.rules.clone(), no_keys, reference).map(drop).map_err(|error| anyhow!("{error}"))
    }
}

fn read(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    String::from_utf8(bytes).map_err(|_| anyhow!("{}: not UTF-8 text", path.display()))
}
