//! Reading configuration and rules from where they are kept, and saying everything that is wrong with them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use sha2::{Digest, Sha256};

use crate::admin::{FileSet, Pins, Role, Text};
use crate::app::SystemSources;
use crate::app::counting::{OnRefusal, Rules, counting};
use crate::app::governed::{Governed, Instead, Places, governed, shown_config};
use crate::app::sources::NotingSources;
use crate::config::{Config, Sources, load_document};
use crate::decision::compile;
use crate::identity::Key;
use crate::model::decision::SnapshotRef;
use crate::model::document::{Document, Node, Place, Problem, Problems};
use crate::policy::governance::is_cedar_engine_name;
use crate::policy::rules::RuleSet;
use crate::telemetry::check_log_filter;

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
    /// Rules in a file, the rest in the binary: `aegis serve POLICY`.
    Policy {
        /// The configuration.
        config: &'static str,
        /// The rules file.
        policy: PathBuf,
        /// Overrides, as environment variables would give them.
        overrides: Vec<(String, String)>,
        /// The folder its paths are relative to.
        base: PathBuf,
        /// Whether rules are loaded as the document's model would.
        lenient: bool,
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
    /// The files it was read from, and the folder of governance objects where there is one.
    pub files: Vec<PathBuf>,
    /// The texts that count, and the governance objects in them.
    pub files_read: FileSet,
    /// The text of the rules file, also where a policy that came by API stands in its place; empty where there is none.
    pub(super) rules_file: String,
    /// What strict loading would have refused, where rules are loaded leniently.
    pub(super) warnings: Vec<Problem>,
    /// What is wrong with the rules file, where a policy that came by API serves on in its place.
    pub(super) refused: Option<Problems>,
}

/// Loads a configuration whole.
///
/// # Errors
/// Everything that is wrong with it and with its rules, one problem a line.
pub fn load(source: &ConfigSource) -> Result<Loaded> {
    load_by(source, Instead::Pinned(&Pins::default()), OnRefusal::Fail)
}

/// Loads a configuration whole, for a start. A rules file that is refused does not take a policy away that came by API and is kept: it
/// serves on, as it would have without a restart, and [`Loaded`] says what is wrong with the file. `pins`: what an earlier
/// snapshot brought back.
///
/// # Errors
/// As for [`load`]; where there is no such policy, what is wrong with the rules file too.
pub fn load_to_start(source: &ConfigSource) -> Result<Loaded> {
    load_by(source, Instead::Pinned(&Pins::default()), OnRefusal::Kept)
}

/// Loads a configuration whole, with something in the place of its files.
///
/// # Errors
/// As for [`load`].
pub(super) fn load_with(source: &ConfigSource, instead: Instead<'_>) -> Result<Loaded> {
    load_by(source, instead, OnRefusal::Fail)
}

fn load_by(source: &ConfigSource, instead: Instead<'_>, on_refusal: OnRefusal) -> Result<Loaded> {
    let mut digest = Fingerprint::default();
    let Written { name, text, base, variables } = written(source)?;
    digest.note(text.as_bytes());
    digest.note_overrides(&variables);
    let document = Document::parse(&name, &text)?;
    let sources = NotingSources::default();
    let config = load_document(document.clone(), &base, variables, &sources);
    // Rules and governance objects are looked at also when the configuration is wrong, so that everything wrong is said at once.
    let named = |pointer: &str| document.node(pointer).and_then(Node::text).map(|path| base.join(path));
    let (rules_path, governance_path, cedar_path) = match &config {
        Ok(Config { policy, .. }) => {
            (policy.rules.clone(), policy.governance.clone(), policy.cedar.directory.clone())
        }
        Err(_) => (named("/policy/rules"), named("/policy/governance"), named("/policy/cedar/directory")),
    };
    let engine = match &config {
        Ok(config) => config.policy.cedar.engine.as_deref(),
        Err(_) => document
            .node("/policy/cedar/engine")
            .and_then(Node::text)
            .filter(|name| is_cedar_engine_name(name)),
    };
    let places = Places { governance: governance_path.as_deref(), cedar: cedar_path.as_deref(), engine };
    let governed = governed(&document, places, instead);
    let data_dir = config.as_ref().ok().map(|config| config.data_dir.as_path());
    let written = rules_text(source, &document, rules_path.as_deref());
    let rules = match written {
        Ok(written) => {
            let lenient = matches!(source, ConfigSource::Policy { lenient: true, .. });
            let rules = counting(written, instead, data_dir)?.compile(lenient, on_refusal, data_dir)?;
            let text = rules.as_ref().ok().and_then(|rules| rules.rules_text.as_ref());
            digest.note(text.map_or(&b""[..], |text| text.text.as_bytes()));
            rules
        }
        Err(problems) => Err(problems),
    };
    let (config, rules, governed) = match (config, rules, governed) {
        (Ok(config), Ok(rules), Ok(governed)) => (config, rules, governed),
        (config, rules, governed) => {
            let found = [config.err(), rules.err(), governed.err()];
            let all = found.into_iter().flatten().flat_map(Problems::into_list).collect();
            return Err(Problems::from_list(all).context("the configuration could not be read")?.into());
        }
    };
    let files = files(source, rules_path.as_deref(), &governed.watched, &sources);
    if let Err(error) = check_log_filter(&config.telemetry.log) {
        return Err(Problems::from(document.problem("/telemetry/log", error.to_string())).into());
    }
    for text in sources.digests() {
        digest.note(&text);
    }
    for header in config.routes.iter().flat_map(|route| &route.upstream.headers) {
        digest.note(header.value.reveal().as_bytes());
    }
    if let Some(pin) = &governed.pin {
        // Grants and statuses are those of the files it stands over.
        digest.note(pin.base.as_bytes());
    }
    for text in &governed.texts {
        // Not the folder they are in: what is loaded elsewhere is the same.
        digest.note(Path::new(&*text.name).file_name().unwrap_or_default().as_encoded_bytes());
        digest.note(text.text.as_bytes());
    }
    let config_text = Text { role: Role::Config, name: name.into(), text: shown_config(&document).into() };
    let Rules { rules, rules_file, rules_text, pin, warnings, refused } = rules;
    let Governed { texts, objects, pin: governance, .. } = governed;
    let texts = std::iter::once(config_text).chain(rules_text).chain(texts).collect();
    let engine = config.policy.cedar.engine.clone().filter(|_| config.policy.cedar.directory.is_none());
    let files_read = FileSet { texts, objects, engine, pins: Pins { rules: pin, governance } };
    let hash = digest.finish();
    let loaded = Loaded { config, rules, hash, files, files_read, rules_file, warnings, refused };
    loaded.check()?;
    Ok(loaded)
}

/// A configuration as it is kept.
struct Written {
    name: String,
    text: String,
    base: PathBuf,
    variables: Vec<(String, String)>,
}

fn written(source: &ConfigSource) -> Result<Written> {
    Ok(match source {
        ConfigSource::File(path) => {
            let name = path.display().to_string();
            let text = SystemSources.file(path).map_err(|error| anyhow!("{name}: {error}"))?;
            let base =
                path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let variables = std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect();
            Written { name, text, base: base.to_owned(), variables }
        }
        ConfigSource::Policy { config, overrides, base, .. } => Written {
            name: "the built-in configuration".to_owned(),
            text: (*config).to_owned(),
            base: base.clone(),
            variables: overrides.clone(),
        },
        ConfigSource::Embedded { name, config, overrides, base, .. } => Written {
            name: (*name).to_owned(),
            text: (*config).to_owned(),
            base: base.clone(),
            variables: overrides.clone(),
        },
    })
}

/// The files to watch.
fn files(
    source: &ConfigSource,
    rules: Option<&Path>,
    governed: &[PathBuf],
    sources: &NotingSources,
) -> Vec<PathBuf> {
    match source {
        ConfigSource::Embedded { .. } => Vec::new(),
        ConfigSource::Policy { policy, .. } => vec![policy.clone()],
        ConfigSource::File(path) => {
            let mut files = vec![path.clone()];
            files.extend(rules.map(Path::to_owned));
            files.extend_from_slice(governed);
            files.extend(sources.files());
            files
        }
    }
}

/// Reads the rules file: its name and text; nothing where there is none. One that cannot be read is a problem of the key that names
/// it.
fn rules_text(
    source: &ConfigSource,
    document: &Document,
    path: Option<&Path>,
) -> Result<Option<(String, String)>, Problems> {
    let path = match (source, path) {
        (ConfigSource::Embedded { name, rules, .. }, _) => {
            return Ok(Some((format!("{name} (rules)"), (*rules).to_owned())));
        }
        (ConfigSource::Policy { policy, .. }, _) => policy,
        (ConfigSource::File(_), None) => return Ok(None),
        (ConfigSource::File(_), Some(path)) => path,
    };
    let name = path.display().to_string();
    match (SystemSources.file(path), source) {
        (Ok(text), _) => Ok(Some((name, text))),
        (Err(error), ConfigSource::Policy { .. }) => Err(Problem::new(Place::whole(name), "", error).into()),
        (Err(error), _) => {
            let message = format!("{} cannot be read: {error}", path.display());
            Err(document.key_problem("/policy/rules", message).into())
        }
    }
}

/// SHA-256 over everything a snapshot is made of, each part with its length before it.
#[derive(Default)]
struct Fingerprint(Sha256);

impl Fingerprint {
    fn note(&mut self, part: &[u8]) {
        self.0.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(part);
    }

    fn note_overrides(&mut self, variables: &[(String, String)]) {
        let ours = |(name, _): &&(String, String)| name.starts_with("AEGIS_") && name.contains("__");
        let mut overrides: Vec<_> = variables.iter().filter(ours).collect();
        overrides.sort();
        for (name, value) in overrides {
            self.note(name.as_bytes());
            self.note(value.as_bytes());
        }
    }

    fn finish(self) -> Arc<str> {
        data_encoding::HEXLOWER.encode(&self.0.finalize()).into()
    }
}

impl Loaded {
    /// Compiles once, so that what only compiling finds is found before anything is put in force.
    fn check(&self) -> Result<()> {
        let reference = SnapshotRef::new(0, Arc::clone(&self.hash));
        let no_keys: &[Key] = &[];
        compile(&self.config, self.rules.clone(), no_keys, reference)
            .map(drop)
            .map_err(|error| anyhow!("{error}"))
    }
}
