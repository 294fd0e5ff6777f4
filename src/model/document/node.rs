//! The tree itself: values with positions. Imports nothing of ours.

use serde_json::{Map, Number, Value};

/// A position inside a [`Document`](crate::model::document::Document): which of its sources, which line and column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Position {
    /// Index into the document's sources: 0 is the file, further ones are overlays such as environment variables.
    pub source: u32,
    /// Line, counted from 1; 0 when the source has no lines.
    pub line: u32,
    /// Column in characters, counted from 1; 0 when the source has no lines.
    pub column: u32,
}

/// A value and where it was written. An alias stands at the place of the alias, not of the anchor.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where the value begins.
    pub at: Position,
    /// The value.
    pub value: NodeValue,
}

/// A value of YAML's core schema, which is also JSON's.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeValue {
    /// `null`, `~`, or nothing at all after a key.
    Null,
    /// `true` or `false`. YAML 1.1's `yes`, `no`, `on`, `off` are strings.
    Bool(bool),
    /// An integer of 64 bits, or a finite double.
    Number(Number),
    /// A string. `0755` and `1_000` are strings too: readers disagree on their value.
    String(String),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in the order written; no key twice.
    Mapping(Vec<Entry>),
}

/// A key of a mapping with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key as text.
    pub key: String,
    /// Where the key was written.
    pub key_at: Position,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The value under `key`, if this is a mapping that has it.
    pub fn field(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of `key`, if this is a mapping that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The entries of a mapping; nothing for any other value.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            NodeValue::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of a list; nothing for any other value.
    pub fn elements(&self) -> &[Self] {
        match &self.value {
            NodeValue::Sequence(elements) => elements,
            _ => &[],
        }
    }

    /// The text, if this is a string.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            NodeValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// What kind of value this is, with its article, for messages: "a string", "an integer". Never the value.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            NodeValue::Null => "nothing (null)",
            NodeValue::Bool(_) => "a boolean",
            NodeValue::Number(number) if number.is_f64() => "a number",
            NodeValue::Number(_) => "an integer",
            NodeValue::String(_) => "a string",
            NodeValue::Sequence(_) => "a list",
            NodeValue::Mapping(_) => "a mapping",
        }
    }

    /// The value without its positions. Mappings keep their order.
    pub fn to_json(&self) -> Value {
        match &self.value {
            NodeValue::Null => Value::Null,
            NodeValue::Bool(value) => Value::Bool(*value),
            NodeValue::Number(number) => Value::Number(number.clone()),
            NodeValue::String(text) => Value::String(text.clone()),
            NodeValue::Sequence(elements) => Value::Array(elements.iter().map(Self::to_json).collect()),
            NodeValue::Mapping(entries) => {
                let pairs = entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// Gives the whole tree one position: what an overlay brings has no lines of its own.
    pub(super) fn set_position(&mut self, at: Position) {
        self.at = at;
        match &mut self.value {
            NodeValue::Sequence(elements) => elements.iter_mut().for_each(|node| node.set_position(at)),
            NodeValue::Mapping(entries) => {
                for entry in entries {
                    entry.key_at = at;
                    entry.value.set_position(at);
                }
            }
            _ => {}
        }
    }
}
