//! Names of headers as servers read them. Imports nothing of ours.

/// Whether two header names are the same to a server that takes `_` for `-`. Both are lower case; `dashed` has no `_`.
#[must_use]
pub fn same_name(name: &str, dashed: &str) -> bool {
    name.len() == dashed.len()
        && name.bytes().zip(dashed.bytes()).all(|(a, b)| a == b || (a == b'_' && b == b'-'))
}
