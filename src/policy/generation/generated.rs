//! What a run makes: policies with what is to be known of them, or why there are none. Imports findings and evidence.

use std::sync::Arc;

use crate::model::time::Timestamp;
use crate::policy::cedar::{CedarFinding, FindingType};
use crate::policy::generation::observe::Evidence;

/// The outcome of a run. The same input gives the same, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// How it ended.
    pub status: GenerationStatus,
    /// The policies, and what could not be made one; none where the run failed. Never active by themselves.
    pub assets: Vec<GeneratedAsset>,
    /// What is to be known of the run as a whole: a JSON object as text.
    pub findings: String,
    /// Why it failed, or what is to be known of a run that did not.
    pub status_reasons: Vec<String>,
    /// SHA-256 over everything the outcome depends on, 64 hexadecimal digits.
    pub input_digest: String,
}

/// How a run ended. The names on the wire are those of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GenerationStatus {
    /// Its assets are true: each was checked.
    Generated,
    /// It has no assets.
    Failed,
}

impl GenerationStatus {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generated => "GENERATED",
            Self::Failed => "GENERATE_FAILED",
        }
    }
}

/// One policy that was made, or what could not be made one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedAsset {
    /// `gen_` and 16 hexadecimal digits of the SHA-256 of the policy without annotations: one permission has one id.
    pub asset_id: String,
    /// The policy, formatted and annotated. `None` where there is none, which a finding explains.
    pub definition: Option<Arc<str>>,
    /// The sentence it was made of.
    pub raw_text_fragment: Option<String>,
    /// What is to be known of it; at least one.
    pub findings: Vec<GenerationFinding>,
}

/// Something to be known of an asset, of a present policy or of the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationFinding {
    /// Of what kind.
    pub kind: FindingType,
    /// A sentence or two.
    pub description: String,
    /// The present policy that it is about.
    pub policy_id: Option<Arc<str>>,
    /// The calls that show it.
    pub evidence: Option<Evidence>,
}

impl GenerationFinding {
    /// A finding without policy and evidence.
    pub(super) fn new(kind: FindingType, description: impl Into<String>) -> Self {
        Self { kind, description: description.into(), policy_id: None, evidence: None }
    }

    /// The same finding, shown by these calls.
    pub(super) fn shown_by(self, evidence: Evidence) -> Self {
        Self { evidence: Some(evidence), ..self }
    }

    /// The same finding, about that policy.
    pub(super) fn about(self, policy_id: &Arc<str>) -> Self {
        Self { policy_id: Some(Arc::clone(policy_id)), ..self }
    }
}

impl From<CedarFinding> for GenerationFinding {
    fn from(finding: CedarFinding) -> Self {
        Self::new(finding.kind, finding.description)
    }
}

/// A finding as it stands in the summary of a run.
pub(super) fn finding_json(finding: &GenerationFinding) -> serde_json::Value {
    let evidence = finding.evidence.as_ref().map(|evidence| {
        let time = |time: Option<Timestamp>| time.map(Timestamp::to_rfc3339);
        serde_json::json!({
            "count": evidence.count,
            "first_seen": time(evidence.first_seen),
            "last_seen": time(evidence.last_seen),
        })
    });
    serde_json::json!({
        "type": finding.kind.as_str(),
        "description": finding.description,
        "policy_id": finding.policy_id.as_deref(),
        "evidence": evidence,
    })
}
