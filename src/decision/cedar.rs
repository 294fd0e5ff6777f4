//! Cedar as configured and as administered: which engine takes part in decisions, and how it is asked.

use std::sync::Arc;

use crate::config::{self, CedarMode, CedarOnError, CedarProvider, CedarQuarantine};
use crate::decision::CompileError;
use crate::policy::cedar::{Engine, EngineOptions, OnError, Quarantine, Vocabulary};
use crate::policy::engines::{CedarEngines, HeldEngine};

/// What the configuration says of Cedar.
#[derive(Clone, Debug)]
pub struct CedarSettings {
    /// Whether engines are enforced and policies generated; else they are only kept (`provider: noop`).
    pub embedded: bool,
    /// The engine that takes part unless the API chose another.
    pub engine: Option<Arc<str>>,
    /// Whether what it says is only recorded.
    pub log_only: bool,
    /// How engines deny when something is wrong with a policy.
    pub options: EngineOptions,
    /// What stands before the types of principals, actions and resources.
    pub namespace: Option<Arc<str>>,
    /// The words calls are put to engines in.
    pub vocabulary: Vocabulary,
}

/// Cedar in one snapshot.
#[derive(Clone, Debug, Default)]
pub struct CedarInForce {
    settings: Option<Arc<CedarSettings>>,
    engines: CedarEngines,
    enforcing: Option<Arc<Enforcing>>,
}

/// The engine that takes part in decisions.
#[derive(Clone, Debug)]
pub struct Enforcing {
    /// Its name.
    pub name: Arc<str>,
    /// Whether what it says is only recorded.
    pub log_only: bool,
    /// Its policies. Of an engine that is not there: none, so that every call is denied.
    pub engine: Engine,
    /// What the configuration says.
    pub settings: Arc<CedarSettings>,
}

/// Why calls are denied whatever the policies say of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CedarFault {
    /// The engine that takes part was deleted: none of its policies is there.
    EngineMissing,
    /// It has policies that can be read no more, and what they would say is not known.
    PoliciesBroken,
}

impl CedarSettings {
    /// As configured.
    ///
    /// # Errors
    /// The namespace is none.
    pub fn of(cedar: &config::Cedar) -> Result<Self, CompileError> {
        let vocabulary = Vocabulary::new(cedar.namespace.as_deref());
        Ok(Self {
            embedded: cedar.provider == CedarProvider::Embedded,
            engine: cedar.engine.clone(),
            log_only: cedar.mode == CedarMode::LogOnly,
            options: EngineOptions {
                on_error: match cedar.on_error {
                    CedarOnError::Deny => OnError::Deny,
                    CedarOnError::DenyAny => OnError::DenyAny,
                    CedarOnError::Cedar => OnError::Cedar,
                },
                quarantine: match cedar.quarantine {
                    CedarQuarantine::DenyAll => Quarantine::DenyAll,
                    CedarQuarantine::SkipPermits => Quarantine::SkipPermits,
                },
            },
            namespace: cedar.namespace.clone(),
            vocabulary: vocabulary.map_err(|error| CompileError::Key {
                key: "policy.cedar.namespace",
                what: error.to_string(),
            })?,
        })
    }

    /// Which engine takes part, and whether it is only watched.
    fn chosen(&self, engines: &CedarEngines) -> Option<(Arc<str>, bool)> {
        if !self.embedded {
            return None;
        }
        let configured = (self.engine.clone(), self.log_only);
        // What the API chose counts as long as the configuration says what it said then.
        let chosen = engines.enforcement().filter(|chosen| {
            let (engine, log_only) = &chosen.instead_of;
            // Where the configuration names no engine, its mode says nothing against one.
            *engine == configured.0 && (engine.is_none() || *log_only == configured.1)
        });
        let (engine, log_only) = chosen.map_or(configured, |chosen| (chosen.engine.clone(), chosen.log_only));
        Some((engine?, log_only))
    }
}

impl CedarInForce {
    /// These engines under these settings; `None`: there is no Cedar.
    #[must_use]
    pub fn new(settings: Option<Arc<CedarSettings>>, engines: CedarEngines) -> Self {
        let chosen = settings.as_ref().and_then(|settings| Some((settings, settings.chosen(&engines)?)));
        let enforcing = chosen.map(|(settings, (name, log_only))| {
            let engine = engines.find(&name).map(|held| held.engine().with_options(settings.options));
            let engine = engine.unwrap_or_else(|| Engine::new(settings.options));
            Arc::new(Enforcing { name, log_only, engine, settings: Arc::clone(settings) })
        });
        Self { settings, engines, enforcing }
    }

    /// The same settings over other engines.
    #[must_use]
    pub fn with(&self, engines: CedarEngines) -> Self {
        Self::new(self.settings.clone(), engines)
    }

    /// Every engine.
    #[must_use]
    pub const fn engines(&self) -> &CedarEngines {
        &self.engines
    }

    /// What the configuration says.
    #[must_use]
    pub fn settings(&self) -> Option<&Arc<CedarSettings>> {
        self.settings.as_ref()
    }

    /// How many policies the engine has that takes part in decisions, those that can be read no more among them; 0 where none does.
    #[must_use]
    pub fn enforced_policies(&self) -> usize {
        let held = self.enforcing().and_then(|enforcing| self.engines.find(&enforcing.name));
        held.map_or(0, HeldEngine::policy_count)
    }

    /// What is wrong with the engine that takes part in decisions, if anything is.
    #[must_use]
    pub fn fault(&self) -> Option<CedarFault> {
        let enforcing = self.enforcing()?;
        if self.engines.find(&enforcing.name).is_none() {
            return Some(CedarFault::EngineMissing);
        }
        enforcing.engine.is_degraded().then_some(CedarFault::PoliciesBroken)
    }

    /// Whether what is wrong with it may deny every call: of an engine that is only watched nothing does.
    #[must_use]
    pub fn may_deny_everything(&self) -> bool {
        self.fault().is_some() && self.enforcing().is_some_and(|enforcing| !enforcing.log_only)
    }

    /// The engine that takes part in decisions.
    #[must_use]
    pub fn enforcing(&self) -> Option<&Enforcing> {
        self.enforcing.as_deref()
    }
}
