//! The base path: what `servers[0].url` puts before every path. Imports `model` only.

use crate::model::document::{Document, Node, NodeValue, Problem, child_pointer};
use crate::model::json::{NormalPath, PathAllowance};

const URL: &str = "/servers/0/url";

/// The decoded segments of the base path; none without servers. Further servers are other ways to the same operations.
pub(super) fn base_path(document: &Document) -> Result<Vec<String>, Problem> {
    let servers = match document.node("/servers") {
        None => return Ok(Vec::new()),
        Some(node) if node.value == NodeValue::Null => return Ok(Vec::new()),
        Some(node) => node,
    };
    let NodeValue::Sequence(elements) = &servers.value else {
        let message = format!("expected a list, found {}", servers.kind());
        return Err(document.problem("/servers", message));
    };
    let Some(server) = elements.first() else { return Ok(Vec::new()) };
    let Some(url) = server.field("url") else {
        return Err(document.problem("/servers/0", "missing key \"url\""));
    };
    let Some(url) = url.text() else {
        return Err(document.problem(URL, format!("expected a string, found {}", url.kind())));
    };
    let url = with_defaults(document, server, url)?;
    let path = path_of(&url).map_err(|message| {
        let problem = document.problem(URL, message);
        problem.with_hint("write it as https://crm.example/v1 or /v1; of the host nothing is used")
    })?;
    let normal = NormalPath::parse(path, PathAllowance::default())
        .map_err(|error| document.problem(URL, error.to_string()))?;
    Ok(normal.segments().iter().map(|segment| segment.clone().into_owned()).collect())
}

/// The URL with its variables' defaults in place.
fn with_defaults(document: &Document, server: &Node, url: &str) -> Result<String, Problem> {
    let mut text = String::with_capacity(url.len());
    let mut rest = url;
    while let Some((literal, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else {
            return Err(document.problem(URL, "a brace is not closed"));
        };
        text.push_str(literal);
        let variable = server.field("variables").and_then(|variables| variables.field(name));
        match variable.and_then(|variable| variable.field("default")).map(|default| &default.value) {
            Some(NodeValue::String(default)) => text.push_str(default),
            // A port is often written without quotes.
            Some(NodeValue::Number(default)) => text.push_str(&default.to_string()),
            Some(_) | None => {
                let pointer = child_pointer("/servers/0/variables", name);
                let message = "a variable of the URL has no default that is a string";
                return Err(document.problem(&pointer, message));
            }
        }
        rest = behind;
    }
    text.push_str(rest);
    Ok(text)
}

/// The path of a URL that is absolute, has no scheme or is a path only.
fn path_of(url: &str) -> Result<&str, &'static str> {
    if url.contains(['?', '#']) {
        return Err("a server's URL has no query and no fragment");
    }
    let behind_scheme = match url.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => Some(rest),
        _ => url.strip_prefix("//"),
    };
    let Some(rest) = behind_scheme else {
        let relative = "relative to where the document is published, which is not known here";
        return if url.starts_with('/') { Ok(url) } else { Err(relative) };
    };
    let host_bytes = rest.find('/').unwrap_or(rest.len());
    let path = rest.get(host_bytes..).unwrap_or_default();
    Ok(if path.is_empty() { "/" } else { path })
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}
