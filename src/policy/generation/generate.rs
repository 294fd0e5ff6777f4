//! [`generate`]: a run over what was seen. Imports everything else here.

use std::collections::BTreeMap;

use crate::policy::cedar::{CedarSchema, Engine};
use crate::policy::generation::check::{Apart, Forbids, verified};
use crate::policy::generation::config::ObservedConfig;
use crate::policy::generation::generated::{Generated, GeneratedAsset, GenerationFinding, GenerationStatus};
use crate::policy::generation::learn::{Lesson, Secrets};
use crate::policy::generation::observe::Observations;
use crate::policy::generation::report::{
    Usage, assets, digest_of, present_findings, summary, window_findings,
};

/// What a run is made of.
#[derive(Clone, Copy, Debug)]
pub struct GenerationInput<'g> {
    /// What is asked for.
    pub config: &'g ObservedConfig,
    /// What was seen, of the same window.
    pub observations: &'g Observations,
    /// The engine's policies at present: what they forbid stays forbidden.
    pub present: Option<&'g Engine>,
    /// The engine's schema: policies that do not agree with it are none.
    pub schema: Option<&'g CedarSchema>,
    /// Words in the names of arguments whose values the operators hide in records: they are not written into policies either.
    pub hidden: &'g [String],
}

/// Policies that permit what was allowed in the window and nothing that was denied, as little more as the configuration lets them. All
/// is checked by asking an engine; where that does not come out, the run fails and has no assets.
///
/// Allowed calls are left out, and findings tell of them: those that a present forbid denies or fails on, those that were seen too
/// rarely, those that nothing a policy can say tells from denied ones. A call that was both allowed and denied counts as allowed.
#[must_use]
pub fn generate(input: &GenerationInput<'_>) -> Generated {
    let GenerationInput { config, observations, present, schema, hidden } = *input;
    let input_digest = digest_of(config, observations, present, schema, hidden);
    let failed =
        |reasons: Vec<String>, lesson: Option<&Lesson<'_>>, findings: &[GenerationFinding]| Generated {
            status: GenerationStatus::Failed,
            assets: Vec::new(),
            findings: summary(observations, lesson, &[], findings),
            status_reasons: reasons,
            input_digest: input_digest.clone(),
        };
    if let Some(reason) = unfit(config, observations) {
        return failed(vec![reason], None, &[]);
    }
    let forbids = Forbids::of(present);
    let mut apart: BTreeMap<usize, Apart> = BTreeMap::new();
    let mut lesson = Lesson::of(observations, config, Secrets::new(hidden), |number, sample| {
        let why = forbids.apart(sample.call);
        let is_apart = why.is_some();
        apart.extend(why.map(|why| (number, why)));
        is_apart
    });
    let gate = verified(&mut lesson, &forbids, schema);
    let usage =
        present.filter(|_| config.compare_to_engine).map(|present| (present, Usage::of(present, &lesson)));
    let mut findings = window_findings(&lesson, &apart, &observations.counts().unaskable);
    if let Some((present, usage)) = &usage {
        findings.extend(present_findings(present, &lesson, usage));
    }
    let gate = match gate {
        Ok(gate) => gate,
        Err(reasons) => return failed(reasons, Some(&lesson), &findings),
    };
    let assets = assets(&lesson, &gate, usage.as_ref().map(|(_, usage)| usage));
    if let Some(reason) = too_many(config, &assets) {
        return failed(vec![reason], Some(&lesson), &findings);
    }
    Generated {
        status: GenerationStatus::Generated,
        findings: summary(observations, Some(&lesson), &assets, &findings),
        status_reasons: remarks(observations, present, &assets),
        assets,
        input_digest,
    }
}

/// Why nothing can be made of `observations` at all.
fn unfit(config: &ObservedConfig, observations: &Observations) -> Option<String> {
    if config.window != observations.window() {
        return Some("What was seen is not of the window that was asked for.".to_owned());
    }
    (observations.counts().dropped_denied > 0).then(|| {
        "There are more different calls than can be kept, and without all that were denied nothing can be permitted. Look at a shorter \
         window."
            .to_owned()
    })
}

fn too_many(config: &ObservedConfig, assets: &[GeneratedAsset]) -> Option<String> {
    let count = assets.iter().filter(|asset| asset.definition.is_some()).count();
    (count > config.max_policies).then(|| {
        format!(
            "{count} policies are needed, and at most {} are wanted. Raise max_policies, look at fewer principals or actions, or let \
             policies be about groups or paths.",
            config.max_policies
        )
    })
}

/// What is to be known of a run that did not fail.
fn remarks(observations: &Observations, present: Option<&Engine>, assets: &[GeneratedAsset]) -> Vec<String> {
    let mut remarks = Vec::new();
    if present.is_some_and(Engine::is_degraded) {
        remarks.push(
            "A stored policy of the engine cannot be read. What it may forbid is not known here.".to_owned(),
        );
    }
    if observations.counts().is_truncated() {
        remarks.push(
            "Not all records of the window were taken in: there are more than the limits allow.".to_owned(),
        );
    }
    if assets.is_empty() {
        remarks.push("Nothing in the window can be permitted.".to_owned());
    }
    remarks
}
