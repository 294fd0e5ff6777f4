//! `holds`: calls that wait for a person. Imports `model` only.

use std::sync::Arc;
use std::time::Duration;

use crate::config::raw::RawHolds;
use crate::config::resolve::{Spot, role_names};
use crate::model::call::PrincipalKind;

/// Calls that wait for a person: how long, how many, and who must agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holds {
    /// How long a call of a person, an agent or a copilot may wait; 1 s to 7 days.
    pub ttl: Duration,
    /// How long one of a script or service may; 1 s to 7 days.
    pub ttl_automation: Duration,
    /// How many calls may wait at once, in all.
    pub max_pending: usize,
    /// How many of one tenant.
    pub max_pending_per_tenant: usize,
    /// How many of one actor.
    pub max_pending_per_actor: usize,
    /// How many bytes of bodies may be kept for calls that wait within their request; 0 = none waits there.
    pub max_waiting_bytes: usize,
    /// How long decided holds are kept; 1 to 3650 days.
    pub keep: Duration,
    /// Roles that must be filled by different people for an escalated call: 2 to 4, each once.
    pub escalation_roles: Arc<[Arc<str>]>,
}

impl Holds {
    fn of(raw: &RawHolds, roles: &[String]) -> Self {
        Self {
            ttl: Duration::from_secs(raw.ttl_s.default.into()),
            ttl_automation: Duration::from_secs(raw.ttl_s.automation.into()),
            max_pending: raw.max_pending,
            max_pending_per_tenant: raw.max_pending_per_tenant.unwrap_or(raw.max_pending),
            max_pending_per_actor: raw.max_pending_per_actor,
            max_waiting_bytes: usize::try_from(raw.max_waiting_bytes).unwrap_or(usize::MAX),
            keep: Duration::from_secs(u64::from(raw.keep_days).saturating_mul(SECONDS_PER_DAY)),
            escalation_roles: roles.iter().map(|role| Arc::from(role.as_str())).collect(),
        }
    }

    /// How long a hold of a caller of this kind may be pending.
    #[must_use]
    pub const fn ttl_for(&self, kind: PrincipalKind) -> Duration {
        match kind {
            PrincipalKind::Automation => self.ttl_automation,
            PrincipalKind::Human | PrincipalKind::AiAgent | PrincipalKind::AiCopilot => self.ttl,
        }
    }
}

impl Default for Holds {
    /// What holds where the configuration says nothing of it.
    fn default() -> Self {
        let raw = RawHolds::default();
        Self::of(&raw, &raw.escalation.roles)
    }
}

const SECONDS_PER_DAY: u64 = 86_400;

pub(super) fn resolve(raw: &RawHolds, spot: &Spot<'_>) -> Holds {
    Holds::of(raw, &role_names(&raw.escalation.roles, &spot.key("escalation").key("roles")))
}
