//! The combined decision.

use std::sync::Arc;

use crate::model::decision::{
    CedarFound, Finding, GatesFound, Obligations, Outcome, RateLimit, Reason, ReasonCode, RiskLevel,
    RiskScore, SharedCharge,
};

/// Which policy snapshot a decision was made under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotRef {
    /// Counts up with every snapshot this process has put in force, from 1.
    pub version: u64,
    /// SHA-256 of what the snapshot was compiled from, in lower-case hexadecimal.
    pub hash: Arc<str>,
    /// Both as JSON: `{"version":1,"hash":"..."}`. Made once, since every record carries it.
    json: Arc<str>,
}

impl SnapshotRef {
    /// A reference to the snapshot `version` compiled from what hashes to `hash`.
    #[must_use]
    pub fn new(version: u64, hash: Arc<str>) -> Self {
        let json = format!("{{\"version\":{version},\"hash\":\"{hash}\"}}").into();
        Self { version, hash, json }
    }

    /// The reference as JSON.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.json
    }
}

/// The answer to a decision request: the same snapshot, request and facts give the same one.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What is to be done.
    pub outcome: Outcome,
    /// Why, for programs.
    pub code: ReasonCode,
    /// Why, for people and models.
    pub reason: Reason,
    /// The rule that decided; `None` when the default spoke.
    pub rule: Option<Arc<str>>,
    /// The risk level of that rule, or of the default.
    pub risk: RiskLevel,
    /// How dangerous the call looks: computed where the risk engine takes part, else that of the level.
    pub score: RiskScore,
    /// What must be done for the call if it is let through.
    pub obligations: Obligations,
    /// What letting it through takes of the caller's grant; `None` where no rate is limited.
    pub charge: Option<RateLimit>,
    /// What it takes of the limits that all callers of its capability share; `None` where there are none.
    pub shared_charge: Option<SharedCharge>,
    /// What each engine said.
    pub findings: Vec<Finding>,
    /// What the gates found; `None` where calls do not pass them.
    pub gates: Option<Box<GatesFound>>,
    /// What the enforcing Cedar engine found; `None` where there is none.
    pub cedar: Option<Box<CedarFound>>,
}
