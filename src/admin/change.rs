//! What operators ask to be changed, and who asks.

use std::sync::Arc;

use crate::admin::CedarChange;
use crate::policy::governance::{ObjectKey, Written};

/// One change, asked for by API.
#[derive(Clone, Debug)]
pub enum Change {
    /// Registers a capability.
    Register(Written),
    /// Makes a policy. Its id is its key's name.
    CreatePolicy(Written),
    /// Puts another policy in the place of one.
    ReplacePolicy {
        /// The policy's id.
        id: Arc<str>,
        /// What stands there from now on; the name of its key is `id`.
        written: Written,
        /// What must be there until then; `None` = anything.
        if_match: Option<IfMatch>,
    },
    /// Gives a grant, in the place of one for the same actor and capability.
    Grant(Written),
    /// Takes a grant away, where there is one.
    Revoke {
        /// The actor's tenant.
        tenant: Arc<str>,
        /// The actor.
        actor: Arc<str>,
        /// The capability.
        capability: Arc<str>,
    },
    /// Sets what is known of an actor.
    SetActor {
        /// What is known from now on.
        written: Written,
        /// What must be there until then; `None` = anything, or nothing.
        if_match: Option<IfMatch>,
    },
    /// Changes something of Cedar's.
    Cedar(CedarChange),
    /// Sets a kill switch.
    SetKillSwitch {
        /// How it stands from now on.
        written: Written,
        /// What must be there until then; `None` = anything, or nothing.
        if_match: Option<IfMatch>,
    },
}

/// What must be there for a change to be made (RFC 9110, section 13.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// Some version.
    Any,
    /// This version.
    Version(u64),
}

impl IfMatch {
    /// Whether an object of this version satisfies it; `None`: there is none.
    #[must_use]
    pub fn admits(self, version: Option<u64>) -> bool {
        match self {
            Self::Any => version.is_some(),
            Self::Version(wanted) => version == Some(wanted),
        }
    }
}

/// Who asks for a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// The id of the key, in records.
    pub key: Arc<str>,
    /// The tenant whose objects it may change.
    pub tenant: Arc<str>,
    /// Whether it speaks for the deployment: it may change what holds for everybody, and what is any tenant's.
    pub deployment: bool,
}

/// The tenant whose keys speak for the deployment.
pub const DEPLOYMENT_TENANT: &str = "default";

impl By {
    /// The holder of the key `key` of `tenant`.
    #[must_use]
    pub fn key(key: &str, tenant: &str) -> Self {
        Self { key: key.into(), tenant: tenant.into(), deployment: tenant == DEPLOYMENT_TENANT }
    }

    /// Whether it may change the object of that key.
    #[must_use]
    pub fn may_change(&self, key: &ObjectKey) -> bool {
        self.deployment || key.tenant.as_deref() == Some(&*self.tenant)
    }
}
