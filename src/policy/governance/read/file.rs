//! A file of governance objects.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::document::{Document, Node, NodeValue, Problems, shape};
use crate::policy::governance::raw::RawFile;
use crate::policy::governance::read::object::{problems, with_defaults};
use crate::policy::governance::read::reader::{At, Reader};
use crate::policy::governance::{Defaults, Kind, ObjectKey, Written};

/// The tenant of grants and actors in a file that name none.
const TENANT: &str = "default";

/// The lists of a file, and what stands in them.
const LISTS: [(&str, Kind); 4] = [
    ("capabilities", Kind::Capability),
    ("policies", Kind::Policy),
    ("grants", Kind::Grant),
    ("actors", Kind::Actor),
];

/// The JSON Schema (draft 2020-12) of a file of governance objects.
#[must_use]
pub fn file_schema() -> Value {
    schemars::schema_for!(RawFile).to_value()
}

/// Reads a file: the objects in the order written, lists by lists. An empty file has none.
///
/// # Errors
/// Everything that is wrong with it, with places; also two objects with one key.
pub fn read_file(document: &Document) -> Result<Vec<Written>, Problems> {
    if document.root().value == NodeValue::Null {
        return Ok(Vec::new());
    }
    let misfits = problems(shape::check(document, &file_schema()));
    let mut reader = Reader { problems: misfits, ..Reader::new(document) };
    let mut objects = Vec::new();
    let mut seen: HashMap<ObjectKey, u32> = HashMap::new();
    let defaults = Defaults { tenant: TENANT, actor: None, id: None };
    for (list, kind) in LISTS {
        for index in 0..reader.count(&format!("/{list}")) {
            let pointer = format!("/{list}/{index}");
            let Some((key, content)) = reader.object(kind, At(&pointer), defaults) else { continue };
            let line = document.place(&pointer).line;
            if let Some(first) = seen.insert(key.clone(), line) {
                let what = kind.as_str().replace('_', " ");
                reader.refuse(&pointer, format!("the same {what} as in line {first}"));
            }
            let json = document.node(&pointer).map(Node::to_json);
            match json.and_then(|json| with_defaults(kind, json, &key)) {
                Some(written) => objects.push(Written { key, written, content }),
                // It does not fit its schema, which has been told; else this stands for a defect here.
                None if reader.problems.is_empty() => reader.refuse(&pointer, "the object cannot be read"),
                None => {}
            }
        }
    }
    Problems::unless_empty(objects, reader.problems)
}

/// The id of a policy from a file: the same for the same tenant and name, wherever it stands.
pub(super) fn policy_id(tenant: Option<&str>, name: &str) -> Arc<str> {
    let mut hash = Sha256::new();
    // No tenant's name is empty, and none has a zero byte.
    hash.update(tenant.unwrap_or_default());
    hash.update([0]);
    hash.update(name);
    let text = data_encoding::BASE32_NOPAD.encode(&hash.finalize()).to_ascii_lowercase();
    format!("{}{}", Kind::Policy.id_prefix(), text.get(..26).unwrap_or(&text)).into()
}
