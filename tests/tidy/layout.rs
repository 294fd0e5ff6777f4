//! The repository as a whole: its top level, the crate's map, the lints of its manifest.

use crate::tidy::text::{SourceFile, Violation, pattern};

/// What may stand at the top level, besides what `.gitignore` names.
const TOP_LEVEL: [&str; 21] = [
    "third_party",
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "config",
    "tests",
    "benches",
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "LICENSE",
    "deny.toml",
    "clippy.toml",
    "rustfmt.toml",
    "justfile",
    "deploy",
    "docs",
    "fuzz",
    ".ci",
];

/// Git's own files at the top level.
const GIT_FILES: [&str; 2] = [".gitignore", ".gitattributes"];

/// Nothing else stands at the top level.
pub(crate) fn top_level_is_as_agreed(files: &[SourceFile]) -> Vec<Violation> {
    let mut strangers: Vec<&str> = Vec::new();
    for file in files {
        let entry = file.path.split('/').next().unwrap_or_default();
        if !TOP_LEVEL.contains(&entry) && !GIT_FILES.contains(&entry) && !strangers.contains(&entry) {
            strangers.push(entry);
        }
    }
    strangers
        .into_iter()
        .map(|entry| Violation {
            path: entry.to_owned(),
            line: 0,
            text: "not in the list of ARCHITECTURE.md".to_owned(),
            fix: "move it into a folder that is, or have `.gitignore` name it if a tool makes it".to_owned(),
        })
        .collect()
}

/// How many invariants ARCHITECTURE.md has.
const INVARIANTS: usize = 9;

/// The crate's doc states each invariant as `**Invariant N**`.
pub(crate) fn crate_doc_states_the_invariants(files: &[SourceFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.path == "src/lib.rs") {
        for number in 1..=INVARIANTS {
            let stated = format!("**Invariant {number}**");
            if !file.text.lines().any(|line| line.starts_with("//!") && line.contains(&stated)) {
                violations.push(file.violation(0, format!("the crate's doc does not state `{stated}`")));
            }
        }
    }
    violations
}

/// Lints that `Cargo.toml` denies; exceptions are written where they apply.
const DENIED: [&str; 11] = [
    "unsafe_code",
    "unwrap_used",
    "expect_used",
    "panic",
    "todo",
    "unimplemented",
    "indexing_slicing",
    "string_slice",
    "dbg_macro",
    "print_stdout",
    "print_stderr",
];

/// The manifest denies what it promises, and clippy.toml keeps functions short.
pub(crate) fn manifest_keeps_the_lints(files: &[SourceFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.path == "Cargo.toml") {
        for lint in DENIED {
            let denied = pattern(&format!(
                r#"(?m)^{lint}\s*=\s*(?:"(?:deny|forbid)"|\{{[^}}]*"(?:deny|forbid)"[^}}]*\}})"#
            ));
            if !denied.is_match(&file.text) {
                violations.push(file.violation(0, format!("`[lints]` denies `{lint}`")));
            }
        }
    }
    for file in files.iter().filter(|file| file.path == "clippy.toml") {
        if !pattern(r"(?m)^too-many-lines-threshold\s*=\s*80\s*$").is_match(&file.text) {
            violations.push(file.violation(0, "`too-many-lines-threshold = 80`"));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::text::{clean, planted, planted_at};

    #[test]
    fn a_stranger_at_the_top_level_is_found() {
        let files = [("notes.md", ""), ("scripts/a.sh", ""), ("scripts/b.sh", ""), ("src/lib.rs", "")];
        planted_at(top_level_is_as_agreed, &files, &["notes.md:0", "scripts:0"]);
        clean(
            top_level_is_as_agreed,
            &[("README.md", ""), (".ci/run", ""), ("docs/a/b.md", ""), (".gitignore", "")],
        );
    }

    #[test]
    fn an_invariant_left_out_of_the_map_is_found() {
        let stated = |numbers: &[usize]| -> String {
            numbers.iter().map(|number| format!("//! **Invariant {number}**: so it is.\n")).collect()
        };
        let all: Vec<usize> = (1..=INVARIANTS).collect();
        let one_missing = format!("//! The map. //~\n{}", stated(&[1, 2, 3, 4, 5, 6, 8, 9]));
        planted(crate_doc_states_the_invariants, &[("src/lib.rs", &one_missing)]);
        clean(crate_doc_states_the_invariants, &[("src/lib.rs", &stated(&all)), ("src/a.rs", "")]);
    }

    #[test]
    fn a_lint_that_went_missing_is_found() {
        let lints: String = DENIED.iter().map(|lint| format!("{lint} = \"deny\"\n")).collect();
        clean(
            manifest_keeps_the_lints,
            &[("Cargo.toml", &lints), ("clippy.toml", "too-many-lines-threshold = 80\n")],
        );
        let weaker = format!("[lints] #~\n{}", lints.replace("panic = \"deny\"", "panic = \"warn\""));
        planted(
            manifest_keeps_the_lints,
            &[("Cargo.toml", &weaker), ("clippy.toml", "too-many-lines-threshold = 90 #~\n")],
        );
        let without_one = format!("[lints] #~\n{}", lints.replace("unsafe_code = \"deny\"\n", ""));
        planted(manifest_keeps_the_lints, &[("Cargo.toml", &without_one)]);
    }
}
