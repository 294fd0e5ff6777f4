//! A new snapshot from the same files: on a signal or when they change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Result, bail};

use crate::app::governed::Instead;
use crate::app::load::{ConfigSource, Loaded, load_with};
use crate::app::policy_server::StoredPolicy;
use crate::config::Config;
use crate::decision::compile;
use crate::gateway::{Administrator, Candidate, Publisher};
use crate::identity::Key;
use crate::model::document::{Place, Problem, Problems};
use crate::proxy::Certificates;

/// The cause of a load that nobody asked for: a file changed.
pub(super) const FILE: &str = "file";

/// The cause of the first.
const START: &str = "start";

/// The cause of one that came by API.
pub(super) const API: &str = "api";

/// Loads the configuration again and puts it in force, or refuses it whole.
#[derive(Debug)]
pub(super) struct Reloader {
    source: ConfigSource,
    publisher: Arc<Publisher>,
    administrator: Administrator,
    own_keys: Vec<Key>,
    certificates: Certificates,
    /// Whether callers need no key.
    open: bool,
    data_dir: PathBuf,
    /// Held while something is loaded and put in force: what is loaded first is not put in force last.
    turn: Mutex<()>,
    fixed: Fixed,
}

/// What only a restart changes.
#[derive(Clone, Debug, PartialEq)]
struct Fixed(Vec<(&'static str, String)>);

impl Fixed {
    fn of(config: &Config) -> Self {
        Self(vec![
            ("data_dir", format!("{:?}", config.data_dir)),
            ("control.listen", format!("{:?}", config.control.listen)),
            ("gateway.listen", format!("{:?}", config.gateway.listen)),
            ("gateway.max_concurrent_requests", format!("{:?}", config.gateway.max_concurrent_requests)),
            ("gateway.max_body_bytes", format!("{:?}", config.gateway.max_body_bytes)),
            ("gateway.timeouts", format!("{:?}", config.gateway.timeouts)),
            ("executor", format!("{:?}", config.executor)),
            ("audit", format!("{:?}", config.audit)),
            ("store", format!("{:?}", config.store)),
            ("telemetry", format!("{:?}", config.telemetry)),
            ("policy.sessions", format!("{:?}", config.policy.sessions)),
            ("policy.watch", format!("{:?}", config.policy.watch)),
            ("stage", format!("{:?}", config.stage)),
        ])
    }
}

impl Reloader {
    pub(super) fn new(
        source: ConfigSource,
        publisher: Arc<Publisher>,
        own_keys: Vec<Key>,
        certificates: Certificates,
        open: bool,
        config: &Config,
    ) -> Self {
        let data_dir = config.data_dir.clone();
        let (turn, fixed) = (Mutex::default(), Fixed::of(config));
        let administrator = Administrator::new(Arc::clone(&publisher));
        Self { source, publisher, administrator, own_keys, certificates, open, data_dir, turn, fixed }
    }

    /// What was loaded first is in force.
    pub(super) fn started(&self, loaded: &Loaded) {
        match &loaded.refused {
            None => self.forget_stored(loaded),
            Some(problems) => {
                tracing::error!(
                    "the rules file is refused: the policy that came last by PUT /api/v1/policy is in force instead, until the file is mended"
                );
                self.reject(&problems.to_string(), START);
            }
        }
        warn_of_leniency(loaded);
        self.warn_of_shadows();
    }

    /// Where the configuration is.
    pub(super) const fn source(&self) -> &ConfigSource {
        &self.source
    }

    /// What is administered, and earlier snapshots.
    pub(super) const fn administrator(&self) -> &Administrator {
        &self.administrator
    }

    /// The admin key of the first start is for a gateway without keys.
    pub(super) fn own_keys(&self, config: &Config) -> &[Key] {
        if config.control.keys.is_empty() { &self.own_keys } else { &[] }
    }

    /// Waits until nobody else loads.
    pub(super) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where stored policies are.
    pub(super) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Loads with other rules.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub(super) fn load_with(&self, rules: &str) -> Result<Loaded> {
        load_with(&self.source, Instead::Rules(rules, &self.publisher.pins()))
    }

    /// Loads and publishes; whatever fails is logged and shown by the publisher's status, and the snapshot in force stays.
    /// Returns the files that were loaded.
    pub(super) fn run(&self, cause: &'static str) -> Option<Vec<PathBuf>> {
        let _one_at_a_time = self.turn();
        match load_with(&self.source, Instead::Pinned(&self.publisher.pins())) {
            Ok(loaded) => {
                self.certificates.renew(&loaded.config.gateway.listen);
                match self.publish(&loaded, cause, None) {
                    Ok(()) => self.forget_stored(&loaded),
                    Err(error) => self.reject(&format!("{error:#}"), cause),
                }
                Some(loaded.files)
            }
            Err(error) => {
                self.reject(&format!("{error:#}"), cause);
                None
            }
        }
    }

    /// Puts what was loaded in force, brought by `by` where somebody brought it.
    ///
    /// # Errors
    /// It is not; the snapshot in force stays.
    pub(super) fn publish(&self, loaded: &Loaded, cause: &'static str, by: Option<&str>) -> Result<()> {
        let before = self.publisher.status().active.version;
        let own_keys = self.own_keys(&loaded.config);
        let mut failure = None;
        let mut candidate = Candidate {
            hash: Arc::clone(&loaded.hash),
            source: cause,
            by,
            files: &loaded.files_read,
            build: &mut |reference| {
                compile(&loaded.config, loaded.rules.clone(), own_keys, reference)
                    .map_err(|error| failure = Some(error.to_string()))
                    .ok()
            },
        };
        let published = self.publisher.publish(&mut candidate);
        if let Some(error) = failure {
            bail!(error);
        }
        let active = published?;
        if active.version == before {
            tracing::info!(cause, version = active.version, "the configuration is unchanged");
            return Ok(());
        }
        tracing::info!(cause, by, version = active.version, hash = %active.hash, "a new snapshot is in force");
        self.in_force(loaded);
        Ok(())
    }

    /// What is said of something loaded that is in force now.
    pub(super) fn in_force(&self, loaded: &Loaded) {
        warn_of_leniency(loaded);
        self.warn_of_shadows();
        self.warn_of_fixed(&loaded.config);
        if loaded.config.control.keys.is_empty() && self.own_keys.is_empty() && !self.open {
            tracing::warn!("no key is left that the control API knows; put one into control.keys");
        }
    }

    /// Names what came by API and counts no more because a file has it too.
    fn warn_of_shadows(&self) {
        for shadowed in self.publisher.shadowed() {
            tracing::warn!("{shadowed}");
        }
    }

    /// A rules file that was edited counts from now on.
    fn forget_stored(&self, loaded: &Loaded) {
        if let Err(error) = StoredPolicy::forget_unless_over(&self.data_dir, &loaded.rules_file) {
            tracing::error!(error = format!("{error:#}"), "an outdated stored policy could not be removed");
        }
    }

    fn reject(&self, problems: &str, cause: &'static str) {
        // One change of files can be noticed twice (a swapped ConfigMap is several events); it is refused once.
        let known = self.publisher.status().rejected.is_some_and(|rejected| rejected.problems == problems);
        if known && cause == FILE {
            return;
        }
        let version = self.publisher.status().active.version;
        for problem in problems.lines() {
            tracing::error!(cause, in_force = version, problem, "the new configuration was refused");
        }
        self.publisher.reject(problems.to_owned());
    }

    fn warn_of_fixed(&self, config: &Config) {
        let now = Fixed::of(config);
        for ((key, before), (_, after)) in self.fixed.0.iter().zip(&now.0) {
            if before != after {
                tracing::warn!(key, "this key changed, and takes effect only after a restart");
            }
        }
    }
}

/// Says what only lenient loading let in.
pub(super) fn warn_of_leniency(loaded: &Loaded) {
    for problem in &loaded.warnings {
        tracing::warn!(%problem, "loaded leniently, as the document's model would");
    }
}

/// What is wrong, as problems with places where they have any.
pub(super) fn problems_of(error: anyhow::Error) -> Problems {
    error.downcast::<Problems>().unwrap_or_else(|error| {
        Problem::new(Place::whole("the configuration"), "", format!("{error:#}")).into()
    })
}
