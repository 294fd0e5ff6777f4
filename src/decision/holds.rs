//! `HoldRules`: how long calls wait for people, how many may, and who must agree.

use std::sync::Arc;
use std::time::Duration;

use crate::model::call::PrincipalKind;

/// What holds of every held call of a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRules {
    /// How long a hold may be pending, for callers that are no scripts or services; 1 s to 7 days.
    pub ttl: Duration,
    /// The same for scripts and services, which nobody waits for; 1 s to 7 days.
    pub ttl_automation: Duration,
    /// How many holds may be pending in all; 1 to 1000000.
    pub max_pending: usize,
    /// How many of one tenant; 1 to 1000000.
    pub max_pending_per_tenant: usize,
    /// How many of one actor; 1 to 1000000.
    pub max_pending_per_actor: usize,
    /// How many bytes of request bodies may be kept for calls that wait within their request. A call beyond that is answered at
    /// once; 0 = every call is.
    pub max_waiting_bytes: usize,
    /// How long a hold is kept after it was decided; 1 to 3650 days.
    pub keep: Duration,
    /// The roles that approve an ESCALATE, each filled by another person: 1 to 4, each once.
    pub escalation_roles: Arc<[Arc<str>]>,
    /// Where people reach the control listener, without a slash at its end; `None` = answers have no links.
    pub public_url: Option<Arc<str>>,
}

impl HoldRules {
    /// How long a hold of a caller of this kind may be pending.
    #[must_use]
    pub const fn ttl_for(&self, kind: PrincipalKind) -> Duration {
        match kind {
            PrincipalKind::Automation => self.ttl_automation,
            PrincipalKind::Human | PrincipalKind::AiAgent | PrincipalKind::AiCopilot => self.ttl,
        }
    }
}

impl Default for HoldRules {
    /// What holds where the configuration says nothing of it.
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(3600),
            ttl_automation: Duration::from_secs(300),
            max_pending: 10_000,
            max_pending_per_tenant: 10_000,
            max_pending_per_actor: 50,
            max_waiting_bytes: 67_108_864,
            keep: Duration::from_secs(30 * 86_400),
            escalation_roles: ["risk_lead", "security_lead"].map(Arc::from).into(),
            public_url: None,
        }
    }
}
