//! Changing a document while keeping its places: laying a value over it, and taking one away. Imports nothing of ours.

use crate::model::document::node::{Entry, Node, NodeValue, Position};
use crate::model::document::tree::{Document, tokens};

/// One step of the way to a value: a key of a mapping or an index into a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A key. Letter case is ignored where the mapping has such a key already.
    Key(String),
    /// An index, counted from 0. The length of the list itself appends.
    Index(usize),
}

/// Why a value could not be laid over a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlayError {
    /// The step with this number (from 0) is a key, but the document has a list or a plain value there.
    NotMapping(usize),
    /// The step with this number (from 0) is an index beyond the end of the list.
    BeyondEnd(usize),
}

impl Document {
    /// Puts `overlay`'s value at `steps`, making mappings and lists on the way where there is nothing yet. Its places are
    /// those of the overlay's source as a whole: an environment variable has no lines.
    ///
    /// # Errors
    /// When a step does not fit what the document has there; the document is then unchanged.
    pub fn overlay(&mut self, steps: &[Step], overlay: Self) -> Result<(), OverlayError> {
        let source = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        let at = Position { source, line: 0, column: 0 };
        check(&self.root, steps)?;
        let mut value = overlay.root;
        value.set_position(at);
        put(&mut self.root, steps, at, value);
        self.sources.push(overlay.sources.into_iter().next().unwrap_or_default());
        Ok(())
    }

    /// Makes the value at a JSON pointer a null that stands at the same place, so that the elements around it keep their
    /// numbers. Does nothing when there is no value.
    pub fn blank(&mut self, pointer: &str) {
        let mut node = Some(&mut self.root);
        for step in tokens(pointer) {
            node = node.and_then(|node| child_mut(node, &step));
        }
        if let Some(node) = node {
            node.value = NodeValue::Null;
        }
    }

    /// Takes away the entry a JSON pointer lies in, so that the rest can be judged: the value's own key, or the key of the
    /// whole list for an element of one, since a list keeps all its elements (and their numbers) or goes as a whole.
    pub fn remove_entry(&mut self, pointer: &str) {
        let mut pointer = pointer;
        while let Some((around, _)) = pointer.rsplit_once('/') {
            if self.node(around).is_some_and(|node| matches!(node.value, NodeValue::Mapping(_))) {
                self.remove(pointer);
                return;
            }
            pointer = around;
        }
    }

    /// Keeps of the list at a JSON pointer the elements whose numbers `keep` says yes to.
    pub fn retain_elements(&mut self, pointer: &str, mut keep: impl FnMut(usize) -> bool) {
        let mut node = Some(&mut self.root);
        for step in tokens(pointer) {
            node = node.and_then(|node| child_mut(node, &step));
        }
        if let Some(Node { value: NodeValue::Sequence(elements), .. }) = node {
            let mut number = 0..;
            elements.retain(|_| number.next().is_some_and(&mut keep));
        }
    }

    /// Takes the entry or element at a JSON pointer away and returns it; `None` when there is none.
    pub fn remove(&mut self, pointer: &str) -> Option<Node> {
        let mut steps: Vec<String> = tokens(pointer).collect();
        let last = steps.pop()?;
        let mut node = &mut self.root;
        for step in &steps {
            node = child_mut(node, step)?;
        }
        match &mut node.value {
            NodeValue::Mapping(entries) => {
                let index = entries.iter().position(|entry| entry.key == last)?;
                Some(entries.remove(index).value)
            }
            NodeValue::Sequence(elements) => {
                let index = last.parse::<usize>().ok()?;
                (index < elements.len()).then(|| elements.remove(index))
            }
            _ => None,
        }
    }
}

fn child_mut<'a>(node: &'a mut Node, token: &str) -> Option<&'a mut Node> {
    match &mut node.value {
        NodeValue::Mapping(entries) => {
            entries.iter_mut().find(|entry| entry.key == token).map(|entry| &mut entry.value)
        }
        NodeValue::Sequence(elements) => elements.get_mut(token.parse::<usize>().ok()?),
        _ => None,
    }
}

fn check(root: &Node, steps: &[Step]) -> Result<(), OverlayError> {
    let mut node = Some(root);
    for (number, step) in steps.iter().enumerate() {
        let Some(current) = node else {
            // Below what exists a list can only begin at its first element.
            match step {
                Step::Index(index) if *index > 0 => return Err(OverlayError::BeyondEnd(number)),
                _ => continue,
            }
        };
        node = match (&current.value, step) {
            (NodeValue::Null, Step::Key(_) | Step::Index(0)) => None,
            (NodeValue::Mapping(entries), Step::Key(key)) => {
                position_of(entries, key).and_then(|index| entries.get(index)).map(|entry| &entry.value)
            }
            (NodeValue::Sequence(elements), Step::Index(index)) if *index <= elements.len() => {
                elements.get(*index)
            }
            (NodeValue::Sequence(_) | NodeValue::Null, Step::Index(_)) => {
                return Err(OverlayError::BeyondEnd(number));
            }
            _ => return Err(OverlayError::NotMapping(number)),
        };
    }
    Ok(())
}

/// INVARIANT: `check` passed for the same steps, so every arm that would not fit is unreachable and does nothing.
fn put(node: &mut Node, steps: &[Step], at: Position, value: Node) {
    let Some((step, rest)) = steps.split_first() else {
        *node = value;
        return;
    };
    if node.value == NodeValue::Null {
        let empty = match step {
            Step::Key(_) => NodeValue::Mapping(Vec::new()),
            Step::Index(_) => NodeValue::Sequence(Vec::new()),
        };
        *node = Node { at, value: empty };
    }
    let fresh = || Node { at, value: NodeValue::Null };
    let child = match (&mut node.value, step) {
        (NodeValue::Mapping(entries), Step::Key(key)) => {
            let index = position_of(entries, key).unwrap_or_else(|| {
                entries.push(Entry { key: key.clone(), key_at: at, value: fresh() });
                entries.len() - 1
            });
            entries.get_mut(index).map(|entry| {
                if rest.is_empty() {
                    entry.key_at = at;
                }
                &mut entry.value
            })
        }
        (NodeValue::Sequence(elements), Step::Index(index)) => {
            if *index == elements.len() {
                elements.push(fresh());
            }
            elements.get_mut(*index)
        }
        _ => None,
    };
    if let Some(child) = child {
        put(child, rest, at, value);
    }
}

/// The exact key first; else one that differs only in case, since variables are written in capitals.
fn position_of(entries: &[Entry], key: &str) -> Option<usize> {
    let exact = entries.iter().position(|entry| entry.key == key);
    exact.or_else(|| entries.iter().position(|entry| entry.key.eq_ignore_ascii_case(key)))
}
