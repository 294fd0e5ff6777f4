//! Invariant 1: imports point only down, and only as listed, written so that text can show it.
//!
//! Start reading at [`TABLE`]: it is the tree of ARCHITECTURE.md. A new module is entered there before it is used.

use crate::tidy::text::{SourceFile, Violation, matching_close, pattern};

/// What a module may import of ours.
enum May {
    /// These modules.
    Only(&'static [&'static str]),
    /// Every module of the layers up to this one.
    UpTo(u8),
}

use May::{Only, UpTo};

/// Each top-level module with its layer and what it may import. Modules of one layer never import each other, but for
/// `model` within L0 and `app` within L6; `store` and `net` are for `app` alone.
const TABLE: &[(&str, u8, May)] = &[
    ("model", 0, Only(&[])),
    ("config", 0, Only(&["model"])),
    ("telemetry", 0, Only(&["model"])),
    ("identity", 1, Only(&["model"])),
    ("extract", 1, Only(&["model"])),
    ("policy", 1, Only(&["model"])),
    ("risk", 1, Only(&["model"])),
    ("response", 1, Only(&["model"])),
    ("decision", 2, UpTo(1)),
    ("facts", 3, UpTo(2)),
    ("holds", 3, UpTo(2)),
    ("audit", 3, UpTo(2)),
    ("admin", 3, UpTo(2)),
    ("gateway", 4, UpTo(3)),
    ("store", 5, UpTo(3)),
    ("net", 5, UpTo(4)),
    ("proxy", 5, UpTo(4)),
    ("demo", 5, Only(&["model"])),
    ("control", 5, UpTo(4)),
    ("app", 6, UpTo(5)),
    ("cli", 6, UpTo(5)),
    ("main", 7, Only(&["cli"])),
    ("lib", 7, Only(&[])),
];

/// Modules that only `app` may import.
const FOR_APP_ALONE: [&str; 2] = ["store", "net"];

fn layer_of(module: &str) -> Option<u8> {
    TABLE.iter().find(|(name, ..)| *name == module).map(|(_, layer, _)| *layer)
}

/// Whether `from` may import `to`; both are in the table.
fn may_import(from: &str, to: &str) -> bool {
    if from == to || (from == "cli" && to == "app") {
        return true;
    }
    if FOR_APP_ALONE.contains(&to) {
        return from == "app";
    }
    TABLE.iter().find(|(name, ..)| *name == from).is_some_and(|(.., may)| match may {
        Only(modules) => modules.contains(&to),
        UpTo(top) => layer_of(to).is_some_and(|layer| layer <= *top),
    })
}

/// Every module of `src/` stands in the layer table.
pub(crate) fn modules_are_in_the_table(files: &[SourceFile]) -> Vec<Violation> {
    let mut unknown: Vec<&str> = Vec::new();
    let mut violations = Vec::new();
    for file in files {
        let Some(module) = file.module() else { continue };
        if layer_of(module).is_none() && !unknown.contains(&module) {
            unknown.push(module);
            let fix = format!(
                "`{module}` has no layer: enter it in ARCHITECTURE.md and in the table of tests/tidy/imports.rs"
            );
            violations.push(file.violation(0, fix));
        }
    }
    violations
}

/// A path `crate::x` names only a module that the file's own module may import. Tests obey too.
pub(crate) fn imports_follow_the_layers(files: &[SourceFile]) -> Vec<Violation> {
    let root = pattern(r"\bcrate\s*::\s*");
    let root_from_main = pattern(r"\baegis_gateway\s*::\s*");
    let mut violations = Vec::new();
    for file in files {
        let Some(from) = file.module() else { continue };
        let root = if from == "main" { &root_from_main } else { &root };
        for found in root.find_iter(&file.code) {
            for (offset, to) in first_segments(&file.code, found.end()) {
                if layer_of(to).is_none_or(|_| to == "main" || to == "lib") {
                    let fix = format!(
                        "`{to}` is no module of the layer table: name a thing by the module it lives in"
                    );
                    violations.push(file.violation(offset, fix));
                } else if layer_of(from).is_some() && !may_import(from, to) {
                    let fix = format!(
                        "`{from}` may not import `{to}` (layer table in ARCHITECTURE.md): pass a value down, or move the \
                         thing to `model`"
                    );
                    violations.push(file.violation(offset, fix));
                }
            }
        }
    }
    violations
}

/// The first names that follow `crate::` at `start`, one, or several from a group such as `{a::X, b::{Y, Z}}`.
fn first_segments(code: &str, start: usize) -> Vec<(usize, &str)> {
    let rest = code.get(start..).unwrap_or_default();
    if !rest.starts_with('{') {
        return word_at(code, start).into_iter().collect();
    }
    let end = matching_close(code, start).unwrap_or(code.len());
    let mut depth = 0_usize;
    let mut part_starts = Vec::new();
    for (offset, next) in code.get(start..end).unwrap_or_default().char_indices() {
        match next {
            '{' => {
                depth += 1;
                if depth == 1 {
                    part_starts.push(start + offset + 1);
                }
            }
            '}' => depth -= 1,
            ',' if depth == 1 => part_starts.push(start + offset + 1),
            _ => {}
        }
    }
    part_starts.into_iter().filter_map(|part| word_at(code, part)).collect()
}

/// The word that starts at `start`, after blanks, and where.
fn word_at(code: &str, start: usize) -> Option<(usize, &str)> {
    let rest = code.get(start..)?;
    let trimmed = rest.trim_start();
    let offset = start + (rest.len() - trimmed.len());
    let length = trimmed.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(trimmed.len());
    trimmed.get(..length).filter(|word| !word.is_empty()).map(|word| (offset, word))
}

/// Ways of naming things that would hide what a file depends on.
const PLAIN_PATHS: &[(&str, bool, &str)] = &[
    (r"\bsuper\s*::\s*super\b", false, "write `use crate::x::Y`"),
    (
        r"\buse\s+crate\s+as\b|\bextern\s+crate\b|\bcrate\s*::\s*\{\s*self\b",
        false,
        "do not rename the crate's root",
    ),
    (r"\buse\s[^;*]*(\*)", true, "no globs outside tests: name what is used"),
    (r"#\s*\[\s*path\s*=", true, "a module lies where its name says: no `#[path]` outside tests"),
    (r"\bprelude\b", true, "no preludes outside tests: name what is used"),
];

/// No `super::super`; outside tests no globs, no preludes, and no `super` that reaches the crate's root.
pub(crate) fn paths_are_written_plainly(files: &[SourceFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (text, only_product, fix) in PLAIN_PATHS {
        let pattern = pattern(text);
        for file in files.iter().filter(|file| file.is_source()) {
            let hits = if *only_product { file.product_hits(&pattern) } else { file.hits(&pattern) };
            violations.extend(hits.into_iter().map(|offset| file.violation(offset, *fix)));
        }
    }
    let parent = pattern(r"\bsuper\s*::");
    for file in files.iter().filter(|file| parent_is_the_root(file)) {
        for offset in file.product_hits(&parent) {
            violations
                .push(file.violation(offset, "here `super` is the crate's root: write `use crate::x::Y`"));
        }
    }
    violations
}

/// Whether `super` at the top of the file is the crate's root: `src/x.rs` and `src/x/mod.rs`.
fn parent_is_the_root(file: &SourceFile) -> bool {
    file.path
        .strip_prefix("src/")
        .map(|inside| inside.strip_suffix("/mod.rs").unwrap_or(inside))
        .is_some_and(|inside| file.is_rust() && !inside.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::text::{clean, planted};

    #[test]
    fn a_module_outside_the_table_is_found() {
        planted(
            modules_are_in_the_table,
            &[("src/plugins/mod.rs", "//! New. //~"), ("src/plugins/a.rs", "")],
        );
        planted(modules_are_in_the_table, &[("src/extras.rs", "//! New. //~")]);
        clean(
            modules_are_in_the_table,
            &[("src/audit/ledger/mod.rs", ""), ("src/main.rs", ""), ("src/app.rs", "")],
        );
    }

    #[test]
    fn imports_upward_and_sideways_are_found() {
        planted(
            imports_follow_the_layers,
            &[
                ("src/model/a.rs", "use crate::config::Config; //~"),
                ("src/policy/rules/a.rs", "use crate::model::id::Id;\nuse crate::extract::Y; //~"),
                ("src/audit/a.rs", "fn f() {\n    crate::holds::release(); //~\n}"),
                ("src/store/a.rs", "use crate::gateway::Permit; //~"),
                ("src/cli/a.rs", "use crate::store::Sqlite; //~"),
                ("src/control/a.rs", "pub(in crate::proxy) fn f() {} //~"),
                ("src/main.rs", "use aegis_gateway::store::X; //~"),
                ("src/extract/a.rs", "#[cfg(test)]\nmod tests {\n    use crate::config::Config; //~\n}"),
            ],
        );
    }

    #[test]
    fn groups_over_several_lines_are_read() {
        planted(
            imports_follow_the_layers,
            &[(
                "src/audit/a.rs",
                "use crate::{\n    decision::{Decision, explain::{a, b}},\n    gateway::Permit, //~\n    model::{holds, proxy},\n    admin, //~\n};",
            )],
        );
        planted(imports_follow_the_layers, &[("src/risk/a.rs", "use crate::{model::X, policy::Y}; //~")]);
        planted(imports_follow_the_layers, &[("src/risk/a.rs", "use crate::unheard_of::Y; //~")]);
    }

    #[test]
    fn imports_downward_are_clean() {
        clean(
            imports_follow_the_layers,
            &[
                (
                    "src/decision/a.rs",
                    "use crate::policy::rules::Rules;\nuse crate::{model::X, config::Y, decision::Z};",
                ),
                (
                    "src/app.rs",
                    "use crate::store::Sqlite;\nuse crate::net::Client;\nuse crate::proxy::Server;",
                ),
                ("src/cli/a.rs", "use crate::app::App;\nuse crate::control::openapi;"),
                ("src/model/a.rs", "/// See [`crate::gateway`].\nfn f() { let a = \"crate::store::x\"; }"),
                ("src/gateway/a.rs", "pub(in crate::gateway) fn f() {}\npub(crate) fn g() {}"),
                ("src/main.rs", "use aegis_gateway::cli::run;"),
                ("tests/it/main.rs", "use aegis_gateway::store::Sqlite;"),
            ],
        );
    }

    #[test]
    fn hidden_paths_are_found() {
        planted(
            paths_are_written_plainly,
            &[
                ("src/policy/rules/a.rs", "use super::super::raw::X; //~"),
                (
                    "src/policy/rules/b.rs",
                    "use crate::model::*; //~\nuse crate::model::{call::X, id::*}; //~",
                ),
                ("src/policy/rules/c.rs", "use crate::model::{\n    a,\n    *, //~\n};"),
                ("src/policy/rules/d.rs", "use pingora::prelude::ProxyHttp; //~\nuse crate as here; //~"),
                ("src/policy/mod.rs", "pub use super::config::Config; //~"),
                ("src/app.rs", "use super::store::Sqlite; //~"),
                ("src/policy/rules/mod.rs", "#[path = \"elsewhere.rs\"] //~\nmod a;"),
                ("src/policy/rules/e.rs", "use crate::model::{call::{X, Y}, *}; //~"),
            ],
        );
    }

    #[test]
    fn plain_paths_are_clean() {
        clean(
            paths_are_written_plainly,
            &[
                (
                    "src/policy/mod.rs",
                    "use crate::model::X;\n#[cfg(test)]\nmod tests {\n    use super::*;\n}",
                ),
                ("src/policy/rules/tests.rs", "use super::*;\nuse proptest::prelude::*;"),
                (
                    "src/policy/rules/a.rs",
                    "use super::raw::X;\nuse crate::{model::{self, Y}, policy};\nfn f(a: u8) -> u8 { u8::MAX * a * {2} }",
                ),
                ("src/policy/rules/b.rs", "// use super::super::X\nstruct S { a: *const u8 }"),
            ],
        );
    }
}
