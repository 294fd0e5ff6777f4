//! [`Document`]: a tree with its sources, and the ways to ask it for a value or a place. Imports nothing of ours.
//!
//! Values are named by JSON pointers (RFC 6901), because that is what schemas and validators speak; people are shown the
//! dotted form.

use std::sync::Arc;

use serde_json::Value;

use crate::model::document::node::{Entry, Node, NodeValue, Position};
use crate::model::document::place::Place;
use crate::model::document::problem::Problem;

/// A parsed document: a tree of located values, and the names of the texts they come from.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) sources: Vec<Arc<str>>,
    pub(super) root: Node,
}

/// What a pointer leads to: an entry of a mapping, an element of a list, or the root.
enum Found<'a> {
    Root(&'a Node),
    Entry(&'a Entry),
    Element(&'a Node),
}

impl<'a> Found<'a> {
    fn node(&self) -> &'a Node {
        match self {
            Found::Root(node) | Found::Element(node) => node,
            Found::Entry(entry) => &entry.value,
        }
    }
}

impl Document {
    pub(super) fn new(source: Arc<str>, root: Node) -> Self {
        Self { sources: vec![source], root }
    }

    /// The value of the whole document.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The name the text was parsed under.
    pub fn name(&self) -> &str {
        self.sources.first().map_or("", |source| source)
    }

    /// The whole document without positions.
    pub fn to_json(&self) -> Value {
        self.root.to_json()
    }

    /// The value at a JSON pointer, if there is one.
    pub fn node(&self, pointer: &str) -> Option<&Node> {
        self.walk(pointer).ok().map(|found| found.node())
    }

    /// The place of the value at a JSON pointer; where there is none, of the innermost value around it.
    pub fn place(&self, pointer: &str) -> Place {
        let found = self.walk(pointer).unwrap_or_else(|nearest| nearest);
        self.place_of(found.node().at)
    }

    /// The place of the key at a JSON pointer; for elements of lists and for the root, of the value.
    pub fn key_place(&self, pointer: &str) -> Place {
        match self.walk(pointer).unwrap_or_else(|nearest| nearest) {
            Found::Entry(entry) => self.place_of(entry.key_at),
            found => self.place_of(found.node().at),
        }
    }

    /// A problem with the value at a JSON pointer.
    pub fn problem(&self, pointer: &str, message: impl Into<String>) -> Problem {
        Problem::new(self.place(pointer), self.path(pointer), message)
    }

    /// A problem with the key at a JSON pointer.
    pub fn key_problem(&self, pointer: &str, message: impl Into<String>) -> Problem {
        Problem::new(self.key_place(pointer), self.path(pointer), message)
    }

    /// The dotted form of a JSON pointer, as people are shown it: `routes[1].upstream.connect_ms`.
    pub fn path(&self, pointer: &str) -> String {
        let mut path = String::new();
        let mut node = Some(&self.root);
        for token in tokens(pointer) {
            let is_element = node.is_some_and(|node| matches!(node.value, NodeValue::Sequence(_)));
            push_step(&mut path, &token, is_element);
            node = node.and_then(|node| child(node, &token)).map(|found| found.node());
        }
        path
    }

    /// The place a position stands for.
    pub fn place_of(&self, at: Position) -> Place {
        let index = usize::try_from(at.source).unwrap_or(usize::MAX);
        let source = self.sources.get(index).or_else(|| self.sources.first()).cloned();
        Place { source: source.unwrap_or_else(|| Arc::from("")), line: at.line, column: at.column }
    }

    /// What the pointer leads to, or the last thing found on the way there.
    fn walk(&self, pointer: &str) -> Result<Found<'_>, Found<'_>> {
        let mut found = Found::Root(&self.root);
        for token in tokens(pointer) {
            match child(found.node(), &token) {
                Some(next) => found = next,
                None => return Err(found),
            }
        }
        Ok(found)
    }
}

/// The pointer of the child `token` (a key or an index) of the value at `pointer`.
pub fn child_pointer(pointer: &str, token: &str) -> String {
    format!("{pointer}/{}", token.replace('~', "~0").replace('/', "~1"))
}

fn child<'a>(node: &'a Node, token: &str) -> Option<Found<'a>> {
    match &node.value {
        NodeValue::Sequence(elements) => elements.get(token.parse::<usize>().ok()?).map(Found::Element),
        NodeValue::Mapping(_) => node.entry(token).map(Found::Entry),
        _ => None,
    }
}

pub(super) fn tokens(pointer: &str) -> impl Iterator<Item = String> + '_ {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~"))
}

/// Keys that are not plain words are quoted, so that `tools["a.b"]` is not read as two keys.
fn push_step(path: &mut String, token: &str, is_element: bool) {
    let plain = !token.is_empty()
        && token.chars().all(|character| character.is_ascii_alphanumeric() || "_-$".contains(character));
    if is_element {
        path.push_str(&format!("[{token}]"));
    } else if !plain {
        path.push_str(&format!("[\"{}\"]", token.escape_debug()));
    } else {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(token);
    }
}
