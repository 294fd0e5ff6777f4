//! One run: what is read, what is made of it, and how it is kept.

use serde_json::{Value, json};

use crate::audit::index::AuditIndex;
use crate::decision::PolicySnapshot;
use crate::gateway::generating::observing::observations;
use crate::policy::engines::HeldEngine;
use crate::policy::generation::{
    EntityTypes, Evidence, Generated, GeneratedAsset, GenerationConfig, GenerationFinding, GenerationInput,
    GenerationStatus, ObservationLimits, Observations, generate, translate,
};

/// What a run came to.
pub(super) struct Outcome {
    pub(super) failed: bool,
    pub(super) digest: Option<String>,
    pub(super) policies: usize,
    pub(super) json: Value,
}

impl Outcome {
    /// One that failed before anything was made.
    pub(super) fn failure(why: &str) -> Self {
        let json = json!({"assets": [], "findings": null, "status_reasons": [why]});
        Self { failed: true, digest: None, policies: 0, json }
    }
}

/// Makes policies for `held` as `config` asks, of what `index` finds of `tenant`.
pub(super) fn made(
    snapshot: &PolicySnapshot,
    held: &HeldEngine,
    (config, tenant): (&GenerationConfig, &str),
    (index, hidden): (&AuditIndex, &[String]),
) -> Outcome {
    let Some(settings) = snapshot.cedar.settings() else { return Outcome::failure("There is no Cedar.") };
    let schema = held.content().and_then(|engine| engine.schema.as_ref());
    let generated = match config {
        GenerationConfig::Sentences(config) => {
            let Some(types) = EntityTypes::in_namespace(settings.namespace.as_deref()) else {
                return Outcome::failure("The namespace of the configuration is none.");
            };
            translate(config, &types, schema)
        }
        GenerationConfig::Observed(config) => {
            let present = held.engine().with_options(settings.options);
            let nothing = Observations::new(config.window, tenant, ObservationLimits::default());
            let found = match observations(index, snapshot, nothing, &[&present]) {
                Ok(found) => found,
                Err(error) => {
                    tracing::error!(%error, "the ledger could not be searched for a generation");
                    return Outcome::failure("The ledger could not be searched.");
                }
            };
            generate(&GenerationInput {
                config,
                observations: &found,
                present: Some(&present),
                schema,
                hidden,
            })
        }
    };
    kept(&generated)
}

fn kept(generated: &Generated) -> Outcome {
    let assets: Vec<Value> = generated.assets.iter().map(asset).collect();
    Outcome {
        failed: generated.status == GenerationStatus::Failed,
        digest: Some(generated.input_digest.clone()),
        policies: generated.assets.iter().filter(|asset| asset.definition.is_some()).count(),
        json: json!({
            "assets": assets,
            "findings": generated.findings,
            "status_reasons": generated.status_reasons,
            "input_digest": generated.input_digest,
        }),
    }
}

fn asset(asset: &GeneratedAsset) -> Value {
    json!({
        "asset_id": asset.asset_id,
        "definition": asset.definition.as_deref(),
        "raw_text_fragment": asset.raw_text_fragment,
        "findings": asset.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

fn finding(finding: &GenerationFinding) -> Value {
    json!({
        "type": finding.kind.as_str(),
        "description": finding.description,
        "policy_id": finding.policy_id.as_deref(),
        "evidence": finding.evidence.as_ref().map(evidence),
    })
}

fn evidence(evidence: &Evidence) -> Value {
    json!({
        "count": evidence.count,
        "first_seen": evidence.first_seen.map(|at| at.to_rfc3339()),
        "last_seen": evidence.last_seen.map(|at| at.to_rfc3339()),
    })
}
