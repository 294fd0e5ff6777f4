//! Texts as parts of a policy: for whoever writes policies by program. Imports nothing of ours.
//!
//! Whatever the text, what comes out is one literal, and Cedar reads the same text back.

/// `text` as a string of Cedar, with its quotes.
#[must_use]
pub fn string_literal(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}
