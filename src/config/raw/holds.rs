//! `holds`: calls that wait for a person. Imports nothing of ours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Calls that wait for a person: how long, how many, and who must agree.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Holds")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawHolds {
    /// How long a call may wait for a person; after that it is denied.
    pub(crate) ttl_s: RawHoldTtl,
    /// How many calls may wait at once; one more is denied (hold_limit). Default 10000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) max_pending: usize,
    /// How many of one tenant. Default max_pending.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) max_pending_per_tenant: Option<usize>,
    /// How many of one actor. Default 50.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) max_pending_per_actor: usize,
    /// How many bytes of request bodies may be kept in memory for calls that wait within their request; a call beyond that is
    /// answered at once. 0: every call is. Default 67108864.
    #[schemars(range(max = 1_099_511_627_776_u64))]
    pub(crate) max_waiting_bytes: u64,
    /// How many days decided holds are kept in the store. Default 30.
    #[schemars(range(min = 1, max = 3650))]
    pub(crate) keep_days: u32,
    /// Who must agree to an escalated call.
    pub(crate) escalation: RawEscalation,
}

impl Default for RawHolds {
    fn default() -> Self {
        Self {
            ttl_s: RawHoldTtl::default(),
            max_pending: 10_000,
            max_pending_per_tenant: None,
            max_pending_per_actor: 50,
            max_waiting_bytes: 67_108_864,
            keep_days: 30,
            escalation: RawEscalation::default(),
        }
    }
}

/// How long a call may wait for a person, in seconds, by the kind of its actor.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "HoldTtl")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawHoldTtl {
    /// For people, agents and copilots. Default 3600.
    #[schemars(range(min = 1, max = 604_800))]
    pub(crate) default: u32,
    /// For scripts and services. Default 300.
    #[schemars(range(min = 1, max = 604_800))]
    pub(crate) automation: u32,
}

impl Default for RawHoldTtl {
    fn default() -> Self {
        Self { default: 3600, automation: 300 }
    }
}

/// Who must agree to an escalated call.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Escalation")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawEscalation {
    /// Roles of keys, each to be filled by another person: two to four different names of letters, digits, _, - and .
    /// Default risk_lead, security_lead.
    #[schemars(length(min = 2, max = 4))]
    pub(crate) roles: Vec<String>,
}

impl Default for RawEscalation {
    fn default() -> Self {
        Self { roles: ["risk_lead", "security_lead"].map(str::to_owned).to_vec() }
    }
}
