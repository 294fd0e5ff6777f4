//! Keys and values of the documented configuration that this version does not have yet. Imports `model` only.
//!
//! They are refused by name, never accepted and ignored: a limit or a check that is written down and not in force is worse
//! than none. [`UNBUILT`] is the one list; a feature that is built takes its line away.

use crate::model::document::{Document, Node, NodeValue, Problem, child_pointer};

use When::{Begins, Is, Written};

/// When a key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// Whenever it is written.
    Written,
    /// When its text begins so.
    Begins(&'static str),
    /// When its text is this.
    Is(&'static str),
}

/// Everything that is refused: a dotted pattern, where `[]` stands for every element, and when.
pub(super) const UNBUILT: [(&str, When); 16] = [
    ("control.listen", Begins("unix:")),
    ("control.tls", Written),
    ("gateway.listen[].tls.client_ca", Written),
    ("gateway.listen[].transparent", Written),
    ("gateway.jwt[].jwks.url", Written),
    ("holds.webhook", Written),
    ("audit.on_failure", Is("allow")),
    ("audit.checkpoint_every", Written),
    ("audit.checkpoint_s", Written),
    ("audit.refusals_per_s", Written),
    ("audit.retention_days", Written),
    ("store.postgres", Written),
    ("store.counters", Written),
    ("counters", Written),
    ("telemetry.listen", Begins("unix:")),
    ("telemetry.otlp", Written),
];

/// Something refused: which value, and what to say.
pub(super) struct Unbuilt {
    pub(super) pointer: String,
    pub(super) when: When,
    pub(super) problem: Problem,
}

/// Everything in `document` that this version does not have.
pub(super) fn find(document: &Document) -> Vec<Unbuilt> {
    let mut found = Vec::new();
    for (pattern, when) in UNBUILT {
        for (pointer, node) in matches(document, pattern) {
            if !applies(when, node) {
                continue;
            }
            let message = "not in this version";
            let problem = match when {
                Written => document.key_problem(&pointer, message).with_hint("remove the key"),
                _ => document.problem(&pointer, message).with_hint(remedy(when)),
            };
            found.push(Unbuilt { pointer, when, problem });
        }
    }
    found
}

fn applies(when: When, node: &Node) -> bool {
    match (when, &node.value) {
        (Written, _) => true,
        (Begins(start), NodeValue::String(text)) => text.starts_with(start),
        (Is(word), NodeValue::String(text)) => text == word,
        _ => false,
    }
}

fn remedy(when: When) -> String {
    match when {
        Written => "remove the key".to_owned(),
        Begins(_) => "only TCP addresses are".to_owned(),
        Is(word) => format!("leave {word} out"),
    }
}

/// The values a pattern names, with their pointers.
fn matches<'a>(document: &'a Document, pattern: &str) -> Vec<(String, &'a Node)> {
    let mut found = vec![(String::new(), document.root())];
    for step in pattern.split('.') {
        let (key, is_list) = step.strip_suffix("[]").map_or((step, false), |key| (key, true));
        let below = found
            .into_iter()
            .filter_map(|(pointer, node)| Some((child_pointer(&pointer, key), node.field(key)?)));
        found = below.collect();
        if is_list {
            let elements = found.into_iter().flat_map(|(pointer, node)| {
                let numbered = node.elements().iter().enumerate();
                numbered.map(move |(index, element)| (format!("{pointer}/{index}"), element))
            });
            found = elements.collect();
        }
    }
    found
}
