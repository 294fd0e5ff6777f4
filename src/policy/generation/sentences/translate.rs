//! [`translate`]: a run over sentences. Imports the grammar and assets.

use crate::policy::cedar::{CedarSchema, FindingType};
use crate::policy::generation::config::SentencesConfig;
use crate::policy::generation::generated::{Generated, GeneratedAsset, GenerationFinding, GenerationStatus};
use crate::policy::generation::report::{InputDigest, asset, sentences_summary};
use crate::policy::generation::sentences::grammar::draft;
use crate::policy::generation::sentences::tokens::sentences;
use crate::policy::generation::write::{Notes, asset_id, canonical};
use crate::policy::generation::{EntityRef, EntityTypes};

/// Each sentence as one asset. A sentence that is not of the grammar gives one without a policy, whose finding `NOT_TRANSLATABLE` says
/// what was expected; nothing is guessed.
#[must_use]
pub fn translate(config: &SentencesConfig, types: &EntityTypes, schema: Option<&CedarSchema>) -> Generated {
    let mut digest = InputDigest::default();
    let all =
        [&types.agent, &types.service, &types.user, &types.group, &types.role, &types.action, &types.gateway];
    digest.text("sentences 1");
    all.into_iter().chain([&config.gateway, &config.text]).for_each(|text| digest.text(text));
    digest.text(schema.map_or("no schema", |schema| schema.text()));
    let assets: Vec<GeneratedAsset> = sentences(&config.text)
        .into_iter()
        .map(|sentence| of_sentence(sentence, config, types, schema))
        .collect();
    let nothing = assets.is_empty().then(|| "The text has no sentence.".to_owned());
    Generated {
        status: GenerationStatus::Generated,
        findings: sentences_summary(&assets),
        status_reasons: nothing.into_iter().collect(),
        assets,
        input_digest: digest.finish(),
    }
}

fn of_sentence(
    sentence: &str,
    config: &SentencesConfig,
    types: &EntityTypes,
    schema: Option<&CedarSchema>,
) -> GeneratedAsset {
    let none = |kind, why: String| GeneratedAsset {
        asset_id: asset_id(sentence),
        definition: None,
        raw_text_fragment: Some(sentence.to_owned()),
        findings: vec![GenerationFinding::new(kind, why)],
    };
    let draft = EntityRef::new(&types.gateway, &config.gateway)
        .ok_or("a shorter id of the gateway")
        .and_then(|gateway| draft(sentence, types, &gateway));
    let draft = match draft {
        Ok(draft) => draft,
        Err(expected) => {
            return none(
                FindingType::NotTranslatable,
                format!("The sentence is not understood: expected {expected}."),
            );
        }
    };
    let policy = match canonical(&draft) {
        Ok(policy) => policy,
        Err(problems) => return none(FindingType::Invalid, format!("It would be no policy: {problems}.")),
    };
    let checked = match schema.map(|schema| schema.validate(&policy)) {
        Some(Err(problems)) => {
            return none(FindingType::Invalid, format!("It does not agree with the schema: {problems}."));
        }
        Some(Ok(findings)) => findings,
        None => Vec::new(),
    };
    let mut made = asset(&policy, Notes { window: None, evidence_count: None }, Some(sentence));
    if !checked.is_empty() {
        made.findings.retain(|finding| finding.kind != FindingType::Valid);
        made.findings.extend(checked.into_iter().map(Into::into));
    }
    made
}
