//! The walk over document and schema at once. Imports nothing of ours but the document.

use serde_json::{Map, Number, Value};

use crate::model::document::node::{Entry, Node, NodeValue};
use crate::model::document::problem::{PROBLEMS_FOUND_MOST, Problem};
use crate::model::document::shape::choice::{or_list, shown, word_text};
use crate::model::document::shape::nearest::{key_hint, nearest};
use crate::model::document::shape::schema::{types, with_references, words};
use crate::model::document::tree::{Document, child_pointer};

/// What kind of misfit it is: a caller may drop an unknown key and look at the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MisfitKind {
    /// A key the schema does not know.
    UnknownKey,
    /// A required key is not there; the pointer is that of the mapping.
    MissingKey,
    /// A value of the wrong type, outside a range or not in a closed list.
    Value,
}

/// One place where the document does not have the shape of the schema.
#[derive(Clone, Debug)]
pub struct Misfit {
    /// JSON pointer of the value or of the unknown key.
    pub pointer: String,
    /// What kind it is.
    pub kind: MisfitKind,
    /// What to tell the writer.
    pub problem: Problem,
}

/// Every misfit between `document` and `schema`, a draft 2020-12 schema as `schemars` writes it; none when it fits.
///
/// Integers are numbers written without a fraction: `1.0` is none, though JSON Schema would take it. Unlike a general
/// validator this never repeats a value unless it stands where a number, a boolean or a word of a closed list belongs.
///
/// It stops with the first misfit beyond [`PROBLEMS_FOUND_MOST`].
pub fn check(document: &Document, schema: &Value) -> Vec<Misfit> {
    check_up_to(PROBLEMS_FOUND_MOST, document, schema)
}

/// As [`check`], but stops with the first misfit beyond `most`.
pub fn check_up_to(most: usize, document: &Document, schema: &Value) -> Vec<Misfit> {
    let mut misfits = Walk { document, root: schema, most }.node(document.root(), "", schema);
    misfits.truncate(most.saturating_add(1));
    misfits
}

pub(super) struct Walk<'a> {
    document: &'a Document,
    /// With more misfits than this nothing further is looked at.
    most: usize,
    pub(super) root: &'a Value,
}

impl Walk<'_> {
    pub(super) fn node(&self, node: &Node, pointer: &str, schema: &Value) -> Vec<Misfit> {
        let admitted = types(schema, self.root);
        if let Some(words) = words(schema, self.root) {
            let is_listed = words.contains(&&node.to_json());
            let is_listed = is_listed || admitted.contains(&"null") && node.value == NodeValue::Null;
            return if is_listed { Vec::new() } else { vec![self.unlisted(node, pointer, &words)] };
        }
        if !admitted.is_empty() && !admitted.iter().any(|name| admits(name, node)) {
            return vec![self.wrong_type(node, pointer, &admitted)];
        }
        let mut misfits = Vec::new();
        for schema in with_references(schema, self.root) {
            for keyword in ["anyOf", "oneOf"] {
                if let Some(alternatives) = schema.get(keyword).and_then(Value::as_array) {
                    misfits.extend(self.alternatives(node, pointer, alternatives));
                }
            }
            for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
                misfits.extend(self.node(node, pointer, part));
            }
            match &node.value {
                NodeValue::Mapping(entries) => misfits.extend(self.mapping(node, entries, pointer, schema)),
                NodeValue::Sequence(elements) => {
                    misfits.extend(self.sequence(node, elements, pointer, schema))
                }
                NodeValue::String(text) => misfits.extend(self.length(node, text, pointer, schema)),
                NodeValue::Number(number) => misfits.extend(self.range(node, number, pointer, schema)),
                NodeValue::Null | NodeValue::Bool(_) => {}
            }
        }
        misfits
    }

    fn mapping(&self, node: &Node, entries: &[Entry], pointer: &str, schema: &Value) -> Vec<Misfit> {
        let none = Map::new();
        let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let additional = schema.get("additionalProperties");
        let names: Vec<&str> = known.keys().map(String::as_str).collect();
        let absent: Vec<&str> = names.iter().copied().filter(|name| node.entry(name).is_none()).collect();
        let mut misfits = Vec::new();
        let mut meant = Vec::new();
        for entry in entries {
            if misfits.len() > self.most {
                break;
            }
            let below = child_pointer(pointer, &entry.key);
            match (known.get(&entry.key), additional) {
                (Some(schema), _) => misfits.extend(self.node(&entry.value, &below, schema)),
                (None, Some(Value::Bool(false))) => {
                    meant.extend(nearest(&entry.key, absent.iter().copied()));
                    misfits.push(self.unknown_key(entry, below, &names));
                }
                (None, Some(schema)) if schema.is_object() => {
                    misfits.extend(self.node(&entry.value, &below, schema));
                }
                (None, _) => {}
            }
        }
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            // A misspelled key is one mistake, not two.
            if node.entry(name).is_none() && !meant.contains(&name) {
                misfits.push(self.misfit(
                    node,
                    pointer,
                    MisfitKind::MissingKey,
                    format!("missing key \"{name}\""),
                ));
            }
        }
        let least = limit(schema, "minProperties");
        if least.is_some_and(|least| entries.len() < least) {
            misfits.push(self.misfit(node, pointer, MisfitKind::Value, "must not be empty".to_owned()));
        }
        misfits
    }

    fn sequence(&self, node: &Node, elements: &[Node], pointer: &str, schema: &Value) -> Vec<Misfit> {
        let (least, most) = (limit(schema, "minItems"), limit(schema, "maxItems"));
        let count = count_message(elements.len(), least, most, "entry", "entries");
        let count = count.map(|message| self.misfit(node, pointer, MisfitKind::Value, message));
        // Of a list that is too long nothing more is said: it may be very long.
        if most.is_some_and(|most| elements.len() > most) {
            return count.into_iter().collect();
        }
        let mut misfits = Vec::new();
        if let Some(items) = schema.get("items") {
            for (index, element) in elements.iter().enumerate() {
                if misfits.len() > self.most {
                    break;
                }
                misfits.extend(self.node(element, &format!("{pointer}/{index}"), items));
            }
        }
        misfits.extend(count);
        misfits
    }

    fn length(&self, node: &Node, text: &str, pointer: &str, schema: &Value) -> Option<Misfit> {
        let (least, most) = (limit(schema, "minLength"), limit(schema, "maxLength"));
        let message = count_message(text.chars().count(), least, most, "character", "characters")?;
        Some(self.misfit(node, pointer, MisfitKind::Value, message))
    }

    fn range(&self, node: &Node, number: &Number, pointer: &str, schema: &Value) -> Option<Misfit> {
        let bound = |keyword| schema.get(keyword).and_then(Value::as_number);
        let (least, most) = (bound("minimum"), bound("maximum"));
        let is_low = least.is_some_and(|least| is_less(number, least));
        let is_high = most.is_some_and(|most| is_less(most, number));
        if !is_low && !is_high {
            return None;
        }
        let message = match (least, most) {
            (Some(least), Some(most)) => format!("must be from {least} to {most}, found {number}"),
            (Some(least), None) => format!("must be at least {least}, found {number}"),
            (None, Some(most)) => format!("must be at most {most}, found {number}"),
            (None, None) => return None,
        };
        Some(self.misfit(node, pointer, MisfitKind::Value, message))
    }

    fn unknown_key(&self, entry: &Entry, pointer: String, known: &[&str]) -> Misfit {
        let mut problem = self.document.key_problem(&pointer, "unknown key");
        problem.hint = key_hint(&entry.key, known);
        Misfit { pointer, kind: MisfitKind::UnknownKey, problem }
    }

    fn unlisted(&self, node: &Node, pointer: &str, words: &[&Value]) -> Misfit {
        let texts: Vec<String> = words.iter().map(|word| word_text(word)).collect();
        let message = format!("expected {}, found {}", or_list(&texts), shown(node));
        let mut misfit = self.misfit(node, pointer, MisfitKind::Value, message);
        let near = node.text().and_then(|text| nearest(text, texts.iter().map(String::as_str)));
        misfit.problem.hint = near.map(|near| format!("did you mean \"{near}\"?"));
        misfit
    }

    fn wrong_type(&self, node: &Node, pointer: &str, admitted: &[&str]) -> Misfit {
        let wanted: Vec<_> =
            admitted.iter().filter(|name| **name != "null").map(|name| type_word(name).to_owned()).collect();
        let message = format!("expected {}, found {}", or_list(&wanted), node.kind());
        let mut misfit = self.misfit(node, pointer, MisfitKind::Value, message);
        if matches!(node.value, NodeValue::Number(_) | NodeValue::Bool(_)) && admitted.contains(&"string") {
            misfit.problem.hint = Some("put it in quotes".to_owned());
        }
        misfit
    }

    pub(super) fn misfit(&self, node: &Node, pointer: &str, kind: MisfitKind, message: String) -> Misfit {
        let problem = Problem::new(self.document.place_of(node.at), self.document.path(pointer), message);
        Misfit { pointer: pointer.to_owned(), kind, problem }
    }
}

/// Whether a type of JSON Schema admits a value.
pub(super) fn admits(name: &str, node: &Node) -> bool {
    match &node.value {
        NodeValue::Null => name == "null",
        NodeValue::Bool(_) => name == "boolean",
        NodeValue::Number(number) => name == "number" || name == "integer" && !number.is_f64(),
        NodeValue::String(_) => name == "string",
        NodeValue::Sequence(_) => name == "array",
        NodeValue::Mapping(_) => name == "object",
    }
}

pub(super) fn type_word(name: &str) -> &str {
    match name {
        "boolean" => "true or false",
        "integer" => "an integer",
        "number" => "a number",
        "string" => "a string",
        "array" => "a list",
        "object" => "a mapping",
        other => other,
    }
}

fn limit(schema: &Value, keyword: &str) -> Option<usize> {
    schema.get(keyword)?.as_u64().map(|limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

fn count_message(
    found: usize,
    least: Option<usize>,
    most: Option<usize>,
    one: &str,
    many: &str,
) -> Option<String> {
    let noun = |count| if count == 1 { one } else { many };
    if found == 0 && least.is_some_and(|least| least > 0) {
        return Some("must not be empty".to_owned());
    }
    if let Some(least) = least.filter(|least| found < *least) {
        return Some(format!("must have at least {least} {}, has {found}", noun(least)));
    }
    let most = most.filter(|most| found > *most)?;
    Some(format!("must have at most {most} {}, has {found}", noun(most)))
}

/// Integers are compared exactly, anything else as doubles.
fn is_less(left: &Number, right: &Number) -> bool {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => left < right,
        _ => left.as_f64().unwrap_or(f64::NAN) < right.as_f64().unwrap_or(f64::NAN),
    }
}
