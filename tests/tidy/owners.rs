//! Invariant 3: each foreign library, SQL, the terminal and HTTP errors have one owner.

use crate::tidy::text::{SourceFile, Violation, pattern};

/// Crate names, as patterns, and the places of `src/` that may name them.
const OWNERS: &[(&str, &[&str])] = &[
    ("rusqlite|tokio_postgres|sqlx", &["src/store"]),
    (r"pingora\w*", &["src/proxy"]),
    ("axum", &["src/control", "src/demo"]),
    ("reqwest|ureq|isahc", &["src/net"]),
    // Serving the control listener is hyper's business below axum; its client stays with `net`.
    ("hyper|hyper_util", &["src/net", "src/control"]),
    ("cel|cel_interpreter|cel_parser", &["src/policy/conditions"]),
    (r"cedar_policy\w*", &["src/policy/cedar"]),
    ("arc_swap", &["src/model/handle"]),
    ("prometheus", &["src/telemetry"]),
    ("clap", &["src/cli", "src/main"]),
];

/// A foreign crate is named only by the module that owns it.
pub(crate) fn crates_stay_in_their_module(files: &[SourceFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (names, places) in OWNERS {
        let path = pattern(&format!(r"\b({names})\s*::|\buse\s+({names})\s*(?:;|\bas\b)"));
        for file in files.iter().filter(|file| file.is_source() && !file.is_under_any(places)) {
            for found in path.captures_iter(&file.code) {
                let Some(name) = found.get(1).or_else(|| found.get(2)) else { continue };
                // `a::cel::b` names a module of ours, `::cel::b` the crate.
                let before = file.code_before(name.start());
                let inside_a_path = before.strip_suffix("::").is_some_and(|before| {
                    before.ends_with(|last: char| last.is_alphanumeric() || last == '_')
                });
                if !inside_a_path {
                    let fix = format!("only {} may name `{}`", places.join(" and "), name.as_str());
                    violations.push(file.violation(name.start(), fix));
                }
            }
        }
    }
    violations
}

/// Only `cli/` and `main.rs` print. Logging may hold the error stream.
pub(crate) fn only_the_command_line_prints(files: &[SourceFile]) -> Vec<Violation> {
    let print = pattern(r"\be?print(?:ln)?\s*!|\bio\s*::\s*stdout\b|\bstdout\s*\(\s*\)");
    let stderr = pattern(r"\bio\s*::\s*stderr\b|\bstderr\s*\(\s*\)");
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source() && !file.is_under_any(&["src/cli", "src/main"])) {
        let mut hits = file.product_hits(&print);
        if !file.is_under("src/telemetry") {
            hits.extend(file.product_hits(&stderr));
        }
        let fix = "only `cli/` and `main.rs` print: return a value, or log it";
        violations.extend(hits.into_iter().map(|offset| file.violation(offset, fix)));
    }
    violations
}

/// How a literal begins that is SQL.
const SQL: &str = r"(?x) ^ \s*
    (?: SELECT | INSERT \s+ (?: OR \s+ \w+ \s+ )? INTO | UPDATE \s+ \w+ \s+ SET | DELETE \s+ FROM
      | CREATE \s+ (?: UNIQUE \s+ )? (?: TABLE | INDEX ) | PRAGMA )
    \s";

/// Only `store/` holds SQL.
pub(crate) fn only_the_store_writes_sql(files: &[SourceFile]) -> Vec<Violation> {
    let sql = pattern(SQL);
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source() && !file.is_under("src/store")) {
        for literal in file.literals.iter().filter(|literal| !file.is_test(literal.offset)) {
            if sql.is_match(&literal.text) {
                violations.push(
                    file.violation(literal.offset, "SQL lives in `store/`, behind a trait of its caller"),
                );
            }
        }
    }
    violations
}

/// Errors of ours become HTTP in `control/error.rs` (and `proxy/respond.rs`, which needs no trait for it).
pub(crate) fn errors_become_http_in_two_places(files: &[SourceFile]) -> Vec<Violation> {
    let conversion = pattern(r"\bimpl\b[^{;]*\bIntoResponse\s+for\s+\w*Error\b");
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source()) {
        if file.is_under_any(&["src/control/error", "src/demo"]) {
            continue;
        }
        let fix = "errors become HTTP in `control/error.rs` and `proxy/respond.rs` only";
        violations
            .extend(file.product_hits(&conversion).into_iter().map(|offset| file.violation(offset, fix)));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::text::{clean, planted};

    #[test]
    fn a_crate_outside_its_module_is_found() {
        planted(
            crates_stay_in_their_module,
            &[
                ("src/audit/a.rs", "use rusqlite::Connection; //~\nfn f(c: &tokio_postgres::Client) {} //~"),
                (
                    "src/gateway/a.rs",
                    "use pingora_proxy::Session; //~\nfn f() { pingora::Error::new(); } //~",
                ),
                ("src/proxy/a.rs", "use axum::Router; //~\nuse ::axum::Json; //~"),
                ("src/app.rs", "use reqwest::Client; //~\nuse hyper as http; //~"),
                ("src/policy/rules/a.rs", "use cel::Program; //~"),
                ("src/decision/a.rs", "use cedar_policy::Authorizer; //~"),
                ("src/policy/handle.rs", "use arc_swap::ArcSwap; //~"),
            ],
        );
    }

    #[test]
    fn a_crate_in_its_module_is_clean() {
        clean(
            crates_stay_in_their_module,
            &[
                ("src/store/sqlite/a.rs", "use rusqlite::Connection;"),
                ("src/proxy/service.rs", "use pingora::proxy::Session;"),
                ("src/control/router.rs", "use axum::Router;"),
                ("src/demo/server.rs", "use axum::Router;"),
                ("src/policy/conditions/cel.rs", "use cel::Program;"),
                ("src/policy/cedar/mod.rs", "use cedar_policy::Authorizer;"),
                ("src/model/handle.rs", "use arc_swap::ArcSwap;"),
                (
                    "src/app.rs",
                    "// axum::serve\nuse crate::policy::cel::X;\nfn f() { excel::open(\"pingora::x\") }",
                ),
                ("benches/proxy.rs", "use pingora::server::Server;"),
            ],
        );
    }

    #[test]
    fn printing_elsewhere_is_found() {
        planted(
            only_the_command_line_prints,
            &[
                ("src/app.rs", "fn f() {\n    println!(1); //~\n    eprint !(2); //~\n}"),
                (
                    "src/proxy/a.rs",
                    "let out = std::io::stdout(); //~\nuse std::io::{self, stderr};\nwrite(stderr ()); //~",
                ),
            ],
        );
    }

    #[test]
    fn printing_by_the_command_line_is_clean() {
        clean(
            only_the_command_line_prints,
            &[
                ("src/cli/serve.rs", "println!(1); std::io::stdout();"),
                ("src/main.rs", "eprintln!(1);"),
                ("src/telemetry/logging.rs", "with_writer(std::io::stderr)"),
                (
                    "src/app.rs",
                    "// println!\nfn f() { blueprint!(1); command.stdout(Stdio::null()) }\n#[cfg(test)]\nmod tests { fn f() { println!(1) } }",
                ),
            ],
        );
    }

    #[test]
    fn sql_elsewhere_is_found() {
        planted(
            only_the_store_writes_sql,
            &[(
                "src/audit/a.rs",
                "const A: &str = \"SELECT seq FROM records\"; //~\nf(r#\"INSERT OR IGNORE INTO t\"#); //~",
            )],
        );
        clean(
            only_the_store_writes_sql,
            &[
                ("src/store/sqlite/a.rs", "const A: &str = \"SELECT seq FROM records\";"),
                (
                    "src/audit/a.rs",
                    "// SELECT seq FROM records\nf(\"Update the file, then DELETE the old one\");",
                ),
            ],
        );
    }

    #[test]
    fn an_error_that_answers_http_itself_is_found() {
        planted(
            errors_become_http_in_two_places,
            &[("src/control/routes/a.rs", "impl IntoResponse for HoldError { //~\n}")],
        );
        clean(
            errors_become_http_in_two_places,
            &[
                ("src/control/error.rs", "impl IntoResponse for ApiError {}"),
                ("src/control/dto/a.rs", "impl IntoResponse for Page {}"),
            ],
        );
    }
}
