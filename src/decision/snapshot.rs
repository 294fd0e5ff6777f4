//! `PolicySnapshot`: everything a request is judged by, swapped as one value.

use std::sync::Arc;

use crate::config::Holds;
use crate::decision::{CedarInForce, CedarSettings, Gating, Governing, Route};
use crate::identity::{Key, KeyRing};
use crate::model::decision::{Outcome, Reason, RiskLevel, SnapshotRef};
use crate::model::json::{NormalPath, Reader};
use crate::policy::engines::CedarEngines;
use crate::policy::governance::Governance;
use crate::policy::rules::{PlanRules, RuleSet};

/// An immutable set of policies, keys and routes.
#[derive(Debug)]
pub struct PolicySnapshot {
    /// Its version and hash, which every decision made under it names.
    pub reference: SnapshotRef,
    /// The keys callers are identified by.
    pub keys: Arc<KeyRing>,
    /// How bodies are read.
    pub reader: Reader,
    /// `Host` values served, lower case; one without a port serves every port; empty = any.
    pub hosts: Vec<String>,
    /// `Origin` values served on MCP routes, besides the gateway's own.
    pub origins: Vec<String>,
    /// The routes, in order.
    pub routes: Vec<Arc<Route>>,
    /// How long calls wait for people, how many may, and who must agree.
    pub holds: Holds,
    /// Where people reach the control listener, without a slash at its end; `None` = answers link to the listener itself.
    pub public_url: Option<Arc<str>>,
    /// What is administered besides: capabilities, policies, grants, statuses.
    pub governance: Arc<Governance>,
    /// Cedar's engines, and which of them takes part.
    pub cedar: CedarInForce,
    /// Which engines take part.
    pub(super) governing: Arc<Governing>,
    /// The compiled rules file.
    pub(super) rules: Option<Arc<RuleSet>>,
    /// `policy.default`: what holds where nothing else speaks.
    pub(super) default: Outcome,
    /// Why an allowed call is allowed: made once, since every allowed call carries it.
    pub(super) allowed_reason: Reason,
}

/// What a snapshot is made of.
#[derive(Debug)]
pub struct SnapshotParts {
    /// See [`PolicySnapshot::reference`].
    pub reference: SnapshotRef,
    /// See [`PolicySnapshot::keys`].
    pub keys: KeyRing,
    /// See [`PolicySnapshot::reader`].
    pub reader: Reader,
    /// See [`PolicySnapshot::hosts`].
    pub hosts: Vec<String>,
    /// See [`PolicySnapshot::origins`].
    pub origins: Vec<String>,
    /// See [`PolicySnapshot::routes`].
    pub routes: Vec<Route>,
    /// See [`PolicySnapshot::holds`].
    pub holds: Holds,
    /// See [`PolicySnapshot::public_url`].
    pub public_url: Option<Arc<str>>,
    /// Which engines take part.
    pub governing: Governing,
    /// What the configuration says of Cedar; `None`: there is none.
    pub cedar: Option<CedarSettings>,
    /// The compiled rules file, where one is configured.
    pub rules: Option<RuleSet>,
    /// `policy.default`.
    pub default: Outcome,
}

/// What is administered, compiled.
#[derive(Clone, Debug, Default)]
pub struct Administered {
    /// Capabilities, policies, grants, statuses.
    pub governance: Arc<Governance>,
    /// Cedar's engines.
    pub cedar: CedarEngines,
}

impl PolicySnapshot {
    /// Composes a snapshot.
    #[must_use]
    pub fn new(parts: SnapshotParts) -> Self {
        Self {
            reference: parts.reference,
            keys: Arc::new(parts.keys),
            reader: parts.reader,
            hosts: parts.hosts,
            origins: parts.origins,
            routes: parts.routes.into_iter().map(Arc::new).collect(),
            holds: parts.holds,
            governance: Arc::default(),
            governing: Arc::new(parts.governing),
            cedar: CedarInForce::new(parts.cedar.map(Arc::new), CedarEngines::default()),
            public_url: parts.public_url,
            rules: parts.rules.map(Arc::new),
            default: parts.default,
            allowed_reason: Reason::new("Allowed by policy."),
        }
    }

    /// The same with other objects: everything else is shared.
    #[must_use]
    pub fn with_administered(&self, reference: SnapshotRef, administered: Administered) -> Self {
        let Administered { governance, cedar } = administered;
        Self { governance, cedar: self.cedar.with(cedar), ..self.share(reference) }
    }

    /// The same with these keys in the place of those issued before: everything else is shared.
    #[must_use]
    pub fn with_keys(&self, reference: SnapshotRef, issued: Arc<[Key]>) -> Self {
        Self { keys: Arc::new(self.keys.with_issued(issued)), ..self.share(reference) }
    }

    /// Takes what is administered: objects, and the keys that were issued.
    pub fn administer(&mut self, administered: Administered, issued: Arc<[Key]>) {
        let Administered { governance, cedar } = administered;
        self.governance = governance;
        self.cedar = self.cedar.with(cedar);
        self.keys = Arc::new(self.keys.with_issued(issued));
    }

    fn share(&self, reference: SnapshotRef) -> Self {
        Self {
            reference,
            keys: Arc::clone(&self.keys),
            reader: self.reader,
            hosts: self.hosts.clone(),
            origins: self.origins.clone(),
            routes: self.routes.clone(),
            holds: self.holds.clone(),
            public_url: self.public_url.clone(),
            governance: Arc::clone(&self.governance),
            governing: Arc::clone(&self.governing),
            cedar: self.cedar.clone(),
            rules: self.rules.clone(),
            default: self.default,
            allowed_reason: self.allowed_reason.clone(),
        }
    }

    /// Counts what is under way on the routes of `earlier`, the snapshot this one follows, on its own routes of the same names,
    /// and keeps what is known of their upstreams.
    pub fn succeed(&mut self, earlier: &Self) {
        for route in self.routes.iter_mut().filter_map(Arc::get_mut) {
            if let Some(before) = earlier.routes.iter().find(|before| before.name == route.name) {
                route.slots = route.slots.succeeding(&before.slots);
                route.upstream.succeed(&before.upstream);
            }
        }
    }

    /// The first route that takes a request.
    #[must_use]
    pub fn route(&self, host: &str, path: &NormalPath<'_>) -> Option<&Arc<Route>> {
        self.routes.iter().find(|route| route.takes(host, path))
    }

    /// How many rules are loaded.
    #[must_use]
    pub fn rule_count(&self) -> usize {
        self.rules().map_or(0, RuleSet::len)
    }

    /// The rules over sessions, where there are any: only then is a session's history of use.
    #[must_use]
    pub fn plan(&self) -> Option<&PlanRules> {
        self.rules().and_then(RuleSet::plan)
    }

    /// Whether grants are needed, so that their uses count.
    #[must_use]
    pub fn counts_uses(&self) -> bool {
        self.governing.grants_required
    }

    /// Whether the risk of calls is scored.
    #[must_use]
    pub fn scores_risk(&self) -> bool {
        self.governing.risk.is_some()
    }

    /// The six gates as configured.
    #[must_use]
    pub fn gates(&self) -> &Gating {
        &self.governing.gates
    }

    /// The compiled rules file, where there is one.
    #[must_use]
    pub fn rules(&self) -> Option<&RuleSet> {
        self.rules.as_deref()
    }

    /// What holds for a call no authorizer speaks of: the rules file's written defaults, else `policy.default`.
    #[must_use]
    pub fn default_outcome(&self) -> Outcome {
        self.rules().and_then(RuleSet::defaults).map_or(self.default, |defaults| defaults.outcome)
    }

    /// The risk level shown for such a call.
    #[must_use]
    pub fn default_risk(&self) -> RiskLevel {
        self.rules().and_then(RuleSet::defaults).map_or_else(RiskLevel::default, |defaults| defaults.risk)
    }
}
