//! The helper of the rules' own tests: files written in place, whose bad lines end in a mark.

use crate::tidy::text::source::{SourceFile, files_from};
use crate::tidy::text::violation::Violation;

/// Ends a line that the rule must find, in Rust and in TOML.
const MARKS: [&str; 2] = ["//~", "#~"];

/// The rule must find the lines that carry a mark, at least one, and no other.
pub(crate) fn planted(rule: fn(&[SourceFile]) -> Vec<Violation>, samples: &[(&str, &str)]) {
    let mut wanted = Vec::new();
    for (path, text) in samples {
        for (index, line) in text.lines().enumerate() {
            if MARKS.iter().any(|mark| line.ends_with(mark)) {
                wanted.push(format!("{path}:{}", index + 1));
            }
        }
    }
    assert!(!wanted.is_empty(), "no line of the sample is marked");
    wanted.sort();
    assert_eq!(found(rule, samples), wanted);
}

/// The rule must find exactly the places in `wanted`, each `path:line`.
pub(crate) fn planted_at(
    rule: fn(&[SourceFile]) -> Vec<Violation>,
    samples: &[(&str, &str)],
    wanted: &[&str],
) {
    assert_eq!(found(rule, samples), wanted);
}

/// The rule must find nothing.
pub(crate) fn clean(rule: fn(&[SourceFile]) -> Vec<Violation>, samples: &[(&str, &str)]) {
    assert_eq!(found(rule, samples), Vec::<String>::new());
}

fn found(rule: fn(&[SourceFile]) -> Vec<Violation>, samples: &[(&str, &str)]) -> Vec<String> {
    let files = files_from(samples.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    let mut places: Vec<String> =
        rule(&files).iter().map(|violation| format!("{}:{}", violation.path, violation.line)).collect();
    places.sort();
    places.dedup();
    places
}
