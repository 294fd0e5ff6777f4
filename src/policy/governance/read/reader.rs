//! What every kind of object is read with: a document, and the problems found in it.

use std::fmt::Display;

use crate::model::document::{Document, NodeValue, Problem, child_pointer};

/// A document that is being read. What does not fit its schema has been told already: such a field is passed over here.
pub(super) struct Reader<'d> {
    pub(super) document: &'d Document,
    pub(super) problems: Vec<Problem>,
}

/// A place in the document: the JSON pointer of a mapping.
#[derive(Clone, Copy)]
pub(super) struct At<'p>(pub(super) &'p str);

impl At<'_> {
    /// The pointer of a field.
    pub(super) fn field(self, key: &str) -> String {
        child_pointer(self.0, key)
    }
}

impl<'d> Reader<'d> {
    pub(super) const fn new(document: &'d Document) -> Self {
        Self { document, problems: Vec::new() }
    }

    /// The value at `pointer`, unless it is absent or null.
    pub(super) fn value(&self, pointer: &str) -> Option<&'d NodeValue> {
        self.document.node(pointer).map(|node| &node.value).filter(|value| **value != NodeValue::Null)
    }

    /// The text at `pointer`.
    pub(super) fn text(&self, pointer: &str) -> Option<&'d str> {
        match self.value(pointer)? {
            NodeValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether `true` stands at `pointer`; `default` where nothing does.
    pub(super) fn flag(&self, pointer: &str, default: bool) -> bool {
        match self.value(pointer) {
            Some(NodeValue::Bool(value)) => *value,
            _ => default,
        }
    }

    /// The whole number at `pointer`.
    pub(super) fn number(&self, pointer: &str) -> Option<u64> {
        match self.value(pointer)? {
            NodeValue::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// How many elements the list at `pointer` has.
    pub(super) fn count(&self, pointer: &str) -> usize {
        self.document.node(pointer).map_or(0, |node| node.elements().len())
    }

    /// What `read` makes of the text at `pointer`, or a problem there.
    pub(super) fn parsed<T, E: Display>(
        &mut self,
        pointer: &str,
        read: impl FnOnce(&'d str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(pointer)?;
        match read(text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(pointer, error.to_string());
                None
            }
        }
    }

    pub(super) fn refuse(&mut self, pointer: &str, message: impl Into<String>) {
        self.problems.push(self.document.problem(pointer, message));
    }

    pub(super) fn refuse_with(&mut self, pointer: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(self.document.problem(pointer, message).with_hint(hint));
    }
}
