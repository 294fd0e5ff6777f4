//! Sizes and shape: small files and folders, each opening with its purpose, each part of the crate.

use std::collections::BTreeMap;

use crate::tidy::text::{SourceFile, Violation, matching_close, pattern};

/// Above this many lines, test code not counted, a file says in its doc why it is one file.
const LINES_WITHOUT_REASON: usize = 400;
/// Above this many lines, test code not counted, a file is split.
const MAX_LINES: usize = 600;
/// `main.rs` stays below this many lines.
const MAIN_LINES: usize = 60;
/// The line of a module's doc that gives the reason for its size.
const SIZE_REASON: &str = "//! Size:";
/// Most Rust files in one folder of `src/`.
const MAX_FILES_IN_FOLDER: usize = 10;
/// One file per verb: as many as there are verbs.
const FREE_FOLDERS: [&str; 1] = ["src/cli"];

/// Every Rust file opens with `//!`.
pub(crate) fn files_open_with_their_purpose(files: &[SourceFile]) -> Vec<Violation> {
    let opens =
        |file: &&SourceFile| file.text.strip_prefix("//!").is_some_and(|rest| rest.starts_with([' ', '\n']));
    let fix = "open with `//!`: what it is for, what it may import, where to start reading";
    files.iter().filter(|file| file.is_rust() && !opens(file)).map(|file| file.violation(0, fix)).collect()
}

/// Files of `src/` stay below their limits.
pub(crate) fn files_stay_small(files: &[SourceFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source()) {
        let lines = file.product_lines();
        let has_reason = file.text.lines().take_while(|line| line.starts_with("//!")).any(gives_reason);
        if file.path == "src/main.rs" && lines >= MAIN_LINES {
            let fix = format!(
                "{lines} lines: `main.rs` turns arguments into a command and an exit code, in under {MAIN_LINES}"
            );
            violations.push(file.violation(0, fix));
        } else if lines > MAX_LINES {
            violations.push(
                file.violation(0, format!("{lines} lines without tests, more than {MAX_LINES}: split it")),
            );
        } else if lines > LINES_WITHOUT_REASON && !has_reason {
            let fix = format!(
                "{lines} lines without tests, more than {LINES_WITHOUT_REASON}: split it, or add `{SIZE_REASON} <reason>`"
            );
            violations.push(file.violation(0, fix));
        }
    }
    violations
}

fn gives_reason(line: &str) -> bool {
    line.strip_prefix(SIZE_REASON).is_some_and(|reason| !reason.trim().is_empty())
}

/// A folder of `src/` holds at most ten Rust files.
pub(crate) fn folders_stay_small(files: &[SourceFile]) -> Vec<Violation> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for file in files.iter().filter(|file| file.is_source()) {
        *count.entry(file.folder()).or_default() += 1;
    }
    count
        .into_iter()
        .filter(|(folder, files)| *files > MAX_FILES_IN_FOLDER && !FREE_FOLDERS.contains(folder))
        .map(|(folder, files)| Violation {
            path: folder.to_owned(),
            line: 0,
            text: format!("{files} files"),
            fix: format!(
                "a folder holds at most {MAX_FILES_IN_FOLDER} files: group some into a folder of their own"
            ),
        })
        .collect()
}

/// `mod.rs` and `lib.rs` hold docs, attributes, `mod` and `use` lines, nothing else.
pub(crate) fn mod_files_only_declare(files: &[SourceFile]) -> Vec<Violation> {
    let declaration = pattern(r"^(?:pub\s*(?:\([^)]*\))?\s*)?(?:mod\s+\w+|use\s[^;]*)$");
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source() && ["mod.rs", "lib.rs"].contains(&file.name())) {
        let code = without_attributes(&file.code);
        let mut start = 0;
        for statement in code.split_inclusive(';') {
            let written = statement.trim();
            let declares = written.strip_suffix(';').is_some_and(|written| declaration.is_match(written));
            if !written.is_empty() && !declares {
                let offset = start + (statement.len() - statement.trim_start().len());
                violations.push(file.violation(
                    offset,
                    "only docs, attributes, `mod` and `use` stand here: move this to a file",
                ));
                break;
            }
            start += statement.len();
        }
    }
    violations
}

/// The code with its attributes blanked out, offsets unchanged.
fn without_attributes(code: &str) -> String {
    let attribute = pattern(r"#\s*!?\s*\[");
    let mut plain = String::with_capacity(code.len());
    while let Some(found) = attribute.find_at(code, plain.len()) {
        let end = matching_close(code, found.end() - 1).map_or(code.len(), |close| close + 1);
        plain.push_str(code.get(plain.len()..found.start()).unwrap_or_default());
        plain.extend(std::iter::repeat_n(' ', end - found.start()));
    }
    plain.push_str(code.get(plain.len()..).unwrap_or_default());
    plain
}

/// Every file of `src/` is declared by a `mod` line of its parent.
pub(crate) fn every_file_is_reachable(files: &[SourceFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source()) {
        if ["src/main.rs", "src/lib.rs"].contains(&file.path.as_str()) {
            continue;
        }
        let place =
            file.path.strip_suffix("/mod.rs").or_else(|| file.path.strip_suffix(".rs")).unwrap_or_default();
        let (parent, name) = place.rsplit_once('/').unwrap_or_default();
        let parents = [format!("{parent}/mod.rs"), format!("{parent}.rs"), format!("{parent}/lib.rs")];
        let declaration = pattern(&format!(r"\bmod\s+{name}\s*[;{{]"));
        let declared = files
            .iter()
            .filter(|other| parents.contains(&other.path))
            .any(|other| declaration.is_match(&other.code));
        if !declared {
            violations.push(
                file.violation(0, format!("no `mod {name};` in {parent}: declare the file or remove it")),
            );
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::text::{clean, planted, planted_at};

    #[test]
    fn a_file_without_its_purpose_is_found() {
        planted(
            files_open_with_their_purpose,
            &[("src/a.rs", "use b::c; //~"), ("tests/it/a.rs", "// A comment. //~")],
        );
        clean(files_open_with_their_purpose, &[("src/a.rs", "//! Why.\nuse b::c;"), ("deny.toml", "a = 1")]);
    }

    #[test]
    fn long_files_are_found() {
        let (middling, long) = ("a;\n".repeat(401), format!("//! Size: a table.\n{}", "a;\n".repeat(600)));
        planted_at(
            files_stay_small,
            &[("src/a.rs", &middling), ("src/b.rs", &long)],
            &["src/a.rs:1", "src/b.rs:1"],
        );
        planted_at(files_stay_small, &[("src/main.rs", &"a;\n".repeat(60))], &["src/main.rs:1"]);
        let without_reason = format!("//! Size:\n{middling}");
        planted_at(files_stay_small, &[("src/a.rs", &without_reason)], &["src/a.rs:1"]);
    }

    #[test]
    fn files_within_their_limits_are_clean() {
        let with_reason =
            format!("//! A list.\n//! Size: one table, read as a whole.\n{}", "a;\n".repeat(500));
        let with_tests =
            format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", "a;\n".repeat(400), "b;\n".repeat(400));
        clean(
            files_stay_small,
            &[
                ("src/a.rs", &with_reason),
                ("src/b.rs", &with_tests),
                ("src/c/tests.rs", &"a;\n".repeat(900)),
                ("src/main.rs", &"a;\n".repeat(59)),
            ],
        );
    }

    #[test]
    fn a_full_folder_is_found() {
        let names = |folder: &str, count: usize| -> Vec<String> {
            (0..count).map(|n| format!("{folder}/f{n}.rs")).collect()
        };
        let full = names("src/audit", 11);
        let files: Vec<(&str, &str)> = full.iter().map(|path| (path.as_str(), "")).collect();
        planted_at(folders_stay_small, &files, &["src/audit:0"]);
        let (enough, verbs) = (names("src/audit", 10), names("src/cli", 30));
        let files: Vec<(&str, &str)> = enough.iter().chain(&verbs).map(|path| (path.as_str(), "")).collect();
        clean(folders_stay_small, &files);
    }

    #[test]
    fn a_mod_file_that_does_more_is_found() {
        planted(
            mod_files_only_declare,
            &[
                ("src/a/mod.rs", "//! A.\nmod b;\n\nfn f() {} //~"),
                ("src/b/mod.rs", "pub use c::D;\n#[derive(Debug)]\npub struct E; //~"),
                ("src/lib.rs", "pub mod a;\nmacro_rules! m { () => {}; } //~"),
                ("src/c/mod.rs", "mod tests { } //~"),
            ],
        );
        clean(
            mod_files_only_declare,
            &[
                (
                    "src/a/mod.rs",
                    "//! A; b.\n#![expect(dead_code, reason = \"x; y\")]\n\nmod b;\npub(crate) mod c;\n#[cfg(test)]\nmod tests;\n\
                     pub use b::{\n    D,\n    E,\n};\n",
                ),
                ("src/lib.rs", "//! Map."),
                ("src/a/b.rs", "fn f() {}"),
            ],
        );
    }

    #[test]
    fn a_file_nobody_declares_is_found() {
        planted(
            every_file_is_reachable,
            &[
                ("src/lib.rs", "mod a;"),
                ("src/a/mod.rs", "mod b;\n// mod c;\nmod cc;"),
                ("src/a/b.rs", ""),
                ("src/a/c.rs", "//! Forgotten. //~"),
                ("src/d/mod.rs", "//! Forgotten. //~"),
            ],
        );
        clean(
            every_file_is_reachable,
            &[
                ("src/lib.rs", "pub mod a;\npub mod app;"),
                ("src/main.rs", ""),
                ("src/app.rs", "#[cfg(test)]\nmod tests;"),
                ("src/app/tests.rs", ""),
                ("src/a/mod.rs", "pub(crate) mod b;"),
                ("src/a/b/mod.rs", ""),
            ],
        );
    }
}
