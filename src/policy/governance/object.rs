//! What is administered: each object with its identity, what was written of it, and what was made of that.
//!
//! Imports `model` and the files beside it. Start at [`Object`].

use std::sync::Arc;

use serde_json::Value;

use crate::model::time::Timestamp;
use crate::policy::governance::{
    ActorStatus, Capability, CedarEnforcement, CedarEngine, CedarPolicyContent, Grant, KillSwitch, Policy,
};

/// One administered object. Cheap to clone behind its `Arc`; never changed, only replaced.
#[derive(Clone, Debug)]
pub struct Object {
    /// Whose it is, and what it is called.
    pub key: ObjectKey,
    /// Its identity and history.
    pub stamp: Stamp,
    /// What was written, with every default filled in: what the APIs show and the store keeps. A JSON object without the
    /// members of the stamp.
    pub written: Value,
    /// What was made of it.
    pub content: Content,
}

/// What kinds of objects there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A registered capability.
    Capability,
    /// A policy.
    Policy,
    /// A grant.
    Grant,
    /// What is known of an actor: its status and trust.
    Actor,
    /// A kill switch.
    KillSwitch,
    /// A Cedar engine.
    CedarEngine,
    /// A policy of a Cedar engine.
    CedarPolicy,
    /// Which Cedar engine takes part.
    CedarEnforcement,
}

/// What an object is found by: of one kind no two objects have the same key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// Its kind.
    pub kind: Kind,
    /// The tenant it belongs to; `None` = the deployment, so that it holds for every tenant.
    pub tenant: Option<Arc<str>>,
    /// Capability: its name. Policy: its id. Grant: actor and capability, as [`ObjectKey::grant`] joins them. Actor: its id.
    /// Kill switch and Cedar enforcement: empty. Cedar engine: its name. Cedar policy: engine and id, with a slash between.
    pub name: Arc<str>,
}

/// Identity and history of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// `cap_`, `pol_`, `grt_`, `act_` or `kil_` and 26 characters; stays the same when the object is replaced.
    pub id: Arc<str>,
    /// Counts up with every change of the object, from 1.
    pub version: u64,
    /// When it was first made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Where it comes from.
    pub source: Source,
}

/// Where an object comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The API. It may be changed there.
    Api,
    /// This file. It is changed there.
    File(Arc<str>),
}

/// What was made of an object.
#[derive(Clone, Debug)]
pub enum Content {
    /// A registered capability.
    Capability(Capability),
    /// A policy.
    Policy(Policy),
    /// A grant.
    Grant(Grant),
    /// An actor's status.
    Actor(ActorStatus),
    /// A kill switch.
    KillSwitch(KillSwitch),
    /// A Cedar engine.
    CedarEngine(CedarEngine),
    /// A policy of a Cedar engine.
    CedarPolicy(CedarPolicyContent),
    /// Which Cedar engine takes part.
    CedarEnforcement(CedarEnforcement),
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Capability,
        Self::Policy,
        Self::Grant,
        Self::Actor,
        Self::KillSwitch,
        Self::CedarEngine,
        Self::CedarPolicy,
        Self::CedarEnforcement,
    ];

    /// The kind's name in the store and in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Capability => "capability",
            Self::Policy => "policy",
            Self::Grant => "grant",
            Self::Actor => "actor",
            Self::KillSwitch => "kill_switch",
            Self::CedarEngine => "cedar_engine",
            Self::CedarPolicy => "cedar_policy",
            Self::CedarEnforcement => "cedar_enforcement",
        }
    }

    /// Whether it is one of Cedar's, which are indexed apart from the others.
    #[must_use]
    pub const fn is_cedar(self) -> bool {
        matches!(self, Self::CedarEngine | Self::CedarPolicy | Self::CedarEnforcement)
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// What the ids of its objects begin with.
    #[must_use]
    pub const fn id_prefix(self) -> &'static str {
        match self {
            Self::Capability => "cap_",
            Self::Policy => "pol_",
            Self::Grant => "grt_",
            Self::Actor => "act_",
            Self::KillSwitch => "kil_",
            Self::CedarEngine => "eng_",
            Self::CedarPolicy => "ced_",
            Self::CedarEnforcement => "enf_",
        }
    }
}

impl ObjectKey {
    /// The key of the grant of `capability` to `actor`. A capability's name has no space, so the two cannot be confused.
    #[must_use]
    pub fn grant(tenant: &str, actor: &str, capability: &str) -> Self {
        let name = Self::grant_name(actor, capability).into();
        Self { kind: Kind::Grant, tenant: Some(tenant.into()), name }
    }

    /// The key of the Cedar engine of that name.
    #[must_use]
    pub fn cedar_engine(name: &str) -> Self {
        Self { kind: Kind::CedarEngine, tenant: None, name: name.into() }
    }

    /// The key of a policy of a Cedar engine. No engine's name has a slash.
    #[must_use]
    pub fn cedar_policy(engine: &str, id: &str) -> Self {
        Self { kind: Kind::CedarPolicy, tenant: None, name: format!("{engine}/{id}").into() }
    }

    /// The key of what says which engine takes part.
    #[must_use]
    pub fn cedar_enforcement() -> Self {
        Self { kind: Kind::CedarEnforcement, tenant: None, name: "".into() }
    }

    /// The name in the key of such a grant.
    pub(super) fn grant_name(actor: &str, capability: &str) -> String {
        format!("{capability} {actor}")
    }
}
