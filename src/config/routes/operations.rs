//! The operations of an http route. Imports `model` only.

use std::collections::HashMap;

use crate::config::raw::RawOperation;
use crate::config::resolve::{Spot, path_shape, path_variables, resource_variables};
use crate::config::routes::protocol::check_owned;
use crate::config::routes::route::PathPrefix;
use crate::model::call::CapabilityName;

/// An operation of a REST service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// HTTP method in capitals.
    pub method: String,
    /// Path template, as the client sends the path: `/crm/contacts/{id}`. A valid one, under the route's prefix.
    pub path: String,
    /// What it is called in policies.
    pub capability: CapabilityName,
    /// What it is about, as a template over variables that `path` has; `None`: the path itself.
    pub resource: Option<String>,
}

/// `prefixes`: those of the route's paths and of its capabilities.
pub(super) fn resolve(
    raw: &[RawOperation],
    prefixes: (Option<&PathPrefix>, &str),
    spot: &Spot<'_>,
) -> Vec<Operation> {
    let mut operations = Vec::new();
    let mut seen: HashMap<(String, String), String> = HashMap::new();
    for (index, raw) in raw.iter().enumerate() {
        let spot = spot.element(index);
        let Some(operation) = resolve_one(raw, prefixes, &spot) else { continue };
        let shape = (operation.method.clone(), path_shape(&operation.path));
        match seen.get(&shape) {
            Some(first) => {
                spot.key("path")
                    .refuse(format!("the same method and path as in {first}: it would never be matched"));
            }
            None => {
                seen.insert(shape, spot.line());
            }
        }
        operations.push(operation);
    }
    operations
}

fn resolve_one(
    raw: &RawOperation,
    (prefix, capability_prefix): (Option<&PathPrefix>, &str),
    spot: &Spot<'_>,
) -> Option<Operation> {
    let is_method = raw.method.bytes().all(|byte| byte.is_ascii_uppercase());
    if !is_method {
        let upper = raw.method.to_ascii_uppercase();
        let is_name = upper.bytes().all(|byte| byte.is_ascii_uppercase());
        let hint =
            if is_name { format!("write it as {upper}") } else { "write one method, such as GET".to_owned() };
        spot.key("method").refuse_with("not an HTTP method in capitals", hint);
    }
    let at_path = spot.key("path");
    let variables = path_variables(&raw.path, &at_path);
    if let (Some(prefix), Some(_)) = (prefix, &variables)
        && !is_under(&raw.path, prefix)
    {
        at_path
            .refuse(format!("not under the route's path_prefix {}: it would never be matched", prefix.text));
    }
    let capability = CapabilityName::parse(&raw.capability);
    match &capability {
        Ok(name) => check_owned(name, capability_prefix, &spot.key("capability")),
        Err(error) => spot.key("capability").refuse(error.to_string()),
    }
    check_resource(raw, variables.as_deref(), &spot.key("resource"));
    Some(Operation {
        method: is_method.then(|| raw.method.clone())?,
        path: variables.map(|_| raw.path.clone())?,
        capability: capability.ok()?,
        resource: raw.resource.clone(),
    })
}

fn check_resource(raw: &RawOperation, variables: Option<&[String]>, spot: &Spot<'_>) {
    let Some(used) = raw.resource.as_ref().and_then(|template| resource_variables(template, spot)) else {
        return;
    };
    let Some(variables) = variables else { return };
    for name in used.iter().filter(|name| !variables.contains(name)) {
        spot.refuse(format!("the path has no variable {{{name}}}"));
    }
}

fn is_under(path: &str, prefix: &PathPrefix) -> bool {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    // A variable may stand for what the prefix says literally.
    prefix
        .segments
        .iter()
        .all(|wanted| segments.next().is_some_and(|segment| segment == wanted || segment.starts_with('{')))
}
