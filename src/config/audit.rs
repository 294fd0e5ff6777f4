//! `audit`: the ledger's settings. Imports `model` only.

use crate::config::raw::{RawAudit, RawDurability};
use crate::config::resolve::Spot;

/// The ledger's settings. A call that cannot be recorded is denied.
#[derive(Clone, Debug)]
pub struct Audit {
    /// What a record outlives before its call is forwarded.
    pub durability: Durability,
    /// Free space of the disk, in percent, below which no call is taken; 0 to 50.
    pub reserve_percent: u8,
    /// Size of one ledger file, in bytes; 1 MiB to 1 GiB.
    pub segment_bytes: u64,
    /// Argument names whose values are never recorded: lower case, each once.
    pub redact: Vec<String>,
}

/// What a record outlives before its call is forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The gateway's death.
    Process,
    /// The machine's death.
    Disk,
}

/// What a record needs besides the call's arguments and what is made of them, in bytes: names, ids, reasons, links.
const RECORD_FRAME_BYTES: u64 = 131_072;

/// `max_body_bytes`: the longest body, which a record has to have room for twice, as arguments and as the resource made of one.
pub(super) fn resolve(raw: &RawAudit, max_body_bytes: usize, spot: &Spot<'_>) -> Audit {
    let needed = (max_body_bytes as u64).saturating_mul(2).saturating_add(RECORD_FRAME_BYTES);
    if raw.segment_bytes < needed {
        spot.key("segment_bytes").refuse(format!(
            "too small for the record of a call with gateway.max_body_bytes; at least {needed}, or shorter bodies"
        ));
    }
    let durability = match raw.durability {
        RawDurability::Process => Durability::Process,
        RawDurability::Disk => Durability::Disk,
    };
    let mut redact: Vec<String> = Vec::new();
    for (index, name) in raw.redact.iter().enumerate() {
        let name = name.to_lowercase();
        if name.trim().is_empty() {
            spot.key("redact").element(index).refuse("a name must not be empty");
        } else if !redact.contains(&name) {
            redact.push(name);
        }
    }
    Audit { durability, reserve_percent: raw.reserve_percent, segment_bytes: raw.segment_bytes, redact }
}
