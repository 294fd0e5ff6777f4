//! Who calls the policy server, and for whom.
//!
//! With keys from the configuration the rules are those of every path. With the two keys of the environment they are the
//! document's: one key for everything but policy updates, one for those, each refused where the other belongs; and where the first
//! is not set, what is presented is not looked at.

use std::sync::{Arc, LazyLock};

use axum::extract::Request;

use crate::admin::DEPLOYMENT_TENANT;
use crate::control::auth::{count, presented_key, refuse_other_sites};
use crate::control::error::{DocumentError, ItemError};
use crate::control::{Access, ControlError, ControlState};
use crate::decision::PolicySnapshot;
use crate::extract::ActionCall;
use crate::gateway::ActionCaller;
use crate::identity::{IdentityError, Key, KeyRing};
use crate::model::call::{Principal, PrincipalKind, Scope};

/// What a caller wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Decisions on actions.
    Propose,
    /// The audit log.
    Audit,
    /// The policy, to look at.
    Policy,
    /// Another policy.
    Manage,
}

/// A caller that may do what it wants, and the snapshot that says so.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) snapshot: Arc<PolicySnapshot>,
    principal: Principal,
    /// The key presented; `None`: nobody asked for one.
    key: Option<Key>,
    /// Whether the id in `principal` is an agent's rather than that of a key or of nobody.
    is_agent: bool,
}

/// Whoever calls without a key.
static LOCAL: LazyLock<Principal> =
    LazyLock::new(|| Principal::new("anonymous", "local-admin", PrincipalKind::default()));

impl Wanted {
    /// One of these will do; none: any key.
    const fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Propose => &[Scope::GovernancePropose],
            Self::Audit => &[Scope::AuditRead, Scope::GovernanceRead],
            Self::Policy => &[],
            Self::Manage => &[Scope::PoliciesManage],
        }
    }
}

impl Caller {
    /// Lets a request in.
    ///
    /// # Errors
    /// 400, 401, 403 or 429.
    pub(super) fn admit(
        state: &ControlState,
        request: &Request,
        wanted: Wanted,
    ) -> Result<Self, DocumentError> {
        if state.access.is_open() {
            refuse_other_sites(state.access, request.method(), request.headers())?;
        }
        let snapshot = state.publisher.handle().load_full();
        let key = match state.access {
            Access::Keys | Access::OpenOnLoopback => configured(state, &snapshot.keys, request, wanted)?,
            Access::Environment(_) => environment(state, &snapshot.keys, request, wanted)?,
        };
        let Some(key) = key else {
            return Ok(Self { snapshot, principal: LOCAL.clone(), key: None, is_agent: false });
        };
        let principal = key.principal(None);
        // The keys of the environment are nobody's in particular.
        let is_agent = !matches!(state.access, Access::Environment(_));
        Ok(Self { snapshot, principal, key: Some(key), is_agent })
    }

    /// What records call the caller.
    pub(super) fn name(&self) -> &str {
        self.principal.key.as_deref().unwrap_or(&self.principal.id)
    }

    /// The tenant whose records it may see; `None`: every tenant's.
    pub(super) fn tenant(&self) -> Option<&str> {
        self.principal.key.as_ref().map(|_| &*self.principal.tenant)
    }

    /// For whom `action` is asked: the agent it names, if the caller may speak for it.
    ///
    /// # Errors
    /// It may not.
    pub(super) fn asks(&self, action: &ActionCall<'_>) -> Result<ActionCaller, ItemError> {
        let mut principal = self.principal.clone();
        let Some(agent) = &action.agent else {
            return Ok(ActionCaller { principal, is_agent: self.is_agent, named_agent: false });
        };
        let key = self.key.as_ref();
        let own = self.is_agent && *principal.id == *agent.as_str();
        if !own && key.is_some_and(|key| !key.admits(agent.as_str())) {
            return Err(ItemError::foreign_agent());
        }
        principal.id = agent.as_str().into();
        Ok(ActionCaller { principal, is_agent: true, named_agent: true })
    }
}

/// Keys of the configuration, and tokens.
fn configured(
    state: &ControlState,
    keys: &KeyRing,
    request: &Request,
    wanted: Wanted,
) -> Result<Option<Key>, DocumentError> {
    let key = presented_key(state, keys, request.headers(), request.extensions());
    match key.map_err(ControlError::Identity)? {
        None if !state.access.is_open() => Err(DocumentError::Key),
        None => Ok(None),
        Some(key) => {
            // The rules hold for every tenant, so that no tenant's key but the deployment's changes them.
            if wanted == Wanted::Manage && *key.tenant != *DEPLOYMENT_TENANT {
                return Err(DocumentError::Foreign(ControlError::DeploymentOnly));
            }
            let scopes = wanted.scopes();
            if !scopes.is_empty() && !scopes.iter().any(|scope| key.may(*scope)) {
                return Err(DocumentError::Scope(scopes));
            }
            let counted = count(state, keys, &key, request.extensions());
            counted.map_err(|standing| ControlError::Rate { retry_after_s: standing.retry_after_s })?;
            Ok(Some(key))
        }
    }
}

/// The two keys of the environment.
fn environment(
    state: &ControlState,
    keys: &KeyRing,
    request: &Request,
    wanted: Wanted,
) -> Result<Option<Key>, DocumentError> {
    let manages = wanted == Wanted::Manage;
    let needs_key = if manages { keys.any_may(Scope::PoliciesManage) } else { !state.access.is_open() };
    let found = match presented_key(state, keys, request.headers(), request.extensions()) {
        Err(error @ IdentityError::Throttled { .. }) if needs_key => {
            return Err(ControlError::Identity(error).into());
        }
        found => found.ok().flatten(),
    };
    // Listed, not implied: the key for policy updates is for nothing else here.
    let right = if manages { Scope::PoliciesManage } else { Scope::GovernancePropose };
    let found = found.filter(|key| if manages { key.may(right) } else { key.scopes.contains(&right) });
    match found {
        None if needs_key => Err(if manages { DocumentError::AdminKey } else { DocumentError::Key }),
        found => Ok(found),
    }
}
