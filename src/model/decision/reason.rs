//! The sentence that tells a person or a model why.

use std::fmt;
use std::sync::Arc;

/// Longest reason, in characters.
const REASON_MAX_CHARS: usize = 300;

/// A reason: at most 300 characters, without control characters. It names capability, actor, rule and score, never the
/// value of an argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reason(Arc<str>);

impl Reason {
    /// Makes a reason of `text`, dropping control characters and what is beyond the limit.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let clean = !text.chars().any(char::is_control);
        if clean && text.len() <= REASON_MAX_CHARS {
            return Self(text.into());
        }
        let kept: String =
            text.chars().filter(|letter| !letter.is_control()).take(REASON_MAX_CHARS).collect();
        Self(kept.into())
    }

    /// The sentence.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_control_characters_and_the_excess() {
        assert_eq!(Reason::new("a\nb\u{7f}c").as_str(), "abc");
        assert_eq!(Reason::new(&"é".repeat(400)).as_str().chars().count(), REASON_MAX_CHARS);
    }
}
