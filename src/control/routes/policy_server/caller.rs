//! Who calls the policy server, and for whom.
//!
//! With keys from the configuration the rules are those of every path. With the two keys of the environment they are the
//! document's: one key for everything but policy updates, one for those, each refused where the other belongs; and where the first
//! is not set, what is presented is not looked at.

use std::sync::{Arc, LazyLock};

use axum::http::{HeaderMap, Method};

use crate::admin::DEPLOYMENT_TENANT;
use crate::control::auth::refuse_other_sites;
use crate::control::error::{DocumentError, ItemError};
use crate::control::{Access, ControlError, ControlState};
use crate::decision::PolicySnapshot;
use crate::extract::ActionCall;
use crate::gateway::ActionCaller;
use crate::identity::{Key, KeyRing, Presented, authenticate};
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
    /// 400, 401 or 403.
    pub(super) fn admit(
        state: &ControlState,
        method: &Method,
        headers: &HeaderMap,
        wanted: Wanted,
    ) -> Result<Self, DocumentError> {
        if state.access.is_open() {
            refuse_other_sites(state.access, method, headers)?;
        }
        let snapshot = state.publisher.handle().load_full();
        let key = match state.access {
            Access::Keys | Access::OpenOnLoopback => configured(state, &snapshot.keys, headers, wanted)?,
            Access::Environment(_) => environment(state, &snapshot.keys, headers, wanted)?,
        };
        let Some(key) = key else {
            return Ok(Self { snapshot, principal: LOCAL.clone(), is_agent: false });
        };
        let principal = key.principal(None);
        // The keys of the environment are nobody's in particular.
        let is_agent = !matches!(state.access, Access::Environment(_));
        Ok(Self { snapshot, principal, is_agent })
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
        let key = principal.key.as_deref().and_then(|id| self.snapshot.keys.by_id(id));
        let own = self.is_agent && *principal.id == *agent.as_str();
        if !own && key.is_some_and(|key| !key.admits(agent.as_str())) {
            return Err(ItemError::foreign_agent());
        }
        principal.id = agent.as_str().into();
        Ok(ActionCaller { principal, is_agent: true, named_agent: true })
    }
}

/// Keys of the configuration.
fn configured<'k>(
    state: &ControlState,
    keys: &'k KeyRing,
    headers: &HeaderMap,
    wanted: Wanted,
) -> Result<Option<&'k Key>, DocumentError> {
    let presented = Presented::read(headers).map_err(|_| DocumentError::Key)?;
    let key = authenticate(keys, presented, state.clock.now()).map_err(|_| DocumentError::Key)?;
    match key {
        None if !state.access.is_open() => Err(DocumentError::Key),
        None => Ok(None),
        Some(key) => {
            // The rules hold for every tenant, so that no tenant's key but the deployment's changes them.
            if wanted == Wanted::Manage && *key.tenant != *DEPLOYMENT_TENANT {
                return Err(DocumentError::Foreign(ControlError::DeploymentOnly));
            }
            let scopes = wanted.scopes();
            if scopes.is_empty() || scopes.iter().any(|scope| key.may(*scope)) {
                return Ok(Some(key));
            }
            Err(DocumentError::Scope(scopes))
        }
    }
}

/// The two keys of the environment.
fn environment<'k>(
    state: &ControlState,
    keys: &'k KeyRing,
    headers: &HeaderMap,
    wanted: Wanted,
) -> Result<Option<&'k Key>, DocumentError> {
    let manages = wanted == Wanted::Manage;
    let needs_key = if manages { keys.any_may(Scope::PoliciesManage) } else { !state.access.is_open() };
    let found = Presented::read(headers)
        .ok()
        .and_then(|presented| authenticate(keys, presented, state.clock.now()).ok().flatten());
    // Listed, not implied: the key for policy updates is for nothing else here.
    let right = if manages { Scope::PoliciesManage } else { Scope::GovernancePropose };
    let found = found.filter(|key| if manages { key.may(right) } else { key.scopes.contains(&right) });
    match found {
        None if needs_key => Err(if manages { DocumentError::AdminKey } else { DocumentError::Key }),
        found => Ok(found),
    }
}
