//! Reading a JSON Schema of the kind `schemars` writes. Imports nothing of ours.

use std::collections::BTreeSet;

use serde_json::Value;

/// The keywords the walk obeys.
const OBEYED: [&str; 18] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "enum",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "oneOf",
    "properties",
    "required",
    "type",
];
/// Keywords that say nothing about whether a document fits. `uniqueItems` and `format` are left to those who resolve.
const NOTES: [&str; 10] = [
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "default",
    "description",
    "examples",
    "format",
    "title",
    "uniqueItems",
];

/// The keywords of a schema that [`check`](crate::model::document::shape::check) would silently not enforce; empty for a
/// schema it understands wholly. For tests of schemas.
pub fn unsupported_keywords(schema: &Value) -> BTreeSet<String> {
    let mut unknown = BTreeSet::new();
    collect(schema, &mut unknown);
    unknown
}

fn collect(schema: &Value, unknown: &mut BTreeSet<String>) {
    let Some(keywords) = schema.as_object() else { return };
    for (keyword, value) in keywords {
        match keyword.as_str() {
            "properties" | "$defs" => {
                value.as_object().into_iter().flatten().for_each(|(_, schema)| collect(schema, unknown));
            }
            "allOf" | "anyOf" | "oneOf" => {
                value.as_array().into_iter().flatten().for_each(|schema| collect(schema, unknown));
            }
            "items" | "additionalProperties" => collect(value, unknown),
            known if OBEYED.contains(&known) || NOTES.contains(&known) || known.starts_with("x-") => {}
            _ => {
                unknown.insert(keyword.clone());
            }
        }
    }
}

/// How many `$ref` may follow each other without a value between them.
const REFERENCES_MAX: usize = 16;

/// The schema itself and those it refers to: all of them apply, since 2020-12 lets keywords stand beside `$ref`.
pub(super) fn with_references<'a>(schema: &'a Value, root: &'a Value) -> Vec<&'a Value> {
    let mut schemas = vec![schema];
    let mut current = schema;
    while let Some(reference) = current.get("$ref").and_then(Value::as_str) {
        let Some(target) = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer)) else {
            break;
        };
        if schemas.len() > REFERENCES_MAX {
            break;
        }
        schemas.push(target);
        current = target;
    }
    schemas
}

/// The words of a closed list: `enum`, `const`, or alternatives that are all lists of words themselves.
pub(super) fn words<'a>(schema: &'a Value, root: &'a Value) -> Option<Vec<&'a Value>> {
    with_references(schema, root).into_iter().find_map(|schema| {
        if let Some(word) = schema.get("const") {
            return Some(vec![word]);
        }
        if let Some(list) = schema.get("enum").and_then(Value::as_array) {
            return Some(list.iter().collect());
        }
        let alternatives = schema.get("oneOf").or_else(|| schema.get("anyOf"))?.as_array()?;
        let lists: Option<Vec<_>> = alternatives.iter().map(|alternative| words(alternative, root)).collect();
        lists.map(|lists| lists.into_iter().flatten().collect())
    })
}

/// The types a schema admits by itself, not looking into alternatives; empty when it admits any.
pub(super) fn types<'a>(schema: &'a Value, root: &'a Value) -> Vec<&'a str> {
    let listed = with_references(schema, root).into_iter().find_map(|schema| schema.get("type"));
    match listed {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
