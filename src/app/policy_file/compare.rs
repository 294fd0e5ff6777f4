//! What changed from one rules file to another. Rules are paired by name, then by position.

use serde_json::{Map, Value};

use crate::app::policy_file::PolicyFile;
use crate::model::document::{Document, Place};
use crate::policy::rules::ShownRule;

/// One difference between two rules files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A rule only the newer file has.
    Added(Place, String),
    /// A rule only the older file has.
    Removed(Place, String),
    /// A rule of both that says something else now: what, each as "key: old -> new".
    Changed(Place, String, Vec<String>),
    /// A rule that says the same, at another place among the rules both files have.
    Moved(Place, String),
    /// Something beside the rules: what, as "key: old -> new".
    Beside(Place, String),
}

/// The differences between two rules files: what stands beside the rules first, then the newer file's rules in order, then
/// those that are gone.
#[must_use]
pub fn compare(old: &PolicyFile, new: &PolicyFile) -> Vec<Change> {
    let (before, after) = (old.rules(), new.rules());
    let mut changes = beside(old.document(), new.document());
    let pairs = pair(before, after);
    let kept = in_order(&pairs);
    for (index, ((rule, place), partner)) in after.iter().zip(new.places()).zip(&pairs).enumerate() {
        let name = rule.name.to_string();
        let Some(earlier) = partner.and_then(|partner| before.get(partner)) else {
            changes.push(Change::Added(place, name));
            continue;
        };
        let details = details(earlier, rule);
        if !kept.contains(&index) {
            changes.push(Change::Moved(place.clone(), name.clone()));
        }
        if !details.is_empty() {
            changes.push(Change::Changed(place, name, details));
        }
    }
    for (index, (rule, place)) in before.iter().zip(old.places()).enumerate() {
        if !pairs.contains(&Some(index)) {
            changes.push(Change::Removed(place, rule.name.to_string()));
        }
    }
    changes
}

/// The keys beside the rules that say something else, with what holds where they say nothing.
fn beside(old: &Document, new: &Document) -> Vec<Change> {
    let text = |document: &Document, pointer: &str, unless: &str| {
        let node = document.node(pointer).map(|node| node.to_json()).filter(|value| !value.is_null());
        node.map_or_else(|| unless.to_owned(), |value| spoken(&value).to_ascii_lowercase())
    };
    let mut changes = Vec::new();
    for (pointer, path, unless) in [
        ("/defaults/approval", "defaults.approval", "block"),
        ("/defaults/risk_level", "defaults.risk_level", "medium"),
        ("/plan_rules", "plan_rules", "nothing"),
    ] {
        let (was, is) = (text(old, pointer, unless), text(new, pointer, unless));
        if was != is {
            changes.push(Change::Beside(new.place(pointer), format!("{path}: {was} -> {is}")));
        }
    }
    changes
}

/// For each rule of `after`, the index of the rule of `before` it was: of the same name; else, if neither has a partner by name,
/// at the same position.
fn pair(before: &[ShownRule], after: &[ShownRule]) -> Vec<Option<usize>> {
    let mut taken = vec![false; before.len()];
    let mut pairs = Vec::with_capacity(after.len());
    for rule in after {
        let mut same = before.iter().zip(&mut taken).enumerate();
        let found = same.find(|(_, (earlier, taken))| !**taken && earlier.name == rule.name);
        pairs.push(found.map(|(index, (_, taken))| {
            *taken = true;
            index
        }));
    }
    for (index, partner) in pairs.iter_mut().enumerate().filter(|(_, partner)| partner.is_none()) {
        if let Some(taken) = taken.get_mut(index).filter(|taken| !**taken) {
            *taken = true;
            *partner = Some(index);
        }
    }
    pairs
}

/// The rules of `pairs` (by index) that kept their order, as many as can be: a longest increasing run of partners.
fn in_order(pairs: &[Option<usize>]) -> Vec<usize> {
    let paired: Vec<(usize, usize)> =
        pairs.iter().enumerate().filter_map(|(index, partner)| Some((index, (*partner)?))).collect();
    // best[n]: how long a run can be that ends with paired[n], and the element before it.
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(paired.len());
    for (at, (_, partner)) in paired.iter().enumerate() {
        let before = paired.iter().zip(&best).take(at).enumerate();
        let extended = before.filter(|(_, ((_, earlier), _))| earlier < partner);
        let longest = extended.map(|(index, (_, (length, _)))| (*length, index)).max();
        best.push(longest.map_or((1, None), |(length, index)| (length + 1, Some(index))));
    }
    let mut kept = Vec::new();
    let mut at = (0..best.len()).max_by_key(|index| best.get(*index).map(|(length, _)| *length));
    while let Some(index) = at {
        kept.extend(paired.get(index).map(|(index, _)| *index));
        at = best.get(index).and_then(|(_, before)| *before);
    }
    kept
}

/// What the rule says that it did not say before.
fn details(before: &ShownRule, after: &ShownRule) -> Vec<String> {
    let mut details = Vec::new();
    let mut note = |key: &str, was: String, is: String| {
        if was != is {
            details.push(format!("{key}: {was} -> {is}"));
        }
    };
    note("name", quoted(&before.name), quoted(&after.name));
    note("match.type", quoted(&before.action_type), quoted(&after.action_type));
    note("match.target", quoted(&before.target), quoted(&after.target));
    note("match.agent", quoted(&before.agent), quoted(&after.agent));
    let members = |rule: &ShownRule| rule.conditions.as_object().cloned().unwrap_or_default();
    let (were, are) = (members(before), members(after));
    let mut keys: Vec<&String> = were.keys().chain(are.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let said = |members: &Map<String, Value>| members.get(key).map_or_else(|| "none".to_owned(), spoken);
        note(&format!("conditions.{key}"), said(&were), said(&are));
    }
    let approval = |rule: &ShownRule| rule.outcome.approval_word().to_owned();
    note("approval", approval(before), approval(after));
    note("risk_level", before.risk.as_str().to_owned(), after.risk.as_str().to_owned());
    details
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn spoken(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
