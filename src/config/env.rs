//! Overrides from the environment: `AEGIS_<SECTION>__<KEY>[__<KEY>]=value`. Imports `model` only.
//!
//! A variable needs a double underscore: Kubernetes and client verbs have `AEGIS_*` variables of their own. The value is
//! read as YAML, so `5`, `true`, `[a, b]` and `{env: NAME}` mean what they mean in the file. Whatever is wrong with it later
//! is reported with the variable as the place.

use crate::model::document::{Document, NodeValue, OverlayError, Place, Problem, Step};

const PREFIX: &str = "AEGIS_";

/// Lays every override over `document`, in the order of the variables' names, so that the result does not depend on the
/// order of the environment.
pub(super) fn apply(
    document: &mut Document,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Vec<Problem> {
    let overrides = variables.into_iter().filter_map(|(name, value)| Some((steps_of(&name)?, name, value)));
    let mut overrides: Vec<_> = overrides.collect();
    overrides.sort_by(|left, right| left.1.cmp(&right.1));
    let mut problems = Vec::new();
    for (steps, name, value) in overrides {
        problems.extend(apply_one(document, &steps, &name, &value).err());
    }
    problems
}

fn apply_one(document: &mut Document, steps: &[Step], name: &str, value: &str) -> Result<(), Problem> {
    let problem = |message: String| Problem::new(Place::whole(name), "", message);
    let overlay = Document::parse(name, value).map_err(|problems| {
        let first = problems.into_list().into_iter().next().map(|problem| problem.message);
        problem(first.unwrap_or_default())
            .with_hint("the value is read as YAML: put a text with special characters in quotes")
    })?;
    if overlay.root().value == NodeValue::Null && value.trim().is_empty() {
        // An empty variable is how shells and manifests spell "not set".
        return Ok(());
    }
    document.overlay(steps, overlay).map_err(|error| match error {
        OverlayError::NotMapping(number) => problem(format!("{} is not a mapping", shown(steps, number))),
        OverlayError::BeyondEnd(number) => {
            problem(format!("{} has no element with this number", shown(steps, number)))
        }
    })
}

/// The way a variable's name leads, or `None` when it is no override.
fn steps_of(name: &str) -> Option<Vec<Step>> {
    let parts: Vec<&str> = name.strip_prefix(PREFIX)?.split("__").collect();
    if parts.len() < 2 || parts.iter().any(|part| part.is_empty()) {
        return None;
    }
    let step = |part: &str| match part.parse() {
        Ok(index) => Step::Index(index),
        Err(_) => Step::Key(part.to_ascii_lowercase()),
    };
    Some(parts.into_iter().map(step).collect())
}

/// The dotted name of what stands before a step.
fn shown(steps: &[Step], number: usize) -> String {
    let mut text = String::new();
    for step in steps.iter().take(number) {
        match step {
            Step::Index(index) => text.push_str(&format!("[{index}]")),
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => text.push_str(&format!(".{key}")),
        }
    }
    if text.is_empty() { "the configuration".to_owned() } else { text }
}
