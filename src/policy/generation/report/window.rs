//! What is to be known of the window: calls that no policy was made of, and who was denied what. Imports lessons.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::policy::cedar::FindingType;
use crate::policy::generation::EntityRef;
use crate::policy::generation::check::Apart;
use crate::policy::generation::generated::GenerationFinding;
use crate::policy::generation::learn::Lesson;
use crate::policy::generation::observe::{Evidence, Unaskable};

/// Most findings of one kind.
const OF_KIND_MOST: usize = 100;

/// Records that no call could be made of, calls that were set apart, that rest on too little, and, where it was asked for, that were denied.
pub(in crate::policy::generation) fn window_findings(
    lesson: &Lesson<'_>,
    apart: &BTreeMap<usize, Apart>,
    unaskable: &BTreeMap<Unaskable, Evidence>,
) -> Vec<GenerationFinding> {
    let mut found: Vec<GenerationFinding> = passed_over(unaskable).collect();
    found.extend(set_apart(lesson, apart));
    for cell in lesson.thin.iter().take(OF_KIND_MOST) {
        let why = format!(
            "No policy was made of {} by {} on {}: it was seen fewer than {} times.",
            cell.action, cell.principal, cell.resource, lesson.config.min_count
        );
        let finding = GenerationFinding::new(FindingType::LowEvidence, why);
        found.push(finding.shown_by(lesson.allowed(&cell.samples)));
    }
    if !lesson.config.include_approved {
        found.extend(approved(lesson));
    }
    if lesson.config.include_denied {
        found.extend(denied(lesson));
    }
    found
}

/// Records that cannot be put to an engine, of each reason.
fn passed_over(unaskable: &BTreeMap<Unaskable, Evidence>) -> impl Iterator<Item = GenerationFinding> {
    unaskable.iter().map(|(why, seen)| {
        let why = match why {
            Unaskable::Principal => "Records do not say who asked, or of what kind they are.",
            Unaskable::HiddenPath => "Records have no path: it holds an argument that audit.redact hides.",
            Unaskable::Question => {
                "Records say too little to ask anew, or name what no policy can be about: a path is missing, a name makes no action, the \
                 caller is in too many groups."
            }
        };
        let so = "No policy was made of them, and whether those that were denied stay denied was not checked.";
        GenerationFinding::new(FindingType::NotTranslatable, format!("{why} {so}")).shown_by(seen.clone())
    })
}

fn set_apart(lesson: &Lesson<'_>, apart: &BTreeMap<usize, Apart>) -> Vec<GenerationFinding> {
    let mut by_reason: BTreeMap<(FindingType, Option<Arc<str>>), Evidence> = BTreeMap::new();
    for (number, why) in apart {
        let seen = lesson.allowed(&[*number]);
        let mut add =
            |kind, id: Option<&Arc<str>>| by_reason.entry((kind, id.cloned())).or_default().add(&seen);
        match why {
            Apart::Forbidden(ids) => ids.iter().for_each(|id| add(FindingType::ShadowedByForbid, Some(id))),
            Apart::Failed(id) => add(FindingType::Erroring, Some(id)),
            Apart::Unasked => add(FindingType::NotTranslatable, None),
        }
    }
    let findings = by_reason.into_iter().map(|((kind, id), seen)| {
        let why = match kind {
            FindingType::ShadowedByForbid => "It forbids calls that were allowed in the window. No policy was made of them.",
            FindingType::Erroring => {
                "It cannot be told what it says of calls that were allowed in the window: it fails, or reads what is not recorded. \
                 No policy was made of them."
            }
            _ => "Calls that were allowed in the window cannot be put to an engine. No policy was made of them.",
        };
        let finding = GenerationFinding::new(kind, why).shown_by(seen);
        id.iter().fold(finding, GenerationFinding::about)
    });
    findings.take(OF_KIND_MOST).collect()
}

/// What people approved, the most often approved first: whoever enforces what was made would deny it before they are asked.
fn approved(lesson: &Lesson<'_>) -> Vec<GenerationFinding> {
    let mut cells: BTreeMap<[&EntityRef; 3], Evidence> = BTreeMap::new();
    // What policies allowed too has its permit.
    let alone = lesson.samples.iter().filter(|sample| sample.approved.is_some() && !sample.allowed.is_some());
    for sample in alone {
        let key = [&sample.call.principal, &sample.call.action, &sample.call.resource];
        cells.entry(key).or_default().add(&sample.approved);
    }
    let mut cells: Vec<_> = cells.into_iter().collect();
    cells.sort_by_key(|(_, evidence)| std::cmp::Reverse(evidence.count));
    let findings = cells.into_iter().take(OF_KIND_MOST).map(|([principal, action, resource], evidence)| {
        let why = format!(
            "People approved {action} by {principal} on {resource}. That is no ground for a permit, and an engine that decides denies it without one \
             before anybody is asked: include_approved makes one."
        );
        GenerationFinding::new(FindingType::ApprovedInWindow, why).shown_by(evidence)
    });
    findings.collect()
}

/// Who was denied what, the most often denied first.
fn denied(lesson: &Lesson<'_>) -> Vec<GenerationFinding> {
    let mut cells: BTreeMap<[&EntityRef; 3], Evidence> = BTreeMap::new();
    for sample in lesson.samples.iter().filter(|sample| sample.must_stay_denied()) {
        let key = [&sample.call.principal, &sample.call.action, &sample.call.resource];
        cells.entry(key).or_default().add(&sample.denied);
    }
    let mut cells: Vec<_> = cells.into_iter().collect();
    cells.sort_by_key(|(_, evidence)| std::cmp::Reverse(evidence.count));
    let findings = cells.into_iter().take(OF_KIND_MOST).map(|([principal, action, resource], evidence)| {
        let why = format!("{principal} was denied {action} on {resource}. Perhaps a permission is missing.");
        GenerationFinding::new(FindingType::DeniedInWindow, why).shown_by(evidence)
    });
    findings.collect()
}
