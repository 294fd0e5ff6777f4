//! Where in which text something was written. Imports nothing of ours.

use std::fmt;
use std::sync::Arc;

/// A place in a source: a file's name with line and column, or only a name (an environment variable).
///
/// Ordered by source, then line, then column, which is the order in which problems are shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file as the caller named it, or the environment variable.
    pub source: Arc<str>,
    /// Line, counted from 1; 0 where the source has no lines (an environment variable, a file that cannot be read).
    pub line: u32,
    /// Column in characters, counted from 1; 0 where `line` is 0.
    pub column: u32,
}

impl Place {
    /// The whole of a source, where no line can be named.
    pub fn whole(source: impl Into<Arc<str>>) -> Self {
        Self { source: source.into(), line: 0, column: 0 }
    }
}

/// `gateway.yaml:14:5`, or only the source's name when it has no lines.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return f.write_str(&self.source);
        }
        write!(f, "{}:{}:{}", self.source, self.line, self.column)
    }
}
