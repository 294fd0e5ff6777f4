//! Files that verbs read: what is wrong with one is told as `aegis check` tells it.

use anyhow::Result;

use crate::cli::output;

/// What was loaded; else its problems are printed, a line each.
pub(super) fn or_problems<T>(loaded: Result<T>) -> Option<T> {
    match loaded {
        Ok(loaded) => Some(loaded),
        Err(error) => {
            output::problems(&format!("{error:#}"));
            None
        }
    }
}
