//! From the file's name to operations. Imports `model` only; the text comes through `Sources`.

use std::collections::HashSet;

use crate::config::resolve::Spot;
use crate::config::routes::openapi::items::Items;
use crate::config::routes::openapi::outline::Root;
use crate::config::routes::openapi::servers::base_path;
use crate::config::routes::operations::{Found, Shape};
use crate::config::routes::route::PathPrefix;
use crate::model::document::{Document, NodeValue, Problem};

/// What a route wants of its document.
#[derive(Clone, Copy)]
pub(in crate::config::routes) struct Wanted<'a> {
    /// Under which path its operations must lie; `None`: not known, and not checked.
    pub(in crate::config::routes) prefix: Option<&'a PathPrefix>,
    /// What its capabilities begin with.
    pub(in crate::config::routes) capability_prefix: &'a str,
    /// Whether clients write the prefix before the document's paths.
    pub(in crate::config::routes) strip_prefix: bool,
    /// What is not taken from the document because the route has operations of its own for it.
    pub(in crate::config::routes) overridden: &'a HashSet<Shape>,
}

/// The operations of the document `path`; complains, at `spot` or at its places, about everything that is wrong with it.
pub(in crate::config::routes) fn load(path: &str, wanted: &Wanted<'_>, spot: &Spot<'_>) -> Vec<Found> {
    let file = spot.beside(path);
    let text = match spot.sources().file(&file) {
        Ok(text) => text,
        Err(reason) => {
            spot.refuse(format!("the file {} cannot be read: {reason}", path.escape_debug()));
            return Vec::new();
        }
    };
    let document = match Document::parse_in_part::<Root>(&file.display().to_string(), &text) {
        Ok(document) => document,
        Err(problems) => {
            problems.into_iter().for_each(|problem| spot.report(problem));
            return Vec::new();
        }
    };
    if let Some(problem) = kind_problem(&document) {
        spot.report(problem);
        return Vec::new();
    }
    match base_path(&document) {
        Ok(base) => Items::new(&document, wanted, &base).read(spot),
        Err(problem) => {
            spot.report(problem);
            // Without its base no path is known, but the rest can be judged, unless some of it is overridden by path.
            if wanted.overridden.is_empty() {
                Items::new(&document, &Wanted { prefix: None, ..*wanted }, &[]).read(spot);
            }
            Vec::new()
        }
    }
}

/// Why the document is none that can be read at all.
fn kind_problem(document: &Document) -> Option<Problem> {
    if !matches!(document.root().value, NodeValue::Mapping(_)) {
        return Some(document.problem("", "not an OpenAPI document: it is no mapping"));
    }
    if document.node("/swagger").is_some() {
        let problem = document.key_problem("/swagger", "Swagger 2.0 is not read, only OpenAPI 3.0 and 3.1");
        return Some(problem.with_hint("convert the document, for example with swagger2openapi"));
    }
    let Some(version) = document.node("/openapi") else {
        let problem = document.problem("", "not an OpenAPI document: it has no key openapi");
        return Some(problem.with_hint("write its version, such as openapi: 3.1.0"));
    };
    let Some(text) = version.text() else {
        let message = format!("expected a version such as \"3.1.0\", found {}", version.kind());
        return Some(document.problem("/openapi", message));
    };
    let is_read = ["3.0", "3.1"].iter().any(|known| {
        text.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
    });
    (!is_read).then(|| document.problem("/openapi", "this version of OpenAPI is not read, only 3.0 and 3.1"))
}
