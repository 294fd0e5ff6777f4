//! The operations of an http route: those written in it and those of its OpenAPI document. Imports `model` only.

use std::collections::{HashMap, HashSet};

use crate::config::raw::{RawOperation, RawRoute};
use crate::config::resolve::{Spot, resource_variables};
use crate::config::routes::openapi::{self, Wanted};
use crate::config::routes::protocol::check_owned;
use crate::config::routes::route::PathPrefix;
use crate::model::call::{CapabilityName, PathTemplate, Segment};
use crate::model::document::{Place, Problem};

/// Most operations of a route. They are compared in pairs when they are read.
const OPERATIONS_MAX: usize = 10_000;

/// An operation of a REST service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// HTTP method in capitals.
    pub method: String,
    /// Which paths it is, as the client sends them; under the route's prefix.
    pub path: PathTemplate,
    /// What it is called in policies.
    pub capability: CapabilityName,
    /// What it is about, as a template over variables that `path` has; `None`: the path itself.
    pub resource: Option<String>,
}

/// An operation and where it was found.
pub(super) struct Found {
    pub(super) operation: Operation,
    /// The place of its path or of the whole operation, for complaints about it.
    pub(super) place: Place,
    /// The dotted key at that place.
    pub(super) key: String,
    /// Whether its capability was written by hand; else it was made of a name that has another purpose.
    pub(super) is_named: bool,
}

/// A method and the paths it is for: what one operation has for itself.
pub(super) type Shape = (String, Vec<Segment>);

/// The operations of a route, sound by themselves and beside each other.
pub(super) fn resolve(
    raw: &RawRoute,
    prefix: Option<&PathPrefix>,
    spot: &Spot<'_>,
) -> Option<Vec<Operation>> {
    let written = raw.operations.as_deref().unwrap_or_default();
    if raw.operations.is_none() && raw.openapi.is_none() {
        spot.refuse(
            "an http route needs operations or openapi (an empty list of operations makes every request unmapped)",
        );
        return None;
    }
    let at_written = spot.key("operations");
    let elements = written.iter().enumerate().map(|(index, raw)| (raw, at_written.element(index)));
    let prefixes = (prefix, raw.capability_prefix.as_str());
    let mut found: Vec<Found> =
        elements.filter_map(|(raw, spot)| resolve_one(raw, prefixes, &spot)).collect();
    if let Some(path) = &raw.openapi {
        let overridden: HashSet<Shape> = written.iter().filter_map(shape_of).collect();
        // A prefix that is none was complained about; what it would make of names was not.
        let is_prefix = CapabilityName::parse(&format!("{}.x", raw.capability_prefix)).is_ok();
        let wanted = Wanted {
            prefix,
            capability_prefix: if is_prefix { &raw.capability_prefix } else { "x" },
            strip_prefix: raw.strip_prefix,
            overridden: &overridden,
        };
        found.extend(openapi::load(path, &wanted, &spot.key("openapi")));
    }
    check_together(&found, spot);
    Some(found.into_iter().map(|found| found.operation).collect())
}

fn shape_of(raw: &RawOperation) -> Option<Shape> {
    Some((raw.method.clone(), PathTemplate::parse(&raw.path).ok()?.shape()))
}

fn resolve_one(
    raw: &RawOperation,
    (prefix, capability_prefix): (Option<&PathPrefix>, &str),
    spot: &Spot<'_>,
) -> Option<Found> {
    let is_method = raw.method.bytes().all(|byte| byte.is_ascii_uppercase());
    if !is_method {
        let upper = raw.method.to_ascii_uppercase();
        let is_name = upper.bytes().all(|byte| byte.is_ascii_uppercase());
        let hint =
            if is_name { format!("write it as {upper}") } else { "write one method, such as GET".to_owned() };
        spot.key("method").refuse_with("not an HTTP method in capitals", hint);
    }
    let at_path = spot.key("path");
    let path = PathTemplate::parse(&raw.path).map_err(|error| at_path.refuse(error.to_string())).ok();
    if let (Some(prefix), Some(path)) = (prefix, &path)
        && !path.may_lie_under(&prefix.segments)
    {
        at_path
            .refuse(format!("not under the route's path_prefix {}: it would never be matched", prefix.text));
    }
    let at_capability = spot.key("capability");
    let capability = match CapabilityName::parse(&raw.capability) {
        Ok(name) => {
            check_owned(&name, capability_prefix, &at_capability);
            Some(name)
        }
        Err(error) => {
            at_capability.refuse(error.to_string());
            None
        }
    };
    check_resource(raw, path.as_ref(), &spot.key("resource"));
    let operation = Operation {
        method: is_method.then(|| raw.method.clone())?,
        path: path?,
        capability: capability?,
        resource: raw.resource.clone(),
    };
    let Problem { place, path: key, .. } = at_path.problem("");
    Some(Found { operation, place, key, is_named: true })
}

fn check_resource(raw: &RawOperation, path: Option<&PathTemplate>, spot: &Spot<'_>) {
    let Some(used) = raw.resource.as_ref().and_then(|template| resource_variables(template, spot)) else {
        return;
    };
    let Some(path) = path else { return };
    for name in used.iter().filter(|name| !path.variable_names().any(|known| known == **name)) {
        spot.refuse(format!("the path has no variable {{{name}}}"));
    }
}

/// Complains where one request could be two operations, or one capability two operations without anybody having said so.
fn check_together(found: &[Found], spot: &Spot<'_>) {
    if found.len() > OPERATIONS_MAX {
        spot.refuse(format!("{} operations, more than {OPERATIONS_MAX}", found.len()));
        return;
    }
    let mut first_of: HashMap<Shape, &Found> = HashMap::with_capacity(found.len());
    let mut distinct: Vec<&Found> = Vec::with_capacity(found.len());
    for one in found {
        let first = *first_of.entry(one.operation.shape()).or_insert(one);
        if std::ptr::eq(first, one) {
            distinct.push(one);
        } else {
            let place = first.told_beside(one);
            let message = format!("the same method and path as in {place}: it would never be matched");
            spot.report(one.problem(message));
        }
    }
    check_ambiguity(&distinct, &first_of, spot);
    check_names(&distinct, spot);
}

/// Two operations may share paths only where one is the narrower, or where those paths are an operation of their own.
fn check_ambiguity(found: &[&Found], first_of: &HashMap<Shape, &Found>, spot: &Spot<'_>) {
    let mut earlier: HashMap<(&str, usize), Vec<&Found>> = HashMap::new();
    for one in found {
        let Operation { method, path, .. } = &one.operation;
        let others = earlier.entry((method, path.segments().len())).or_default();
        let settled = |shared: PathTemplate| first_of.contains_key(&(method.clone(), shared.shape()));
        let ambiguous = others.iter().find(|other| {
            let other = &other.operation.path;
            other.is_ambiguous_with(path) && !other.shared_with(path).is_some_and(settled)
        });
        if let Some(other) = ambiguous {
            let (place, theirs) = (other.told_beside(one), &other.operation.path);
            let message = format!(
                "some paths are this and {theirs} in {place}, and neither is narrower at every segment: which one is \
                 meant depends on who reads"
            );
            let hint = theirs.shared_with(path).map_or_else(
                || "leave one of them out".to_owned(),
                |shared| format!("write what they share as an operation too: {method} {shared}"),
            );
            spot.report(one.problem(message).with_hint(hint));
        }
        others.push(one);
    }
}

/// A name that was made for another purpose names one operation; who writes capabilities may give several the same.
fn check_names(found: &[&Found], spot: &Spot<'_>) {
    let mut first_of: HashMap<&CapabilityName, &Found> = HashMap::with_capacity(found.len());
    // Those named by hand first: the complaint is about a name that was made.
    let (named, made): (Vec<&Found>, Vec<&Found>) = found.iter().partition(|one| one.is_named);
    for one in named.into_iter().chain(made) {
        let capability = &one.operation.capability;
        match first_of.get(capability) {
            Some(first) if !one.is_named => {
                let place = first.told_beside(one);
                let message =
                    format!("the capability {capability} is already that of the operation in {place}");
                spot.report(one.problem(message).with_hint(openapi::NAME_IT));
            }
            Some(_) => {}
            None => {
                first_of.insert(capability, one);
            }
        }
    }
}

impl Operation {
    fn shape(&self) -> Shape {
        (self.method.clone(), self.path.shape())
    }
}

impl Found {
    fn problem(&self, message: String) -> Problem {
        Problem::new(self.place.clone(), self.key.clone(), message)
    }

    /// Its place, as a complaint about another names it.
    fn told_beside(&self, other: &Self) -> String {
        match &self.place {
            place if place.line == 0 => place.source.to_string(),
            place if place.source == other.place.source => format!("line {}", place.line),
            place => format!("{}:{}", place.source, place.line),
        }
    }
}
