//! `PolicySnapshot`: everything a request is judged by, swapped as one value.

use std::sync::Arc;

use crate::decision::{HoldRules, Route};
use crate::identity::{Key, KeyRing};
use crate::model::decision::{Outcome, Reason, RiskLevel, SnapshotRef};
use crate::model::json::{NormalPath, Reader};
use crate::policy::rules::{PlanRules, RuleSet};

/// An immutable set of policies, keys and routes.
#[derive(Debug)]
pub struct PolicySnapshot {
    /// Its version and hash, which every decision made under it names.
    pub reference: SnapshotRef,
    /// The keys callers are identified by.
    pub keys: KeyRing,
    /// How bodies are read.
    pub reader: Reader,
    /// `Host` values served, lower case; one without a port serves every port; empty = any.
    pub hosts: Vec<String>,
    /// `Origin` values served on MCP routes, besides the gateway's own.
    pub origins: Vec<String>,
    /// The routes, in order.
    pub routes: Vec<Arc<Route>>,
    /// How long calls wait for people, how many may, and who must agree.
    pub holds: HoldRules,
    /// The compiled rules file.
    pub(super) rules: Option<RuleSet>,
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
    pub holds: HoldRules,
    /// The compiled rules file, where one is configured.
    pub rules: Option<RuleSet>,
    /// `policy.default`.
    pub default: Outcome,
}

impl PolicySnapshot {
    /// Composes a snapshot.
    #[must_use]
    pub fn new(parts: SnapshotParts) -> Self {
        Self {
            reference: parts.reference,
            keys: parts.keys,
            reader: parts.reader,
            hosts: parts.hosts,
            origins: parts.origins,
            routes: parts.routes.into_iter().map(Arc::new).collect(),
            holds: parts.holds,
            rules: parts.rules,
            default: parts.default,
            allowed_reason: Reason::new("Allowed by policy."),
        }
    }

    /// The same with these keys in the place of those issued before.
    #[must_use]
    pub fn with_keys(&self, reference: SnapshotRef, issued: Arc<[Key]>) -> Self {
        Self {
            reference,
            keys: self.keys.clone().with_issued(issued),
            reader: self.reader,
            hosts: self.hosts.clone(),
            origins: self.origins.clone(),
            routes: self.routes.clone(),
            holds: self.holds.clone(),
            rules: self.rules.clone(),
            default: self.default,
            allowed_reason: self.allowed_reason.clone(),
        }
    }

    /// Counts what is under way on the routes of `earlier`, the snapshot this one follows, on its own routes of the same names,
    /// and keeps what is known of their upstreams. The keys issued by API stay.
    pub fn succeed(&mut self, earlier: &Self) {
        self.keys = std::mem::take(&mut self.keys).with_issued(Arc::clone(earlier.keys.issued()));
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
        self.rules.as_ref().map_or(0, RuleSet::len)
    }

    /// The rules over sessions, where there are any: only then is a session's history of use.
    #[must_use]
    pub fn plan(&self) -> Option<&PlanRules> {
        self.rules.as_ref().and_then(RuleSet::plan)
    }

    /// The compiled rules file, where there is one.
    #[must_use]
    pub const fn rules(&self) -> Option<&RuleSet> {
        self.rules.as_ref()
    }

    /// What holds for a call no authorizer speaks of: the rules file's written defaults, else `policy.default`.
    #[must_use]
    pub fn default_outcome(&self) -> Outcome {
        self.rules.as_ref().and_then(RuleSet::defaults).map_or(self.default, |defaults| defaults.outcome)
    }

    /// The risk level shown for such a call.
    #[must_use]
    pub fn default_risk(&self) -> RiskLevel {
        self.rules
            .as_ref()
            .and_then(RuleSet::defaults)
            .map_or_else(RiskLevel::default, |defaults| defaults.risk)
    }
}
