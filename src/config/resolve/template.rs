//! Templates of paths and resources, as far as a configuration must be sure of them. Imports `model` only.
//!
//! The extractors compile them; this judges the same grammar so that a mistake is found with its place before anything runs.

use crate::config::resolve::Spot;

/// The variables of a path template such as `/crm/contacts/{id}`, in order. Complains and returns `None` when it is none.
pub(crate) fn path_variables(text: &str, spot: &Spot<'_>) -> Option<Vec<String>> {
    let complaint = path_complaint(text);
    if let Some(complaint) = complaint {
        spot.refuse(complaint);
        return None;
    }
    let mut variables: Vec<String> = Vec::new();
    for name in text.split('/').filter_map(variable) {
        if variables.iter().any(|known| known == name) {
            spot.refuse(format!("the variable {{{name}}} stands twice in the path"));
            return None;
        }
        variables.push(name.to_owned());
    }
    Some(variables)
}

fn path_complaint(text: &str) -> Option<&'static str> {
    let Some(rest) = text.strip_prefix('/') else { return Some("the path must start with /") };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.is_empty() {
        return None;
    }
    for segment in rest.split('/') {
        let complaint = match segment {
            "" => Some("the path has an empty segment"),
            "." | ".." => Some("the path has a dot segment"),
            _ if variable(segment).is_some() => None,
            _ if segment.starts_with('{') && segment.ends_with('}') => {
                Some("a variable needs a name of letters, digits, _, - and .")
            }
            _ if segment.contains(['{', '}']) => Some("a segment is either text or one {variable}"),
            _ if segment.contains(['?', '#', '%', '\\', ';']) => {
                Some("the path is written decoded and without query: no ?, #, %, \\ or ;")
            }
            _ if segment.chars().any(char::is_control) => Some("the path has a control character"),
            _ => None,
        };
        if complaint.is_some() {
            return complaint;
        }
    }
    None
}

fn variable(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}').filter(|name| is_name(name))
}

/// What two path templates have in common when they match the same paths: variables lose their names.
pub(crate) fn path_shape(text: &str) -> String {
    let segments = text.split('/').filter(|segment| !segment.is_empty());
    segments
        .map(|segment| if variable(segment).is_some() { "/{}".to_owned() } else { format!("/{segment}") })
        .collect()
}

/// The variables of a resource template such as `contact:{id}`. Complains and returns `None` when it is none.
pub(crate) fn resource_variables(text: &str, spot: &Spot<'_>) -> Option<Vec<String>> {
    if text.is_empty() {
        spot.refuse("the template is empty");
        return None;
    }
    let mut variables = Vec::new();
    let mut rest = text;
    while let Some((literal, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}').filter(|_| !literal.contains('}')) else {
            spot.refuse("a brace is not closed");
            return None;
        };
        if !is_name(name) {
            spot.refuse("a variable needs a name of letters, digits, _, - and .");
            return None;
        }
        variables.push(name.to_owned());
        rest = behind;
    }
    if rest.contains('}') {
        spot.refuse("a brace is not closed");
        return None;
    }
    Some(variables)
}

fn is_name(name: &str) -> bool {
    name.split('.').all(|part| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    })
}
