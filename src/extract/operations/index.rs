//! Which operation a request is, without asking all of them: a tree over the segments of their paths.
//!
//! Where templates overlap the narrower is meant, judged from the first segment on: `/contacts/search` is not the contact
//! called "search".

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::model::call::{PathTemplate, Segment};

/// Operations by method and path.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// The root of each method's tree.
    roots: HashMap<String, usize, RandomState>,
    nodes: Vec<Node>,
}

/// What may follow the segments so far.
#[derive(Clone, Debug, Default)]
struct Node {
    /// The operation whose path ends here.
    operation: Option<usize>,
    literals: HashMap<String, usize, RandomState>,
    /// Segments with a variable, without its name, narrowest first.
    variables: Vec<(Segment, usize)>,
}

impl Index {
    /// An index of operations given in order. Of two that match the same paths only the first is found.
    pub(super) fn new<'o>(operations: impl Iterator<Item = (&'o str, &'o PathTemplate)>) -> Self {
        let mut index = Self::default();
        for (operation, (method, path)) in operations.enumerate() {
            let mut node = match index.roots.get(method) {
                Some(root) => *root,
                None => {
                    let root = index.add_node();
                    index.roots.insert(method.to_owned(), root);
                    root
                }
            };
            for segment in path.shape() {
                node = index.child(node, segment);
            }
            if let Some(node) = index.nodes.get_mut(node) {
                node.operation.get_or_insert(operation);
            }
        }
        for node in &mut index.nodes {
            node.variables.sort_by(|(one, _), (other, _)| rank(one).cmp(&rank(other)));
        }
        index
    }

    fn add_node(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    /// The node behind `segment`, made if there is none.
    fn child(&mut self, parent: usize, segment: Segment) -> usize {
        let known = self.nodes.get(parent).and_then(|node| match &segment {
            Segment::Literal(text) => node.literals.get(text).copied(),
            Segment::Variable { .. } => {
                node.variables.iter().find(|(known, _)| *known == segment).map(|(_, child)| *child)
            }
        });
        if let Some(known) = known {
            return known;
        }
        let child = self.add_node();
        if let Some(node) = self.nodes.get_mut(parent) {
            match segment {
                Segment::Literal(text) => {
                    node.literals.insert(text, child);
                }
                Segment::Variable { .. } => node.variables.push((segment, child)),
            }
        }
        child
    }

    /// The operation, by its number in the order given, that a request with this method and these decoded segments is.
    pub(super) fn find(&self, method: &str, path: &[Cow<'_, str>]) -> Option<usize> {
        self.descend(*self.roots.get(method)?, path)
    }

    /// Every node is entered at most once, since only one way leads to it.
    fn descend(&self, node: usize, path: &[Cow<'_, str>]) -> Option<usize> {
        let node = self.nodes.get(node)?;
        let Some((segment, rest)) = path.split_first() else { return node.operation };
        let literal = node.literals.get(segment.as_ref()).and_then(|child| self.descend(*child, rest));
        literal.or_else(|| {
            let mut matching = node.variables.iter().filter(|(known, _)| known.matched(segment).is_some());
            matching.find_map(|(_, child)| self.descend(*child, rest))
        })
    }
}

/// Orders segments: those that match less come first. Whole, so that the order of writing decides nothing.
pub(super) fn rank(segment: &Segment) -> (bool, Reverse<usize>, &str, &str) {
    match segment {
        // Two literals never match one segment, so their order does not matter.
        Segment::Literal(_) => (false, Reverse(0), "", ""),
        Segment::Variable { before, after, .. } => (true, Reverse(before.len() + after.len()), before, after),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn index(paths: &[(&str, &str)]) -> (Vec<(String, PathTemplate)>, Index) {
        let operations: Vec<_> = paths
            .iter()
            .map(|(method, path)| ((*method).to_owned(), PathTemplate::parse(path).unwrap()))
            .collect();
        let index = Index::new(operations.iter().map(|(method, path)| (method.as_str(), path)));
        (operations, index)
    }

    fn segments(path: &str) -> Vec<Cow<'_, str>> {
        path.split('/').filter(|segment| !segment.is_empty()).map(Cow::Borrowed).collect()
    }

    #[test]
    fn the_narrowest_is_found() {
        let (_, index) = index(&[
            ("GET", "/contacts/{id}"),
            ("GET", "/contacts/{id}.json"),
            ("GET", "/contacts/search"),
            ("GET", "/{kind}/{id}/notes"),
            ("DELETE", "/contacts/{id}"),
            ("GET", "/"),
        ]);
        for (method, path, found) in [
            ("GET", "/contacts/7", Some(0)),
            ("GET", "/contacts/7.json", Some(1)),
            ("GET", "/contacts/.json", Some(0)),
            ("GET", "/contacts/search", Some(2)),
            // `contacts` leads nowhere here, so the way back is taken.
            ("GET", "/contacts/7/notes", Some(3)),
            ("DELETE", "/contacts/search", Some(4)),
            ("GET", "/", Some(5)),
            ("GET", "/contacts", None),
            ("HEAD", "/contacts/7", None),
            ("get", "/contacts/7", None),
        ] {
            assert_eq!(index.find(method, &segments(path)), found, "{method} {path}");
        }
    }

    proptest! {
        /// The index finds what looking at one operation after the other finds.
        #[test]
        fn it_agrees_with_looking_at_all(
            paths in prop::collection::vec(("[GP]", "(/(a|b|ba|\\{x\\}|a\\{x\\}|\\{x\\}a|b\\{x\\})){0,1}(/(a|b|\\{y\\}|\\{y\\}b)){0,1}(/(a|\\{z\\})){0,1}"), 0..12),
            method in "[GPH]",
            path in "(/[ab]{1,3}){0,3}",
        ) {
            let paths: Vec<(String, String)> =
                paths.into_iter().map(|(method, path)| (method, if path.is_empty() { "/".to_owned() } else { path })).collect();
            let borrowed: Vec<(&str, &str)> = paths.iter().map(|(method, path)| (method.as_str(), path.as_str())).collect();
            let (operations, index) = index(&borrowed);
            let path = segments(&path);
            let matching = operations.iter().enumerate().filter(|(_, (of, template))| *of == method && template.variables(&path).is_some());
            let linear = matching.min_by_key(|(number, (_, template))| {
                (template.segments().iter().map(rank).collect::<Vec<_>>(), *number)
            });
            prop_assert_eq!(index.find(&method, &path), linear.map(|(number, _)| number));
            // Where the found one is not ambiguous with another match, it is the narrowest of all.
            if let Some((_, (_, found))) = linear {
                for (of, other) in &operations {
                    if *of == method && other.variables(&path).is_some() && !found.is_ambiguous_with(other) {
                        prop_assert!(other.shape() == found.shape() || !is_narrower(other, found));
                    }
                }
            }
        }
    }

    /// By trying: whatever `one` matches of some texts, `other` matches too.
    fn is_narrower(one: &PathTemplate, other: &PathTemplate) -> bool {
        let texts = ["a", "b", "ab", "ba", "aa", "bb", "aba", "bab", "c", "ca", "ac", "bc", "cb"];
        one.segments().iter().zip(other.segments()).all(|(one, other)| {
            texts.iter().all(|text| one.matched(text).is_none() || other.matched(text).is_some())
        })
    }
}
