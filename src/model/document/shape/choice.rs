//! `anyOf` and `oneOf`: which alternative was meant, and what is wrong with the value taken as that one. Imports nothing
//! of ours.

use serde_json::Value;

use crate::model::document::node::{Node, NodeValue};
use crate::model::document::shape::schema::{types, with_references, words};
use crate::model::document::shape::walk::{Misfit, MisfitKind, Walk, admits, type_word};

impl Walk<'_> {
    /// The misfits of `node` with the alternative that was most likely meant; none when any alternative fits.
    ///
    /// `oneOf` is taken as `anyOf`: alternatives of our types exclude each other.
    pub(super) fn alternatives(&self, node: &Node, pointer: &str, alternatives: &[Value]) -> Vec<Misfit> {
        let mut meant: Option<(usize, Vec<Misfit>)> = None;
        for alternative in alternatives {
            let admitted = types(alternative, self.root);
            if !admitted.is_empty() && !admitted.iter().any(|name| admits(name, node)) {
                continue;
            }
            let misfits = self.node(node, pointer, alternative);
            if misfits.is_empty() {
                return misfits;
            }
            let strangeness = self.strangeness(node, alternative);
            let is_nearer = meant
                .as_ref()
                .is_none_or(|(least, best)| (strangeness, misfits.len()) < (*least, best.len()));
            if is_nearer {
                meant = Some((strangeness, misfits));
            }
        }
        match meant {
            Some((_, misfits)) => misfits,
            None => vec![self.misfit(node, pointer, MisfitKind::Value, self.none_fits(node, alternatives))],
        }
    }

    /// How many keys of a mapping the alternative does not know: the one that knows most of them was meant.
    fn strangeness(&self, node: &Node, alternative: &Value) -> usize {
        let schemas = with_references(alternative, self.root);
        let known = schemas.iter().find_map(|schema| schema.get("properties")).and_then(Value::as_object);
        node.entries()
            .iter()
            .filter(|entry| known.is_none_or(|known| !known.contains_key(&entry.key)))
            .count()
    }

    fn none_fits(&self, node: &Node, alternatives: &[Value]) -> String {
        let mut expected: Vec<String> = Vec::new();
        for alternative in alternatives {
            let listed = match words(alternative, self.root) {
                Some(words) => words.iter().map(|word| word_text(word)).collect(),
                None => {
                    types(alternative, self.root).into_iter().map(|name| type_word(name).to_owned()).collect()
                }
            };
            let listed: Vec<String> = listed;
            for word in listed {
                if !expected.contains(&word) {
                    expected.push(word);
                }
            }
        }
        format!("expected {}, found {}", or_list(&expected), node.kind())
    }
}

/// What a value of a closed list looks like in a message. Only for the list itself and for values held against it.
pub(super) fn word_text(word: &Value) -> String {
    match word {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The value as it may be shown where a word of a closed list is expected: short, on one line; else only its kind.
pub(super) fn shown(node: &Node) -> String {
    match &node.value {
        NodeValue::String(text) if text.chars().count() <= 40 => format!("\"{}\"", text.escape_debug()),
        NodeValue::Bool(value) => value.to_string(),
        NodeValue::Number(number) => number.to_string(),
        _ => node.kind().to_owned(),
    }
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn or_list(words: &[String]) -> String {
    match words {
        [] => "another value".to_owned(),
        [only] => only.clone(),
        [front @ .., last] => format!("{} or {last}", front.join(", ")),
    }
}
