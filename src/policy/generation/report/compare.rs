//! The engine's present policies, compared with what was seen. Imports usage and scopes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::policy::cedar::{Effect, Engine, FindingType, HeldPolicy, Mode};
use crate::policy::generation::EntityRef;
use crate::policy::generation::generated::GenerationFinding;
use crate::policy::generation::learn::Lesson;
use crate::policy::generation::report::Usage;
use crate::policy::generation::report::scope::{Part, WrittenScope, written_scope};
use crate::policy::generation::report::usage::Used;

/// Most names in one sentence.
const NAMES_MOST: usize = 10;

/// What is to be known of the present policies, by id.
pub(in crate::policy::generation) fn present_findings(
    present: &Engine,
    lesson: &Lesson<'_>,
    usage: &Usage<'_>,
) -> Vec<GenerationFinding> {
    let held: BTreeMap<&Arc<str>, HeldPolicy<'_>> =
        present.policies().filter(|held| held.mode == Mode::Active).map(|held| (held.id, held)).collect();
    let mut found: Vec<GenerationFinding> = Vec::new();
    for (id, held) in held {
        let unused = Used::default();
        let used = usage.of.get(id).unwrap_or(&unused);
        let of_policy = of_policy(&held, used, lesson);
        found.extend(of_policy.into_iter().map(|finding| finding.about(id)));
    }
    for (id, broken) in present.broken().iter().filter(|(_, broken)| broken.mode == Mode::Active) {
        let why = format!("It cannot be read: {}.", broken.problems);
        found.push(GenerationFinding::new(FindingType::Invalid, why).about(id));
    }
    found
}

/// The present permits by which every one of these samples is allowed already, by themselves.
pub(in crate::policy::generation) fn present_permits(
    usage: &Usage<'_>,
    samples: &BTreeSet<usize>,
) -> BTreeSet<Arc<str>> {
    let mut of_each = samples.iter().map(|number| usage.permits.get(number).cloned().unwrap_or_default());
    let first = of_each.next().unwrap_or_default();
    of_each.fold(first, |all, one| all.intersection(&one).cloned().collect())
}

fn of_policy(held: &HeldPolicy<'_>, used: &Used<'_>, lesson: &Lesson<'_>) -> Vec<GenerationFinding> {
    let mut found = Vec::new();
    let finding = GenerationFinding::new;
    if used.failed.is_some() {
        found.push(
            finding(FindingType::Erroring, "It failed on calls of the window.").shown_by(used.failed.clone()),
        );
    }
    if held.effect() == Effect::Forbid {
        return found;
    }
    if !used.matched.is_some() {
        let why = "It permitted no call of the window. Perhaps nobody needs it.";
        found.push(finding(FindingType::UnusedPermission, why).shown_by(used.matched.clone()));
        return found;
    }
    if !used.decided.is_some() {
        let why = "Every call of the window that it permits is denied by another policy.";
        found.push(finding(FindingType::ShadowedByForbid, why).shown_by(used.matched.clone()));
    } else if !used.alone.is_some() {
        let why = "Every call of the window that it permits another policy permits too.";
        found.push(finding(FindingType::Redundant, why).shown_by(used.decided.clone()));
    }
    if let Some(scope) = written_scope(held.policy.text()) {
        found.extend(too_wide(&scope, used, lesson));
    }
    found
}

/// What the scope lets through and nobody used.
fn too_wide(scope: &WrittenScope, used: &Used<'_>, lesson: &Lesson<'_>) -> Vec<GenerationFinding> {
    let [principal, action, resource] = scope;
    let mut found = Vec::new();
    let finding = |kind, why| GenerationFinding::new(kind, why).shown_by(used.matched.clone());
    if let Part::In(actions) = action {
        let unused: Vec<String> =
            actions.iter().filter(|action| !is_used(action, used, lesson)).map(ToString::to_string).collect();
        if !unused.is_empty() {
            let why = format!(
                "Nobody used {} of the {} actions that it names: {}.",
                unused.len(),
                actions.len(),
                names(&unused)
            );
            found.push(finding(FindingType::UnusedAction, why));
        }
    }
    let calls = || lesson.samples.iter().map(|sample| sample.call);
    let principals: BTreeSet<&EntityRef> = calls()
        .filter(|call| principal.admits(&call.principal, call.parents()))
        .map(|call| &call.principal)
        .collect();
    if principal.is_open() && principals.len() > used.principals.len() {
        let (all, some) = (principals.len(), used.principals.len());
        let why =
            format!("It is about {all} of the principals that were active in the window; {some} used it.");
        found.push(finding(FindingType::OverbroadPrincipal, why));
    }
    let resources: BTreeSet<&EntityRef> = calls()
        .filter(|call| resource.admits(&call.resource, &call.resource_parents))
        .map(|call| &call.resource)
        .collect();
    if resource.is_open() && resources.len() > used.resources.len() {
        let (all, some) = (resources.len(), used.resources.len());
        let why = format!(
            "It is about {all} of the resources that were used in the window; it was needed for {some}."
        );
        found.push(finding(FindingType::OverbroadResource, why));
    }
    found
}

/// Whether the policy was used for an action, or for one that is in it.
fn is_used(action: &EntityRef, used: &Used<'_>, lesson: &Lesson<'_>) -> bool {
    let in_it = |call: &&crate::policy::generation::observe::Call| {
        used.actions.contains(&call.action) && call.action_parents.contains(action)
    };
    used.actions.contains(action) || lesson.samples.iter().map(|sample| sample.call).any(|call| in_it(&call))
}

/// The first few names, and how many more there are.
pub(super) fn names(list: &[String]) -> String {
    let shown = list.iter().take(NAMES_MOST).cloned().collect::<Vec<_>>().join(", ");
    match list.len().checked_sub(NAMES_MOST) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}
