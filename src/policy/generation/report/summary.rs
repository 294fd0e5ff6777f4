//! The summary of a run: a JSON object as text. Imports findings and counts.

use serde_json::{Value, json};

use crate::policy::generation::generated::{GeneratedAsset, GenerationFinding, finding_json};
use crate::policy::generation::learn::Lesson;
use crate::policy::generation::observe::{Observations, Unaskable};

/// The summary of a run over what was seen.
pub(in crate::policy::generation) fn summary(
    observations: &Observations,
    lesson: Option<&Lesson<'_>>,
    assets: &[GeneratedAsset],
    findings: &[GenerationFinding],
) -> String {
    let (window, counts) = (observations.window(), observations.counts());
    let evidence = |denied: bool| -> u64 {
        let samples = lesson.map(|lesson| lesson.samples.iter()).into_iter().flatten();
        samples.map(|sample| if denied { sample.denied.count } else { sample.allowed.count }).sum()
    };
    let value = json!({
        "tenant": observations.tenant(),
        "window": { "start": window.start().to_rfc3339(), "end": window.end().to_rfc3339() },
        "records": {
            "taken": counts.rows,
            "duplicates": counts.duplicates,
            "outside_window": counts.outside,
            "unresolved_principal": counts.unaskable(Unaskable::Principal),
            "hidden_path": counts.unaskable(Unaskable::HiddenPath),
            "no_question": counts.unaskable(Unaskable::Question),
            "approved_by_people": counts.approved,
            "stopped_otherwise": counts.stopped,
            "beyond_limit": counts.refused,
            "dropped": counts.dropped_allowed + counts.dropped_denied,
        },
        "truncated": counts.is_truncated(),
        "calls": { "distinct": observations.call_count(), "allowed": evidence(false), "denied": evidence(true) },
        "policies": policies(assets),
        "without_policy": assets.len() - policies(assets),
        "findings": list(findings),
    });
    value.to_string()
}

/// The summary of a run over sentences.
pub(in crate::policy::generation) fn sentences_summary(assets: &[GeneratedAsset]) -> String {
    let policies = policies(assets);
    json!({ "sentences": assets.len(), "policies": policies, "without_policy": assets.len() - policies, "findings": [] })
        .to_string()
}

fn policies(assets: &[GeneratedAsset]) -> usize {
    assets.iter().filter(|asset| asset.definition.is_some()).count()
}

fn list(findings: &[GenerationFinding]) -> Value {
    Value::Array(findings.iter().map(finding_json).collect())
}
