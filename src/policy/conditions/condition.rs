//! A condition, ready to be asked. Start at [`Condition::parse`].

use std::sync::Arc;

use crate::policy::conditions::evaluate;
use crate::policy::conditions::expression::Expression;
use crate::policy::conditions::read::read;
use crate::policy::conditions::{ConditionError, Indeterminate, Scope};

/// A condition that can be evaluated. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Condition {
    text: Arc<str>,
    /// `None`: it always holds.
    tree: Option<Arc<Expression>>,
    pattern_bytes: usize,
}

impl Condition {
    /// Reads a condition: a CEL expression of at most 4 KiB, in which `and`, `or`, `not` and `not in` may stand as words. One of
    /// blanks alone always holds.
    ///
    /// # Errors
    /// The first thing that is wrong with it: what is no CEL, unknown variables, members and functions, what is too long or too
    /// deep (32 levels), a loop in a loop, a regular expression that is not written out.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        let (tree, bytes) = read(text)?.unzip();
        Ok(Self { text: text.into(), tree: tree.map(Arc::new), pattern_bytes: bytes.unwrap_or_default() })
    }

    /// What its regular expressions take compiled, in bytes, at most.
    #[must_use]
    pub const fn pattern_bytes(&self) -> usize {
        self.pattern_bytes
    }

    /// The condition as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it holds for the call in `scope`.
    ///
    /// # Errors
    /// [`Indeterminate`] where that cannot be told: something it names is not there or cannot be known, values are of kinds
    /// that an operator is not for, a bound was hit, or it comes to no boolean.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<bool, Indeterminate> {
        match &self.tree {
            Some(tree) => evaluate::holds(tree, scope).map_err(Indeterminate::from),
            None => Ok(true),
        }
    }
}
