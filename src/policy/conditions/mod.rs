//! Conditions of policies: CEL expressions, parsed and checked when they are written.

use std::sync::Arc;

/// A condition that can be evaluated.
#[derive(Clone, Debug)]
pub struct Condition {
    text: Arc<str>,
}

impl Condition {
    /// The condition as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}
