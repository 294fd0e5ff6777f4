//! What was made of administered objects.
//!
//! Imports `model`, `policy::cedar`, `policy::conditions` and the files beside it.

use std::sync::Arc;

use crate::model::call::CapabilityName;
use crate::model::decision::{Obligations, Outcome, RateLimit, Restriction, RiskLevel};
use crate::model::time::Timestamp;
use crate::policy::cedar::{CedarPolicy, CedarProblems, CedarSchema};
use crate::policy::conditions::Condition;
use crate::policy::governance::{ParameterSchema, TimeWindow};

/// A registered capability. Its name is in the object's key.
#[derive(Clone, Debug)]
pub struct Capability {
    /// How much harm a call can do, whatever its parameters.
    pub risk_level: RiskLevel,
    /// What its parameters must be; `None` = anything.
    pub schema: Option<ParameterSchema>,
    /// Whether it carries the tag `destructive`.
    pub destructive: bool,
    /// Whether it carries the tag `policy_change`.
    pub policy_change: bool,
    /// How often all callers of a tenant together may use it; `None` = as often as wanted.
    pub shared_limit: Option<SharedLimit>,
}

/// A limit that all callers of a capability share, within each tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedLimit {
    /// How often the capability may be used.
    pub rate: RateLimit,
    /// What becomes of calls beyond that.
    pub then: Restriction,
}

/// A policy: rules that are all asked.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name, in reasons and records.
    pub name: Arc<str>,
    /// Whether it is asked at all.
    pub enabled: bool,
    /// Its rules.
    pub rules: Vec<PolicyRule>,
}

impl Policy {
    /// What the regular expressions of its conditions take compiled, in bytes, at most.
    #[must_use]
    pub fn pattern_bytes(&self) -> usize {
        self.rules.iter().filter_map(|rule| rule.condition.as_ref()).map(Condition::pattern_bytes).sum()
    }
}

/// One rule of a policy.
#[derive(Clone, Debug)]
pub struct PolicyRule {
    /// Which capabilities it is about.
    pub capability: CapabilityPattern,
    /// What else must hold; `None` = nothing.
    pub condition: Option<Condition>,
    /// What it says.
    pub outcome: Outcome,
    /// The higher wins; 0 to 1,000,000.
    pub priority: u32,
    /// Whether it lets critical capabilities through that it names exactly, without a person.
    pub accepts_critical: bool,
    /// What must be done for a call it speaks of. Never a rate.
    pub obligations: Obligations,
}

/// Which capabilities a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CapabilityPattern {
    /// Every one: `*`.
    Any,
    /// Those below a prefix, as in `files.*`: the prefix without its dot and star. `files` itself is not below it.
    Below(Arc<str>),
    /// One, by its name.
    Exactly(CapabilityName),
}

/// A grant: the actor's right to a capability. Its actor and its capability are in the object's key too.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The actor's id.
    pub actor: Arc<str>,
    /// The capability; it need not be registered.
    pub capability: CapabilityName,
    /// When on a day it may be used; `None` = always.
    pub time_window: Option<TimeWindow>,
    /// How often it may be used; `None` = as often as wanted.
    pub rate_limit: Option<RateLimit>,
    /// When it ends; `None` = never.
    pub expires_at: Option<Timestamp>,
}

/// What is known of an actor.
#[derive(Clone, Debug)]
pub struct ActorStatus {
    /// Whether it may do anything.
    pub standing: Standing,
    /// Why.
    pub reason: String,
    /// How far it is trusted, in ten-thousandths; `None`: as new actors are, or as the configuration says.
    pub trust: Option<u16>,
}

/// Whether an actor may do anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It may, as far as policy lets it.
    #[default]
    Active,
    /// Not now.
    Suspended,
    /// Never again, unless that is changed.
    Revoked,
}

/// A kill switch: while it is active nothing is let through.
#[derive(Clone, Debug)]
pub struct KillSwitch {
    /// Whether it is.
    pub active: bool,
    /// Why.
    pub reason: String,
}

/// A Cedar engine. Its name is in the object's key.
#[derive(Clone, Debug)]
pub struct CedarEngine {
    /// What its policies are checked against when they are written; `None` = nothing.
    pub schema: Option<CedarSchema>,
    /// Whether a policy is refused for any finding.
    pub strict: bool,
}

/// A policy of a Cedar engine.
#[derive(Clone, Debug)]
pub struct CedarPolicyContent {
    /// The engine's name.
    pub engine: Arc<str>,
    /// The policy, or why what was kept of it can be read no more.
    pub policy: Result<CedarPolicy, CedarProblems>,
    /// Its text.
    pub text: Arc<str>,
    /// Whether what it says is only recorded.
    pub log_only: bool,
}

/// Which Cedar engine takes part, as chosen by API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CedarEnforcement {
    /// Its name; `None` = none does.
    pub engine: Option<Arc<str>>,
    /// Whether what it says is only recorded.
    pub log_only: bool,
    /// What the configuration said at that time: where it says something else now, that counts.
    pub instead_of: (Option<Arc<str>>, bool),
}

impl Standing {
    /// The word on every surface.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
        }
    }
}
