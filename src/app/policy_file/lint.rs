//! What a rules file says that cannot be meant: rules that never decide, names that stand for two rules, conditions that never hold.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::app::policy_file::cover::covers;
use crate::app::policy_file::never::never;
use crate::model::decision::Outcome;
use crate::model::document::{Document, Problem};
use crate::policy::rules::ShownRule;

/// Everything questionable about `rules`, which `document` was compiled to.
pub(in crate::app) fn lint(document: &Document, rules: &[ShownRule]) -> Vec<Problem> {
    let mut found = duplicate_names(document, rules);
    for (index, rule) in rules.iter().enumerate() {
        let mut earlier = rules.iter().enumerate().take(index);
        if let Some((first, earlier)) = earlier.find(|(_, earlier)| shadows(earlier, rule)) {
            let name = earlier.name.escape_debug();
            let line = document.place(&pointer(first)).line;
            let message = format!("never decides: \"{name}\" in line {line} takes every call of it first");
            let hint = "put the narrower rule first, or remove it";
            found.push(document.problem(&pointer(index), message).with_hint(hint));
        }
        for (below, why) in conditions(rule).map(never).unwrap_or_default() {
            let at = format!("{}/conditions{below}", pointer(index));
            found.push(document.problem(&at, format!("never holds, so this rule never decides: {why}")));
        }
    }
    found
}

/// What a rules file asks of people, where no caller could come back for the answer.
pub(in crate::app) fn approvals(document: &Document, rules: &[ShownRule]) -> Vec<Problem> {
    let told = |pointer: &str, approval: &str| {
        let message = format!(
            "{approval} asks a person, but every caller of the routes is anonymous: a call waits no longer than its request \
             (hold.wait_ms), and gets no ticket to come back with"
        );
        document.problem(pointer, message).with_hint("give the callers keys: aegis keys create")
    };
    let mut found = Vec::new();
    let default = document.node("/defaults/approval").and_then(|node| node.text());
    if let Some(approval) = default.filter(|approval| matches!(*approval, "approve" | "escalate")) {
        found.push(told("/defaults/approval", approval));
    }
    for (index, rule) in rules.iter().enumerate() {
        if matches!(rule.outcome, Outcome::RequireConfirmation | Outcome::Escalate) {
            found.push(told(&format!("{}/approval", pointer(index)), rule.outcome.approval_word()));
        }
    }
    found
}

fn pointer(rule: usize) -> String {
    format!("/rules/{rule}")
}

fn conditions(rule: &ShownRule) -> Option<&Map<String, Value>> {
    rule.conditions.as_object()
}

fn duplicate_names(document: &Document, rules: &[ShownRule]) -> Vec<Problem> {
    let mut first: HashMap<&str, usize> = HashMap::new();
    let mut found = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let Some(earlier) = first.get(&*rule.name) else {
            first.insert(&rule.name, index);
            continue;
        };
        let line = document.place(&pointer(*earlier)).line;
        let message =
            format!("the rule in line {line} has this name too: decisions would not tell them apart");
        found.push(document.problem(&format!("{}/name", pointer(index)), message));
    }
    found
}

/// Whether no call ever gets past `first` to `later`.
fn shadows(first: &ShownRule, later: &ShownRule) -> bool {
    let nothing = Map::new();
    covers(&first.action_type, &later.action_type)
        && covers(&first.target, &later.target)
        && covers(&first.agent, &later.agent)
        && weaker(conditions(first).unwrap_or(&nothing), conditions(later).unwrap_or(&nothing))
}

/// Whether the conditions `weak` certainly hold wherever `strong` do.
fn weaker(weak: &Map<String, Value>, strong: &Map<String, Value>) -> bool {
    let parameters = |key: &str| key.starts_with("param_");
    // Conditions on the time may mean something else together than apart.
    let others = |conditions: &Map<String, Value>| -> Map<String, Value> {
        let kept = conditions.iter().filter(|(key, _)| !parameters(key));
        kept.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let (weak_others, strong_others) = (others(weak), others(strong));
    let same_parameters =
        weak.iter().filter(|(key, _)| parameters(key)).all(|(key, wanted)| match (wanted, strong.get(key)) {
            (Value::Object(wanted), Some(Value::Object(given))) => {
                wanted.iter().all(|(name, value)| given.get(name) == Some(value))
            }
            (wanted, given) => Some(wanted) == given,
        });
    same_parameters && (weak_others.is_empty() || weak_others == strong_others)
}
