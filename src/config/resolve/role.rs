//! Names of roles and groups. Imports `model` only.

use crate::config::resolve::Spot;

/// Longest name of a role, in bytes.
const ROLE_MAX_BYTES: usize = 64;

/// A list of roles without what is wrong with it, after complaining of that.
pub(crate) fn role_names(names: &[String], spot: &Spot<'_>) -> Vec<String> {
    let mut roles: Vec<String> = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let spot = spot.element(index);
        if !is_role_name(name) {
            spot.refuse("a role's name has 1 to 64 letters, digits, _, - and . only");
        } else if roles.contains(name) {
            spot.refuse("the role stands twice in the list");
        } else {
            roles.push(name.clone());
        }
    }
    roles
}

/// Longest name of a group, in bytes.
const GROUP_MAX_BYTES: usize = 128;

/// A list of groups without what is wrong with it, after complaining of that. Directories have names of all kinds for them.
pub(crate) fn group_names(names: &[String], spot: &Spot<'_>) -> Vec<String> {
    let mut groups: Vec<String> = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let spot = spot.element(index);
        if name.is_empty() || name.len() > GROUP_MAX_BYTES || name.chars().any(char::is_control) {
            spot.refuse("a group's name has 1 to 128 bytes and no control characters");
        } else if groups.contains(name) {
            spot.refuse("the group stands twice in the list");
        } else {
            groups.push(name.clone());
        }
    }
    groups
}

fn is_role_name(name: &str) -> bool {
    (1..=ROLE_MAX_BYTES).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}
