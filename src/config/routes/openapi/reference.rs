//! `$ref` of a path item: followed inside the document only. Imports `model` only.

use crate::config::routes::openapi::outline::METHODS;
use crate::model::document::{Document, Node, NodeValue, Problem, child_pointer};
use crate::model::json::hex_pair;

/// Most references followed from one path.
const REFERENCES_MAX: usize = 16;

/// The path item at `pointer`, or the one that its `$ref` leads to, with the pointer of that.
pub(super) fn follow<'d>(
    document: &'d Document,
    pointer: &str,
    node: &'d Node,
) -> Result<(String, &'d Node), Problem> {
    let (mut at, mut item) = (pointer.to_owned(), node);
    for _ in 0..REFERENCES_MAX {
        if !matches!(item.value, NodeValue::Mapping(_)) {
            return Err(document.problem(&at, format!("expected a mapping, found {}", item.kind())));
        }
        let Some(reference) = item.field("$ref") else { return Ok((at, item)) };
        let at_reference = child_pointer(&at, "$ref");
        let is_beside = |key: &&str| item.field(key).is_some();
        if METHODS.iter().chain(&["servers"]).any(is_beside) {
            let message = "OpenAPI does not say what methods or servers beside $ref mean";
            return Err(document.key_problem(&at_reference, message).with_hint("put them where it leads"));
        }
        let Some(text) = reference.text() else {
            let message = format!("expected a string, found {}", reference.kind());
            return Err(document.problem(&at_reference, message));
        };
        let Some(fragment) = text.strip_prefix('#') else {
            let problem = document.problem(&at_reference, "references to other documents are not followed");
            return Err(problem.with_hint("bundle the documents into one, for example with redocly bundle"));
        };
        let target = decoded(fragment).filter(|target| is_readable(target));
        let Some((target, found)) =
            target.and_then(|target| document.node(&target).map(|node| (target, node)))
        else {
            let message = "leads to nothing in paths or components.pathItems of this document";
            return Err(document.problem(&at_reference, message));
        };
        (at, item) = (target, found);
    }
    let message = format!("leads in a circle, or through more than {REFERENCES_MAX} references");
    Err(document.problem(&child_pointer(pointer, "$ref"), message))
}

/// Whether a pointer leads to a path item; of anything else too little is read.
fn is_readable(pointer: &str) -> bool {
    let below = |holder: &str| pointer.strip_prefix(holder).is_some_and(|rest| !rest.contains('/'));
    below("/paths/") || below("/components/pathItems/")
}

/// A URI fragment without its percent-encoding.
fn decoded(fragment: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(fragment.len());
    let mut bytes = fragment.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' { hex_pair(bytes.next(), bytes.next())? } else { byte });
    }
    String::from_utf8(decoded).ok()
}
