//! What agent-aegis makes of each mistake, by the place it stands at.

use crate::model::document::shape::{Misfit, MisfitKind};
use crate::model::document::{Document, Node, NodeValue, Problem};
use crate::policy::rules::compile::compiler::{Compiler, Meaning};

/// What agent-aegis makes of a misfit, and the number of the rule it lies in.
pub(super) fn meaning(document: &Document, misfit: &Misfit) -> (Meaning, Option<usize>) {
    let path: Vec<&str> = misfit.pointer.split('/').skip(1).collect();
    let rule = match path.as_slice() {
        ["rules", number, ..] => number.parse().ok(),
        _ => None,
    };
    let node = document.node(&misfit.pointer);
    // Python skips what counts as false.
    let or_nothing = |then| if node.is_some_and(is_falsy) { Meaning::Ignored } else { then };
    let meaning = match (path.as_slice(), misfit.kind) {
        (["rules", _, "conditions", _], MisfitKind::UnknownKey) => Meaning::Never,
        (_, MisfitKind::UnknownKey) => Meaning::Ignored,
        (["rules", _, "conditions"], _) => or_nothing(Meaning::Unclear),
        (["rules", _, "conditions", ..], _) => Meaning::Unclear,
        (["defaults" | "rules" | "plan_rules"], _) => or_nothing(Meaning::Refused),
        (["version"], _) if node.is_some_and(is_whole) => Meaning::Ignored,
        (["scope" | "scope_id"] | ["rules", _, "name"], _) => Meaning::Ignored,
        (["plan_rules", "sequence_patterns", _, key], _) if *key != "steps" && *key != "window" => {
            Meaning::Ignored
        }
        (["plan_rules", "cumulative_risk"], _) => or_nothing(Meaning::Refused),
        (["plan_rules", "cumulative_risk", "on_exceed" | "name"], _) => Meaning::Ignored,
        _ => Meaning::Refused,
    };
    (meaning, rule)
}

/// The problem with a hint for a mistake that is easily made and hard to see.
pub(super) fn hinted(problem: Problem, pointer: &str) -> Problem {
    if problem.hint.as_deref() == Some("put it in quotes") && pointer.contains("/conditions/time_") {
        return problem.with_hint("write \"HH:MM\", in quotes: YAML 1.1 takes 18:00 for the number 1080");
    }
    problem
}

fn is_falsy(node: &Node) -> bool {
    match &node.value {
        NodeValue::Null => true,
        NodeValue::Bool(value) => !value,
        NodeValue::Number(number) => number.as_f64() == Some(0.0),
        NodeValue::String(text) => text.is_empty(),
        NodeValue::Sequence(elements) => elements.is_empty(),
        NodeValue::Mapping(entries) => entries.is_empty(),
    }
}

/// Whether Python's `int()` takes it.
fn is_whole(node: &Node) -> bool {
    matches!(node.value, NodeValue::Number(_) | NodeValue::Bool(_))
}

impl Compiler<'_> {
    /// Values that are null where leaving the key out is meant.
    pub(super) fn check_nulls(&mut self) {
        let mut found = Vec::new();
        let fields = |around: &str, keys: &[&str], found: &mut Vec<(String, Meaning, Option<usize>)>| {
            found.extend(keys.iter().map(|key| (format!("{around}/{key}"), Meaning::Refused, None)));
        };
        fields("", &["version"], &mut found);
        fields("/defaults", &["risk_level", "approval"], &mut found);
        let rules = self.document.node("/rules").map_or(0, |rules| rules.elements().len());
        for rule in 0..rules {
            let at = format!("/rules/{rule}");
            fields(&at, &["match", "risk_level", "approval"], &mut found);
            fields(&format!("{at}/match"), &["type", "target", "agent"], &mut found);
            let conditions = self.document.node(&format!("{at}/conditions")).map(Node::entries);
            for entry in conditions.unwrap_or_default() {
                let meaning = if entry.key == "semantic" { Meaning::Never } else { Meaning::Unclear };
                found.push((format!("{at}/conditions/{}", entry.key), meaning, Some(rule)));
            }
        }
        for (pointer, meaning, rule) in found {
            if self.document.node(&pointer).is_some_and(|node| node.value == NodeValue::Null) {
                let problem = self.document.key_problem(&pointer, "has no value (null)");
                self.mistake(problem.with_hint("leave the key out or give it a value"), meaning, rule);
                self.document.remove(&pointer);
            }
        }
    }

    /// Takes out of lists of weekdays what is no day: agent-aegis looks today's number up in the list, so the rest counts.
    pub(super) fn drop_foreign_weekdays(&mut self) {
        let rules = self.document.node("/rules").map_or(0, |rules| rules.elements().len());
        for rule in 0..rules {
            let at = format!("/rules/{rule}/conditions/weekdays");
            let days = self.document.node(&at).map(Node::elements).unwrap_or_default();
            let is_day = |node: &Node| {
                let NodeValue::Number(number) = &node.value else { return false };
                number.as_i64().is_some_and(|day| (1..=7).contains(&day))
            };
            let foreign: Vec<usize> =
                days.iter().enumerate().filter(|(_, day)| !is_day(day)).map(|(place, _)| place).collect();
            for place in &foreign {
                if self.is_full() {
                    return;
                }
                let pointer = format!("{at}/{place}");
                let problem =
                    self.document.problem(&pointer, "is no day of the week: 1 (Monday) to 7 (Sunday)");
                self.mistake(problem, Meaning::Ignored, Some(rule));
            }
            self.document.retain_elements(&at, |place| foreign.binary_search(&place).is_err());
        }
    }
}
