//! Texts as parts of a policy: for whoever writes policies by program. Imports nothing of ours.
//!
//! Whatever the text, what comes out is one literal, and Cedar reads the same text back.

use std::fmt::Write;

/// `text` as a string of Cedar, with its quotes.
#[must_use]
pub fn string_literal(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}

/// The pattern, for `like`, of texts that begin with `prefix` and go on in any way; with its quotes.
#[must_use]
pub fn prefix_pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 3);
    pattern.push('"');
    for letter in prefix.chars() {
        match letter {
            '*' => pattern.push_str("\\*"),
            // Writing to a string cannot fail.
            letter => drop(write!(pattern, "{}", letter.escape_debug())),
        }
    }
    pattern.push_str("*\"");
    pattern
}

/// The entity of that type, which may have a namespace (`AgentCore::Gateway`), with any id; `None` if that is no name of a type.
#[must_use]
pub fn entity_literal(type_name: &str, id: &str) -> Option<String> {
    let name: cedar_policy::EntityTypeName = type_name.parse().ok()?;
    Some(format!("{name}::{}", string_literal(id)))
}
