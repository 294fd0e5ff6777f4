//! The JSON Schema of a capability's parameters.
//!
//! Checked by the `jsonschema` crate, which is given nothing but the schema and the parameters: no file and no URL is ever read.

use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Number, Value};
use thiserror::Error;

use crate::model::call::Parameters;
use crate::model::document::child_pointer;
use crate::model::json::{Json, NumberValue};

/// Longest schema, in bytes of compact JSON.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// Most levels of a schema, its outermost counted.
const DEPTH_MAX: usize = 32;

/// Most nodes of a schema with its references written out: what every value of a call may have to be held against.
const NODES_MAX: usize = 20_000;

/// Most memory a regular expression of a schema may take, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Longest pointer that a mismatch names, in characters.
const POINTER_CHARS_MAX: usize = 128;

/// A compiled schema (draft 2020-12). Cheap to clone.
#[derive(Clone, Debug)]
pub struct ParameterSchema {
    validator: Arc<Validator>,
}

/// What is wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct SchemaError {
    /// JSON pointer to the part that is wrong; empty for the whole.
    pub pointer: String,
    /// What is wrong, without a final full stop.
    pub message: String,
}

/// How parameters fail their schema: where and what asks for something else; never a value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{} does not meet `{keyword}` of its schema", if pointer.is_empty() { "the whole" } else { pointer })]
pub struct SchemaMismatch {
    /// JSON pointer to what fails, or would stand there; empty for the whole. Cut off after 128 characters.
    pub pointer: String,
    /// The keyword of the schema that it fails.
    pub keyword: String,
}

impl ParameterSchema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// What is longer than 64 KiB or deeper than 32 levels, refers to anything outside of itself, names another draft, has a regular
    /// expression that cannot be run in linear time, or is no schema.
    pub fn compile(schema: &Map<String, Value>) -> Result<Self, SchemaError> {
        let schema = Value::Object(schema.clone());
        check(&schema, "", 1)?;
        Spread { root: &schema, nodes: 0, within: Vec::new() }.visit(&schema, "")?;
        if schema.to_string().len() > TEXT_BYTES_MAX {
            return Err(SchemaError::new("", format!("the schema is longer than {TEXT_BYTES_MAX} bytes")));
        }
        let patterns = PatternOptions::regex().size_limit(PATTERN_BYTES_MAX);
        let options = jsonschema::options().with_draft(Draft::Draft202012).offline();
        let built = options.with_pattern_options(patterns).build(&schema);
        match built {
            Ok(validator) => Ok(Self { validator: Arc::new(validator) }),
            Err(error) => {
                let keyword = keyword(error.kind());
                let pointer = error.instance_path().as_str().to_owned();
                Err(SchemaError::new(
                    &pointer,
                    format!("no JSON Schema: it fails `{keyword}` of draft 2020-12"),
                ))
            }
        }
    }

    /// Whether parameters meet the schema. What is checked is their [`Parameters::to_json`]: the arguments of a tool; of an HTTP
    /// operation an object with the members `path`, `query` and `body` as far as it has them (`body_sha256` for a body that is no JSON).
    ///
    /// Integers are compared exactly; a number that was written with a fraction or an exponent is the nearest double, and one
    /// without anything behind its point (`1.0`) is an integer to the schema.
    ///
    /// # Errors
    /// The first mismatch.
    pub fn check(&self, parameters: &Parameters<'_>) -> Result<(), SchemaMismatch> {
        let instance = to_value(&parameters.to_json());
        self.validator.validate(&instance).map_err(|error| {
            let mut pointer = error.instance_path().as_str().to_owned();
            if let ValidationErrorKind::Required { property: Value::String(name) } = error.kind() {
                pointer = child_pointer(&pointer, name);
            }
            if pointer.chars().count() > POINTER_CHARS_MAX {
                pointer = pointer.chars().take(POINTER_CHARS_MAX).chain(['.', '.', '.']).collect();
            }
            SchemaMismatch { pointer, keyword: keyword(error.kind()) }
        })
    }
}

impl SchemaError {
    fn new(pointer: &str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.to_owned(), message: message.into() }
    }
}

fn keyword(kind: &ValidationErrorKind) -> String {
    match kind {
        ValidationErrorKind::Referencing(_) => "$ref".to_owned(),
        kind => kind.keyword().to_owned(),
    }
}

/// Bounds and references, which are looked at before the schema is compiled. Keys are looked at wherever they are, also where they
/// would name a parameter: one that is called `$ref` cannot be told from a reference.
fn check(schema: &Value, pointer: &str, depth: usize) -> Result<(), SchemaError> {
    if depth > DEPTH_MAX {
        return Err(SchemaError::new(pointer, format!("the schema is deeper than {DEPTH_MAX} levels")));
    }
    match schema {
        Value::Object(members) => {
            for (key, value) in members {
                let below = child_pointer(pointer, key);
                check_keyword(key, value, &below)?;
                check(value, &below, depth + 1)?;
            }
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                check(value, &child_pointer(pointer, &index.to_string()), depth + 1)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn check_keyword(key: &str, value: &Value, pointer: &str) -> Result<(), SchemaError> {
    let Some(text) = value.as_str() else { return Ok(()) };
    match key {
        "$ref" if !text.starts_with("#/") => Err(SchemaError::new(
            pointer,
            "a reference to elsewhere: only references within the schema (#/$defs/...)",
        )),
        "$dynamicRef" | "$recursiveRef" => {
            Err(SchemaError::new(pointer, "dynamic references are not known here"))
        }
        // Another base would make of `#` something else.
        "$id" => Err(SchemaError::new(pointer, "a schema here has no `$id`: it is known by its capability")),
        "$schema" if !text.trim_end_matches('#').ends_with("json-schema.org/draft/2020-12/schema") => {
            Err(SchemaError::new(
                pointer,
                "another draft than 2020-12 (https://json-schema.org/draft/2020-12/schema)",
            ))
        }
        _ => Ok(()),
    }
}

/// Writes references out, to see how many nodes there are then: a few that each refer twice to the next are millions, and one that
/// leads back to itself has no end.
struct Spread<'s> {
    root: &'s Value,
    nodes: usize,
    /// The references that are being written out.
    within: Vec<&'s str>,
}

impl<'s> Spread<'s> {
    fn visit(&mut self, schema: &'s Value, pointer: &str) -> Result<(), SchemaError> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let message =
                format!("the schema has more than {NODES_MAX} nodes with its references written out");
            return Err(SchemaError::new(pointer, message));
        }
        match schema {
            Value::Object(members) => {
                for (key, value) in members {
                    let below = child_pointer(pointer, key);
                    match value.as_str() {
                        Some(reference) if key == "$ref" => self.follow(reference, &below)?,
                        _ => self.visit(value, &below)?,
                    }
                }
                Ok(())
            }
            Value::Array(elements) => elements.iter().enumerate().try_for_each(|(index, value)| {
                self.visit(value, &child_pointer(pointer, &index.to_string()))
            }),
            _ => Ok(()),
        }
    }

    fn follow(&mut self, reference: &'s str, pointer: &str) -> Result<(), SchemaError> {
        let target = reference.strip_prefix('#').and_then(|target| self.root.pointer(target));
        let Some(target) = target else {
            return Err(SchemaError::new(pointer, "the reference leads nowhere"));
        };
        if self.within.contains(&reference) || self.within.len() >= DEPTH_MAX {
            return Err(SchemaError::new(
                pointer,
                "the reference leads back to itself, or through too many others",
            ));
        }
        self.within.push(reference);
        let visited = self.visit(target, pointer);
        self.within.pop();
        visited
    }
}

fn to_value(json: &Json<'_>) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.value {
            NumberValue::Integer(value) => Value::Number(value.into()),
            NumberValue::Decimal(value) => Number::from_f64(value).map_or(Value::Null, Value::Number),
        },
        Json::String(text) => Value::String(text.as_str().to_owned()),
        Json::Array(elements) => Value::Array(elements.iter().map(to_value).collect()),
        Json::Object(members) => Value::Object(
            members.iter().map(|(key, value)| (key.as_str().to_owned(), to_value(value))).collect(),
        ),
    }
}
