//! `audit`: the ledger. Imports nothing of ours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The ledger: every decision is in it before it takes effect.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Audit")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawAudit {
    /// What a record outlives before its call is forwarded. Default disk.
    pub(crate) durability: RawDurability,
    /// What becomes of calls that cannot be recorded. Only deny in this version.
    pub(crate) on_failure: RawOnFailure,
    /// Free space of the disk, in percent, below which no call is taken. Default 5.
    #[schemars(range(max = 50))]
    pub(crate) reserve_percent: u8,
    /// Size of one ledger file, in bytes. Default 67108864.
    #[schemars(range(min = 1_048_576, max = 1_073_741_824))]
    pub(crate) segment_bytes: u64,
    /// Argument names whose values are never recorded, in any letter case and at any depth. Default password, secret,
    /// token, api_key, authorization; a list here replaces them.
    pub(crate) redact: Vec<String>,
}

impl Default for RawAudit {
    fn default() -> Self {
        let redact = ["password", "secret", "token", "api_key", "authorization"];
        Self {
            durability: RawDurability::Disk,
            on_failure: RawOnFailure::Deny,
            reserve_percent: 5,
            segment_bytes: 67_108_864,
            redact: redact.map(str::to_owned).to_vec(),
        }
    }
}

/// What a record outlives before its call is forwarded.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Durability")]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawDurability {
    /// The gateway's death.
    Process,
    /// The machine's death: waits for the disk, a millisecond or two.
    Disk,
}

/// What becomes of calls that cannot be recorded.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "OnFailure")]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawOnFailure {
    /// They are denied.
    Deny,
}
