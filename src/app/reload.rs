//! A new snapshot from the same files: on a signal or when they change.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::load::{ConfigSource, Loaded, load};
use crate::config::Config;
use crate::decision::compile;
use crate::gateway::{Candidate, Publisher};
use crate::identity::Key;
use crate::proxy::Certificates;

/// The cause of a load that nobody asked for: a file changed.
pub(super) const FILE: &str = "file";

/// Loads the configuration again and puts it in force, or refuses it whole.
#[derive(Debug)]
pub(super) struct Reloader {
    source: ConfigSource,
    publisher: Arc<Publisher>,
    own_keys: Vec<Key>,
    certificates: Certificates,
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
            ("audit", format!("{:?}", config.audit)),
            ("store", format!("{:?}", config.store)),
            ("telemetry", format!("{:?}", config.telemetry)),
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
        config: &Config,
    ) -> Self {
        Self { source, publisher, own_keys, certificates, fixed: Fixed::of(config) }
    }

    /// Loads and publishes; whatever fails is logged and shown by the publisher's status, and the snapshot in force stays.
    /// Returns the files that were loaded.
    pub(super) fn run(&self, cause: &'static str) -> Option<Vec<PathBuf>> {
        match load(&self.source) {
            Ok(loaded) => {
                self.certificates.renew(&loaded.config.gateway.listen);
                self.publish(&loaded, cause);
                Some(loaded.files)
            }
            Err(error) => {
                self.reject(&format!("{error:#}"), cause);
                None
            }
        }
    }

    fn publish(&self, loaded: &Loaded, cause: &'static str) {
        let before = self.publisher.status().active.version;
        // The admin key of the first start is for a gateway without keys.
        let own_keys: &[Key] = if loaded.config.control.keys.is_empty() { &self.own_keys } else { &[] };
        let mut failure = None;
        let mut candidate = Candidate {
            hash: Arc::clone(&loaded.hash),
            source: cause,
            by: None,
            build: &mut |reference| {
                compile(&loaded.config, loaded.rules.clone(), own_keys, reference)
                    .map_err(|error| failure = Some(error.to_string()))
                    .ok()
            },
        };
        let published = self.publisher.publish(&mut candidate);
        match (published, failure) {
            (_, Some(error)) => self.reject(&error, cause),
            (Ok(active), None) if active.version == before => {
                tracing::info!(cause, version = active.version, "the configuration is unchanged");
            }
            (Ok(active), None) => {
                tracing::info!(cause, version = active.version, hash = %active.hash, "a new snapshot is in force");
                self.warn_of_fixed(&loaded.config);
                if loaded.config.control.keys.is_empty() && self.own_keys.is_empty() {
                    tracing::warn!("no key is left that the control API knows; put one into control.keys");
                }
            }
            (Err(error), None) => self.reject(&error.to_string(), cause),
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
