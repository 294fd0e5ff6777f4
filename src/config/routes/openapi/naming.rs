//! What an operation is called in policies, and what it is about. Imports `model` only.

use crate::config::resolve::variables_of_resource;
use crate::config::routes::openapi::outline::is_ours;
use crate::config::routes::protocol::owned_complaint;
use crate::model::call::{CapabilityName, lower_snake};
use crate::model::document::shape::nearest;
use crate::model::document::{Document, Node, Problem, child_pointer};

/// What to do about an operation whose name is none.
pub(in crate::config::routes) const NAME_IT: &str =
    "write x-aegis-capability in the operation, or the operation in the route's operations";

const CAPABILITY: &str = "x-aegis-capability";
const RESOURCE: &str = "x-aegis-resource";

/// The name of an operation.
pub(super) struct Name {
    pub(super) capability: CapabilityName,
    /// Whether it was written for policies.
    pub(super) is_named: bool,
}

/// The capability of the operation at `pointer`.
pub(super) fn name(
    document: &Document,
    pointer: &str,
    operation: &Node,
    prefix: &str,
) -> Result<Name, Problem> {
    let (key, is_named) =
        if operation.field(CAPABILITY).is_some() { (CAPABILITY, true) } else { ("operationId", false) };
    let at = child_pointer(pointer, key);
    let Some(written) = operation.field(key) else {
        let message = "the operation has no operationId, so it has no capability";
        return Err(document.key_problem(pointer, message).with_hint(NAME_IT));
    };
    let Some(text) = written.text() else {
        return Err(document.problem(&at, format!("expected a string, found {}", written.kind())));
    };
    let capability = if is_named {
        CapabilityName::parse(text).map_err(|error| document.problem(&at, error.to_string()))?
    } else {
        from_operation_id(prefix, text).ok_or_else(|| {
            document.problem(&at, "no capability can be made of this operationId").with_hint(NAME_IT)
        })?
    };
    match owned_complaint(&capability, prefix) {
        None => Ok(Name { capability, is_named }),
        Some(complaint) if is_named => Err(document.problem(&at, complaint)),
        Some(complaint) => Err(document.problem(&at, complaint).with_hint(NAME_IT)),
    }
}

/// `listContacts` is `<prefix>.list_contacts`. Dots go on parting levels where each part is a name; else the whole is one.
fn from_operation_id(prefix: &str, id: &str) -> Option<CapabilityName> {
    let parts: Option<Vec<String>> = id.split('.').map(lower_snake).collect();
    parts
        .and_then(|parts| CapabilityName::parse(&format!("{prefix}.{}", parts.join("."))).ok())
        .or_else(|| CapabilityName::under(prefix, id))
}

/// What the operation at `pointer` is about, as a template over `variables` (not known where the path is none).
pub(super) fn resource(
    document: &Document,
    pointer: &str,
    operation: &Node,
    variables: Option<&[&str]>,
) -> Result<Option<String>, Problem> {
    let Some(written) = operation.field(RESOURCE) else { return Ok(None) };
    let at = child_pointer(pointer, RESOURCE);
    let Some(text) = written.text() else {
        return Err(document.problem(&at, format!("expected a string, found {}", written.kind())));
    };
    let used = variables_of_resource(text).map_err(|complaint| document.problem(&at, complaint))?;
    let Some(variables) = variables else { return Ok(None) };
    match used.iter().find(|name| !variables.contains(&name.as_str())) {
        Some(name) => Err(document.problem(&at, format!("the path has no variable {{{name}}}"))),
        None => Ok(Some(text.to_owned())),
    }
}

/// Complaints about keys at `pointer` that begin as the gateway's own do and are none that mean something there.
pub(super) fn stray_keys(
    document: &Document,
    pointer: &str,
    node: &Node,
    is_operation: bool,
) -> Vec<Problem> {
    let known: &[&str] = if is_operation { &[CAPABILITY, RESOURCE] } else { &[] };
    let stray =
        node.entries().iter().filter(|entry| is_ours(&entry.key) && !known.contains(&entry.key.as_str()));
    stray
        .map(|entry| {
            let problem = document.key_problem(&child_pointer(pointer, &entry.key), "unknown key");
            problem.with_hint(match nearest(&entry.key, [CAPABILITY, RESOURCE]) {
                Some(near) if is_operation => format!("did you mean \"{near}\"?"),
                _ => format!("{CAPABILITY} and {RESOURCE} are known, in operations"),
            })
        })
        .collect()
}
