//! Templates of resources, as far as a configuration must be sure of them. Imports `model` only.
//!
//! The extractors compile them; this judges the same grammar so that a mistake is found with its place before anything runs.

use crate::config::resolve::Spot;
use crate::model::call::is_variable_name;

/// The variables of a resource template such as `contact:{id}`. Complains and returns `None` when it is none.
pub(crate) fn resource_variables(text: &str, spot: &Spot<'_>) -> Option<Vec<String>> {
    match variables_of_resource(text) {
        Ok(variables) => Some(variables),
        Err(complaint) => {
            spot.refuse(complaint);
            None
        }
    }
}

/// The variables of a resource template, or what is wrong with it.
pub(crate) fn variables_of_resource(text: &str) -> Result<Vec<String>, &'static str> {
    if text.is_empty() {
        return Err("the template is empty");
    }
    let mut variables = Vec::new();
    let mut rest = text;
    while let Some((literal, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}').filter(|_| !literal.contains('}')) else {
            return Err("a brace is not closed");
        };
        if !is_variable_name(name) {
            return Err("a variable needs a name of letters, digits, _, - and .");
        }
        variables.push(name.to_owned());
        rest = behind;
    }
    if rest.contains('}') { Err("a brace is not closed") } else { Ok(variables) }
}
