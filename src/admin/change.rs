//! What operators ask to be changed, and who asks.

use std::sync::Arc;

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
        /// The version it must have until then; `None` = any.
        if_match: Option<u64>,
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
    SetActor(Written),
    /// Sets a kill switch.
    SetKillSwitch(Written),
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
