//! One place that breaks a rule, and what to do about it.

/// One place that breaks a rule.
#[derive(Debug)]
pub(crate) struct Violation {
    /// Path from the root of the repository, with `/`.
    pub(crate) path: String,
    /// Line number from 1; 0 when the whole file or folder is meant.
    pub(crate) line: usize,
    /// The line as written.
    pub(crate) text: String,
    /// Why it is refused and how to fix it.
    pub(crate) fix: String,
}

impl Violation {
    /// The violation as three lines for a person.
    pub(crate) fn describe(&self, rule: &str) -> String {
        format!("{}:{}: {rule}\n    {}\n    -> {}\n\n", self.path, self.line, self.text.trim(), self.fix)
    }
}
