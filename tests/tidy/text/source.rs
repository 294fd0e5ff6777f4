//! One file of the repository as the rules see it.

use std::fs;
use std::path::Path;

use regex::Regex;

use crate::tidy::text::regions::test_spans;
use crate::tidy::text::strip::{Literal, strip};
use crate::tidy::text::violation::Violation;

/// A text file of the repository.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Path from the root of the repository, with `/`.
    pub(crate) path: String,
    /// The file as written.
    pub(crate) text: String,
    /// For Rust, the text with comments and literals blanked out, offsets unchanged; else the text.
    pub(crate) code: String,
    /// For Rust, the string literals outside comments.
    pub(crate) literals: Vec<Literal>,
    /// Byte offsets at which lines start.
    line_starts: Vec<usize>,
    /// For each line, whether it is test code.
    test_lines: Vec<bool>,
}

impl SourceFile {
    fn new(path: &str, text: String) -> Self {
        let line_starts: Vec<usize> = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(offset, _)| offset + 1))
            .filter(|offset| *offset < text.len().max(1))
            .collect();
        let (code, literals) = if path.ends_with(".rs") {
            let stripped = strip(&text);
            (stripped.code, stripped.literals)
        } else {
            (text.clone(), Vec::new())
        };
        let mut file = Self {
            path: path.to_owned(),
            text,
            code,
            literals,
            test_lines: vec![false; line_starts.len()],
            line_starts,
        };
        file.mark_test_lines();
        file
    }

    fn mark_test_lines(&mut self) {
        if is_test_path(&self.path) {
            self.test_lines.fill(true);
        } else if self.is_rust() {
            for (start, end) in test_spans(&self.code) {
                let last = self.line_of(end.saturating_sub(1));
                for line in self.line_of(start)..=last {
                    if let Some(mark) = self.test_lines.get_mut(line - 1) {
                        *mark = true;
                    }
                }
            }
        }
    }

    /// Whether this is Rust source.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether this is Rust source of the product: under `src/`.
    pub(crate) fn is_source(&self) -> bool {
        self.is_rust() && self.is_under("src")
    }

    /// Whether the file is `place` itself, `place.rs`, or lies in the folder `place`.
    pub(crate) fn is_under(&self, place: &str) -> bool {
        self.path.strip_prefix(place).is_some_and(|rest| {
            rest.is_empty() || rest == ".rs" || rest.starts_with('/') || place.ends_with('/')
        })
    }

    /// Whether the file is under one of `places`, see [`Self::is_under`].
    pub(crate) fn is_under_any(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.is_under(place))
    }

    /// The file's name without its folders.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The folder that holds the file, without a trailing `/`.
    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The top-level module of the crate that a source file belongs to: `policy` for `src/policy/rules/raw.rs`.
    pub(crate) fn module(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/").filter(|_| self.is_rust())?;
        let first = inside.split('/').next()?;
        Some(first.strip_suffix(".rs").unwrap_or(first))
    }

    /// The number, from 1, of the line that holds byte `offset`.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset).max(1)
    }

    /// Line `number`, counted from 1, as written.
    pub(crate) fn line(&self, number: usize) -> &str {
        number.checked_sub(1).and_then(|index| self.text.lines().nth(index)).unwrap_or_default()
    }

    /// Whether the byte at `offset` belongs to test code.
    pub(crate) fn is_test(&self, offset: usize) -> bool {
        self.test_lines.get(self.line_of(offset) - 1).copied().unwrap_or(false)
    }

    /// The number of lines that are not test code.
    pub(crate) fn product_lines(&self) -> usize {
        self.test_lines.iter().filter(|is_test| !**is_test).count()
    }

    /// Offsets at which `pattern` occurs in code; of its first group, if it has one.
    pub(crate) fn hits(&self, pattern: &Regex) -> Vec<usize> {
        pattern
            .captures_iter(&self.code)
            .filter_map(|found| found.get(1).or_else(|| found.get(0)))
            .map(|found| found.start())
            .collect()
    }

    /// [`Self::hits`] outside test code.
    pub(crate) fn product_hits(&self, pattern: &Regex) -> Vec<usize> {
        self.hits(pattern).into_iter().filter(|offset| !self.is_test(*offset)).collect()
    }

    /// The text before `offset` in code, without trailing blanks.
    pub(crate) fn code_before(&self, offset: usize) -> &str {
        self.code.get(..offset).unwrap_or_default().trim_end()
    }

    /// A violation at byte `offset`.
    pub(crate) fn violation(&self, offset: usize, fix: impl Into<String>) -> Violation {
        let line = self.line_of(offset);
        Violation { path: self.path.clone(), line, text: self.line(line).to_owned(), fix: fix.into() }
    }
}

/// A regular expression over code, in which white space stands for any run of it, line breaks too.
pub(crate) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the rules' patterns are written by hand and compile")
}

/// Makes the files from `(path, text)`, and marks those whose `mod` line exists only in tests.
pub(crate) fn files_from(texts: impl IntoIterator<Item = (String, String)>) -> Vec<SourceFile> {
    let mut files: Vec<SourceFile> =
        texts.into_iter().map(|(path, text)| SourceFile::new(&path, text)).collect();
    let declaration = pattern(r"\bmod\s+(\w+)\s*;");
    let mut test_modules = Vec::new();
    for file in files.iter().filter(|file| file.is_source() && !is_test_path(&file.path)) {
        for found in declaration.captures_iter(&file.code) {
            let name = found.get(1).filter(|name| file.is_test(name.start()));
            test_modules
                .extend(name.map(|name| format!("{}/{}", home_of_children(&file.path), name.as_str())));
        }
    }
    for file in &mut files {
        if test_modules.iter().any(|module| file.is_under(module)) {
            file.test_lines.fill(true);
        }
    }
    files
}

/// The folder in which a file's `mod x;` lines look for `x`.
pub(crate) fn home_of_children(path: &str) -> &str {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    ["/mod", "/lib", "/main"].iter().find_map(|own| stem.strip_suffix(own)).unwrap_or(stem)
}

/// Whether a file is test code by its place.
fn is_test_path(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// Reads every text file of the repository that `.gitignore` does not name.
pub(crate) fn files_of_repository(root: &Path) -> Vec<SourceFile> {
    let ignore = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
    let ignored: Vec<&str> = ignore.lines().map(|line| line.trim().trim_end_matches('/')).collect();
    let mut texts = Vec::new();
    collect(root, "", &ignored, &mut texts);
    texts.sort();
    files_from(texts)
}

fn collect(root: &Path, folder: &str, ignored: &[&str], texts: &mut Vec<(String, String)>) {
    let entries = fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
    for entry in entries {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        let anchored = format!("/{path}");
        if path == ".git" || ignored.contains(&anchored.as_str()) || ignored.contains(&name.as_str()) {
            continue;
        }
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            collect(root, &path, ignored, texts);
        } else if let Ok(bytes) = fs::read(entry.path()) {
            // A file that is not text still has a place, which the layout rules look at.
            texts.push((path, String::from_utf8(bytes).unwrap_or_default()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_one() {
        let file = SourceFile::new("src/a.rs", "one\ntwo\nthree".to_owned());
        assert_eq!((file.line_of(0), file.line_of(3), file.line_of(4), file.line_of(99)), (1, 1, 2, 3));
        assert_eq!(file.line(2), "two");
        assert_eq!(file.product_lines(), 3);
    }

    #[test]
    fn a_file_declared_only_for_tests_is_test_code() {
        let texts = [
            ("src/a/mod.rs", "#[cfg(test)]\nmod sample;\nmod real;"),
            ("src/a/sample.rs", "x"),
            ("src/a/real.rs", "x"),
        ];
        let files = files_from(texts.map(|(path, text)| (path.to_owned(), text.to_owned())));
        let product: Vec<usize> = files.iter().map(SourceFile::product_lines).collect();
        assert_eq!(product, [1, 0, 1]);
    }

    #[test]
    fn places_are_whole_names() {
        let file = SourceFile::new("src/policy/cedar.rs", String::new());
        assert!(file.is_under("src/policy/cedar") && file.is_under("src") && file.is_under("src/policy"));
        assert!(!file.is_under("src/pol") && !file.is_under("src/policy/ced"));
        assert_eq!(file.module(), Some("policy"));
    }
}
