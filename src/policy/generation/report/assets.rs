//! Assets: what was proven, with its findings, and what could not be made a policy, with the reason. Imports what was checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::policy::cedar::{CedarPolicy, FindingType, findings};
use crate::policy::generation::EntityRef;
use crate::policy::generation::check::{Gate, Proven};
use crate::policy::generation::generated::{GeneratedAsset, GenerationFinding};
use crate::policy::generation::learn::Lesson;
use crate::policy::generation::report::{Usage, present_permits};
use crate::policy::generation::write::{Notes, Subject, Target, annotated, asset_id};

/// The asset that a policy is.
pub(in crate::policy::generation) fn asset(
    canonical: &CedarPolicy,
    notes: Notes,
    fragment: Option<&str>,
) -> GeneratedAsset {
    let (definition, findings): (_, Vec<GenerationFinding>) = match annotated(canonical, notes) {
        Ok(policy) => {
            (Some(Arc::clone(policy.text())), findings(&policy).into_iter().map(Into::into).collect())
        }
        Err(problems) => {
            let why = format!("It would be no policy: {problems}.");
            (None, vec![GenerationFinding::new(FindingType::Invalid, why)])
        }
    };
    GeneratedAsset {
        asset_id: asset_id(canonical.text()),
        definition,
        raw_text_fragment: fragment.map(str::to_owned),
        findings,
    }
}

/// All assets of a run: policies by their text, then what is none.
pub(in crate::policy::generation) fn assets(
    lesson: &Lesson<'_>,
    gate: &Gate,
    usage: Option<&Usage<'_>>,
) -> Vec<GeneratedAsset> {
    let mut proven: Vec<&Proven> = gate.proven.iter().collect();
    proven.sort_by(|one, other| one.canonical.text().cmp(other.canonical.text()));
    let mut assets: Vec<GeneratedAsset> =
        proven.into_iter().map(|proven| proven_asset(lesson, gate, proven, usage)).collect();
    assets.extend(inseparable(lesson, gate));
    assets.extend(invalid(lesson, gate));
    assets
}

fn proven_asset(
    lesson: &Lesson<'_>,
    gate: &Gate,
    proven: &Proven,
    usage: Option<&Usage<'_>>,
) -> GeneratedAsset {
    let samples: Vec<usize> = proven.plan.samples.iter().copied().collect();
    let evidence = lesson.allowed(&samples);
    let notes = Notes { window: Some(lesson.config.window), evidence_count: Some(evidence.count) };
    let mut made = asset(&proven.canonical, notes, None);
    for finding in &mut made.findings {
        finding.evidence = Some(evidence.clone());
    }
    let mut add = |kind, why: String, evidence| {
        made.findings.push(GenerationFinding::new(kind, why).shown_by(evidence));
    };
    if let Some(why) = wide_subject(lesson, proven) {
        add(FindingType::OverbroadPrincipal, why, evidence.clone());
    }
    if let Some(why) = wide_target(lesson, proven) {
        add(FindingType::OverbroadResource, why, evidence.clone());
    }
    let narrowed = proven.plan.cells.iter().filter_map(|cell| gate.narrowed.get(cell)).flatten();
    let narrowed: BTreeSet<usize> = narrowed.copied().collect();
    if !narrowed.is_empty() {
        let why = "Calls much like these were denied in the window. It says no more than keeps them denied.";
        add(FindingType::DeniedInWindow, why.to_owned(), lesson.denied(&Vec::from_iter(narrowed)));
    }
    let also_denied = lesson.denied_alike(&samples);
    if also_denied.is_some() {
        let why = "The very calls that it permits were denied at other times in the window.";
        add(FindingType::DeniedInWindow, why.to_owned(), also_denied);
    }
    for id in usage.map(|usage| present_permits(usage, &proven.plan.samples)).unwrap_or_default() {
        let why = "Each of its calls a policy of the engine permits already.";
        made.findings
            .push(GenerationFinding::new(FindingType::Redundant, why).shown_by(evidence.clone()).about(&id));
    }
    made
}

fn wide_subject(lesson: &Lesson<'_>, proven: &Proven) -> Option<String> {
    let Subject::In(group) = &proven.plan.draft.subject else { return None };
    let cells = proven.plan.cells.iter().filter_map(|number| lesson.cells.get(*number));
    let used: BTreeSet<&EntityRef> = cells.map(|cell| &cell.principal).collect();
    let active = lesson.members.get(group).map_or(0, BTreeSet::len);
    Some(format!(
        "It permits all of {group}, active or not. Of them {active} were active in the window, and {} did this.",
        used.len()
    ))
}

fn wide_target(lesson: &Lesson<'_>, proven: &Proven) -> Option<String> {
    let what = match &proven.plan.draft.target {
        Target::Is(_) => return None,
        Target::In(parent) => format!("everything in {parent}"),
        Target::OfType(kind) => format!("everything that is {kind}"),
    };
    let cells = proven.plan.cells.iter().filter_map(|number| lesson.cells.get(*number));
    let used: BTreeSet<&EntityRef> = cells.map(|cell| &cell.resource).collect();
    Some(format!("It permits this on {what}. In the window it was done on {}.", used.len()))
}

/// Allowed calls that nothing tells from denied ones, by who did what on what.
fn inseparable(lesson: &Lesson<'_>, gate: &Gate) -> Vec<GeneratedAsset> {
    let mut cells: BTreeMap<[&EntityRef; 3], Vec<usize>> = BTreeMap::new();
    for number in &gate.inseparable {
        if let Some(sample) = lesson.samples.get(*number) {
            let key = [&sample.call.principal, &sample.call.action, &sample.call.resource];
            cells.entry(key).or_default().push(*number);
        }
    }
    let made = cells.into_iter().map(|([principal, action, resource], samples)| {
        let why = format!(
            "{principal} was allowed {action} on {resource}, and was denied it with arguments that no policy can tell from these. No \
             policy permits it."
        );
        none(GenerationFinding::new(FindingType::NotTranslatable, why).shown_by(lesson.allowed(&samples)))
    });
    made.collect()
}

fn invalid(lesson: &Lesson<'_>, gate: &Gate) -> Vec<GeneratedAsset> {
    let made = gate.invalid.iter().map(|(plan, problems)| {
        let actions: Vec<String> = plan.draft.actions.iter().map(ToString::to_string).collect();
        let samples: Vec<usize> = plan.samples.iter().copied().collect();
        let who = match &plan.draft.subject {
            Subject::Is(entity) | Subject::In(entity) => entity.to_string(),
            Subject::OfType(kind) => kind.clone(),
            Subject::Anyone => "everyone".to_owned(),
        };
        let why = format!(
            "No policy could be made of {} by {who}: {problems}.",
            crate::policy::generation::report::compare::names(&actions)
        );
        none(GenerationFinding::new(FindingType::Invalid, why).shown_by(lesson.allowed(&samples)))
    });
    made.collect()
}

/// An asset without policy. Its id is made of its reason.
fn none(finding: GenerationFinding) -> GeneratedAsset {
    GeneratedAsset {
        asset_id: asset_id(&finding.description),
        definition: None,
        raw_text_fragment: None,
        findings: vec![finding],
    }
}
