//! What a rules file says that cannot be meant: rules that never decide, names that stand for two rules, conditions that never hold.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::app::policy_file::cover::covers;
use crate::app::policy_file::never::never;
use crate::app::policy_file::written::{WrittenRule, written_rules};
use crate::model::document::{Document, Problem};

/// Everything questionable about the rules of a document that has compiled.
pub(in crate::app) fn lint(document: &Document) -> Vec<Problem> {
    let rules = written_rules(document);
    let mut found = duplicate_names(document, &rules);
    for (index, rule) in rules.iter().enumerate() {
        let earlier = rules.get(..index).unwrap_or_default();
        if let Some(first) = earlier.iter().find(|earlier| shadows(earlier, rule)) {
            let message = format!("never decides: {} takes every call of it first", place(document, first));
            let hint = "put the narrower rule first, or remove it";
            found.push(document.problem(&rule.pointer, message).with_hint(hint));
        }
        let conditions = format!("{}/conditions", rule.pointer);
        for (below, why) in never(&rule.conditions) {
            let message = format!("never holds, so this rule never decides: {why}");
            found.push(document.problem(&format!("{conditions}{below}"), message));
        }
    }
    found
}

/// What a rules file asks of people, where no caller could come back for the answer.
pub(in crate::app) fn approvals(document: &Document) -> Vec<Problem> {
    let asks = |approval: &str| matches!(approval, "approve" | "escalate");
    let told = |pointer: &str, approval: &str| {
        let message = format!(
            "{approval} asks a person, but every caller of the routes is anonymous: a call waits no longer than its request \
             (hold.wait_ms), and gets no ticket to come back with"
        );
        document.problem(pointer, message).with_hint("give the callers keys: aegis keys create")
    };
    let mut found = Vec::new();
    let default = document.node("/defaults/approval").and_then(|node| node.text());
    if let Some(approval) = default.filter(|approval| asks(approval)) {
        found.push(told("/defaults/approval", approval));
    }
    for rule in written_rules(document).iter().filter(|rule| asks(&rule.approval)) {
        found.push(told(&format!("{}/approval", rule.pointer), &rule.approval));
    }
    found
}

fn duplicate_names(document: &Document, rules: &[WrittenRule]) -> Vec<Problem> {
    let mut first: HashMap<&str, &WrittenRule> = HashMap::new();
    let mut found = Vec::new();
    for rule in rules {
        let Some(earlier) = first.get(rule.name.as_str()) else {
            first.insert(&rule.name, rule);
            continue;
        };
        let line = document.place(&earlier.pointer).line;
        let message =
            format!("the rule in line {line} has this name too: decisions would not tell them apart");
        found.push(document.problem(&format!("{}/name", rule.pointer), message));
    }
    found
}

/// Whether no call ever gets past `first` to `later`.
fn shadows(first: &WrittenRule, later: &WrittenRule) -> bool {
    first.globs.iter().zip(&later.globs).all(|(wide, narrow)| covers(wide, narrow))
        && weaker(&first.conditions, &later.conditions)
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

fn place(document: &Document, rule: &WrittenRule) -> String {
    format!("\"{}\" in line {}", rule.name.escape_debug(), document.place(&rule.pointer).line)
}
