//! The tree as the YAML reader delivers it: duplicate keys and tags still there, so that all of them can be reported.
//!
//! Imports nothing of ours but the finished tree. Serde's data model has no positions; `serde_saphyr::Spanned` wraps each
//! value with its own, and a recursive `Deserialize` on top of it locates every key and value of an arbitrary document.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_saphyr::{Spanned, Tagged};

use crate::model::document::node::{Entry, Node, NodeValue, Position};
use crate::model::document::problem::{PROBLEMS_FOUND_MOST, Problem};
use crate::model::document::read::outline::{Flat, Outline, Part};
use crate::model::document::tree::Document;

/// A value as read, before duplicates and tags are judged.
#[derive(Debug, Default)]
pub(super) struct RawNode {
    at: Position,
    tag: Option<String>,
    value: RawValue,
}

#[derive(Debug)]
enum RawValue {
    Scalar(NodeValue),
    Sequence(Vec<RawNode>),
    Mapping(Vec<(Spanned<Tagged<String>>, RawNode)>),
}

impl Default for RawValue {
    fn default() -> Self {
        Self::Scalar(NodeValue::Null)
    }
}

/// The tags of YAML's core schema. Anything else changes what a value means in a way this gateway does not know.
const CORE_TAGS: [&str; 8] = ["!", "null", "bool", "int", "float", "str", "seq", "map"];
const CORE_NAMESPACE: &str = "tag:yaml.org,2002:";

impl RawNode {
    /// The finished tree. Duplicate keys and tags beyond the core schema go to `problems`, located with `document`'s
    /// sources; the first of two equal keys is kept.
    pub(super) fn finish(self, document: &Document, problems: &mut Vec<Problem>) -> Node {
        refuse_tag(self.tag.as_deref(), self.at, document, problems);
        let value = match self.value {
            RawValue::Scalar(value) => value,
            RawValue::Sequence(elements) => NodeValue::Sequence(
                elements.into_iter().map(|node| node.finish(document, problems)).collect(),
            ),
            RawValue::Mapping(pairs) => NodeValue::Mapping(finish_mapping(pairs, document, problems)),
        };
        Node { at: self.at, value }
    }
}

impl RawNode {
    /// Keeps the last of equal keys, at the place of the first, in every mapping.
    pub(super) fn keep_last_keys(&mut self) {
        match &mut self.value {
            RawValue::Scalar(_) => {}
            RawValue::Sequence(elements) => elements.iter_mut().for_each(Self::keep_last_keys),
            RawValue::Mapping(pairs) => {
                let mut places = std::collections::HashMap::with_capacity(pairs.len());
                let mut kept: Vec<(Spanned<Tagged<String>>, Self)> = Vec::with_capacity(pairs.len());
                for (key, mut node) in pairs.drain(..) {
                    node.keep_last_keys();
                    let place = *places.entry(key.value.0.clone()).or_insert(kept.len());
                    match kept.get_mut(place) {
                        Some(earlier) => *earlier = (key, node),
                        None => kept.push((key, node)),
                    }
                }
                *pairs = kept;
            }
        }
    }
}

fn finish_mapping(
    pairs: Vec<(Spanned<Tagged<String>>, RawNode)>,
    document: &Document,
    problems: &mut Vec<Problem>,
) -> Vec<Entry> {
    // A map beside the list keeps a mapping of many keys linear.
    let mut first_lines = std::collections::HashMap::with_capacity(pairs.len());
    let mut entries: Vec<Entry> = Vec::with_capacity(pairs.len());
    for (spanned, node) in pairs {
        let key_at = position(&spanned);
        let Tagged(key, tag) = spanned.value;
        refuse_tag(tag.as_deref(), key_at, document, problems);
        let value = node.finish(document, problems);
        if let Some(first_line) = first_lines.get(&key) {
            if problems.len() <= PROBLEMS_FOUND_MOST {
                let message = format!("the key \"{}\" is written twice", key.escape_debug());
                let problem = Problem::new(document.place_of(key_at), "", message);
                problems.push(problem.with_hint(format!("the first one is at line {first_line}")));
            }
            continue;
        }
        first_lines.insert(key.clone(), key_at.line);
        entries.push(Entry { key, key_at, value });
    }
    entries
}

fn refuse_tag(tag: Option<&str>, at: Position, document: &Document, problems: &mut Vec<Problem>) {
    let Some(tag) = tag else { return };
    let name = tag.strip_prefix(CORE_NAMESPACE).or_else(|| tag.strip_prefix("!!")).unwrap_or(tag);
    if !CORE_TAGS.contains(&name) && problems.len() <= PROBLEMS_FOUND_MOST {
        let message = format!("the tag \"{}\" is not supported", tag.escape_debug());
        problems.push(Problem::new(document.place_of(at), "", message));
    }
}

fn position<T>(spanned: &Spanned<T>) -> Position {
    let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    Position {
        source: 0,
        line: number(spanned.referenced.line()),
        column: number(spanned.referenced.column()),
    }
}

/// A value of which is read what the outline `O` says.
pub(super) struct Located<O> {
    node: RawNode,
    outline: PhantomData<O>,
}

impl<O> Located<O> {
    pub(super) fn into_node(self) -> RawNode {
        self.node
    }
}

impl<'de, O: Outline> Deserialize<'de> for Located<O> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Tagged<Value<O>>>::deserialize(deserializer)?;
        let at = position(&spanned);
        let Tagged(value, tag) = spanned.value;
        Ok(Self { node: RawNode { at, tag, value: value.0 }, outline: PhantomData })
    }
}

struct Value<O>(RawValue, PhantomData<O>);

impl<'de, O: Outline> Deserialize<'de> for Value<O> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = deserializer.deserialize_any(RawValueVisitor::<O>(PhantomData))?;
        Ok(Self(value, PhantomData))
    }
}

struct RawValueVisitor<O>(PhantomData<O>);

impl<'de, O: Outline> Visitor<'de> for RawValueVisitor<O> {
    type Value = RawValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(NodeValue::Null))
    }

    fn visit_none<E: Error>(self) -> Result<RawValue, E> {
        self.visit_unit()
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(NodeValue::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(NodeValue::Number(value.into())))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(NodeValue::Number(value.into())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<RawValue, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("not a finite number"))?;
        Ok(RawValue::Scalar(NodeValue::Number(number)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RawValue, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(NodeValue::String(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<RawValue, A::Error> {
        let mut elements = Vec::new();
        if O::ELEMENTS {
            while let Some(element) = access.next_element::<Located<O::Below>>()? {
                elements.push(element.into_node());
            }
        } else {
            while access.next_element::<IgnoredAny>()?.is_some() {
                elements.push(RawNode::default());
            }
        }
        Ok(RawValue::Sequence(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<RawValue, A::Error> {
        let mut pairs = Vec::new();
        while let Some(key) = access.next_key::<Spanned<Tagged<String>>>()? {
            let value = match O::part(&key.value.0) {
                Part::Nothing => {
                    access.next_value::<IgnoredAny>()?;
                    continue;
                }
                Part::Scalar => access.next_value::<Located<Flat>>()?.into_node(),
                Part::Below => access.next_value::<Located<O::Below>>()?.into_node(),
                Part::Beside => access.next_value::<Located<O::Beside>>()?.into_node(),
            };
            pairs.push((key, value));
        }
        Ok(RawValue::Mapping(pairs))
    }
}
