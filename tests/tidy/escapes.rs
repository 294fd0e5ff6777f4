//! The ways around the lints: what is left over, what is allowed without a reason, unsafe code, errors without a type.

use crate::tidy::text::{SourceFile, Violation, matching_close, pattern};

/// The one module that may hold unsafe code: the ledger's mapped segment.
const UNSAFE_HOME: &str = "src/audit";

/// No `todo!`, `unimplemented!` or `dbg!`, in tests neither.
pub(crate) fn nothing_is_left_over(files: &[SourceFile]) -> Vec<Violation> {
    let macros = pattern(r"\b(?:todo|unimplemented|dbg)\s*!");
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source()) {
        let fix = "finish it, or refuse it plainly as not in this version";
        violations.extend(file.hits(&macros).into_iter().map(|offset| file.violation(offset, fix)));
    }
    violations
}

/// Outside tests no `#[allow]`; an `#[expect]` gives its reason everywhere.
pub(crate) fn lint_exceptions_have_reasons(files: &[SourceFile]) -> Vec<Violation> {
    let allow = pattern(r"#\s*!?\s*\[\s*(?:cfg_attr\s*\([^\]]*,\s*)?(allow)\s*\(");
    let expect = pattern(r"#\s*!?\s*\[\s*(?:cfg_attr\s*\([^\]]*,\s*)?(expect)\s*\(");
    let reason = pattern(r"\breason\s*=");
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source()) {
        for offset in file.product_hits(&allow) {
            violations.push(file.violation(
                offset,
                "write `#[expect(.., reason = \"..\")]`: it says why, and ends with its cause",
            ));
        }
        for offset in file.hits(&expect) {
            let end = matching_close(&file.code, offset + "expect".len()).unwrap_or(file.code.len());
            if !reason.is_match(file.code.get(offset..end).unwrap_or_default()) {
                violations.push(file.violation(offset, "say why: `reason = \"..\"`"));
            }
        }
    }
    violations
}

/// Unsafe code stands in one file of the ledger and nowhere else.
pub(crate) fn unsafe_has_one_home(files: &[SourceFile]) -> Vec<Violation> {
    let keyword = pattern(r"\bunsafe\b");
    let mut violations = Vec::new();
    let mut home: Option<&str> = None;
    for file in files.iter().filter(|file| file.is_source()) {
        let hits = file.hits(&keyword);
        if hits.is_empty() {
            continue;
        }
        if file.is_under(UNSAFE_HOME) && home.is_none() {
            home = Some(&file.path);
            continue;
        }
        let fix = format!("unsafe code has one home, {}: use what it offers", home.unwrap_or(UNSAFE_HOME));
        violations.extend(hits.into_iter().map(|offset| file.violation(offset, fix.clone())));
    }
    violations
}

/// Where an error only has to reach a person, and may be any error.
const MAY_USE_ANYHOW: [&str; 3] = ["src/cli", "src/app", "src/main"];

/// `anyhow` stays in `cli/`, `app` and `main.rs`.
pub(crate) fn anyhow_stays_at_the_edge(files: &[SourceFile]) -> Vec<Violation> {
    let word = pattern(r"\banyhow\b");
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source() && !file.is_under_any(&MAY_USE_ANYHOW)) {
        let fix = "a module has one `thiserror` enum in its `error.rs`; `anyhow` is for `cli/`, `app.rs` and `main.rs`";
        violations.extend(file.hits(&word).into_iter().map(|offset| file.violation(offset, fix)));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::text::{clean, planted};

    #[test]
    fn leftovers_are_found() {
        planted(
            nothing_is_left_over,
            &[(
                "src/a.rs",
                "fn f() { todo!() } //~\nfn g() { dbg!(1); } //~\n#[test]\nfn h() { unimplemented !(); } //~",
            )],
        );
        clean(nothing_is_left_over, &[("src/a.rs", "// todo!()\nfn todo() { f(\"dbg!\"); my_todo!() }")]);
    }

    #[test]
    fn exceptions_without_a_reason_are_found() {
        planted(
            lint_exceptions_have_reasons,
            &[
                ("src/a.rs", "#[allow(dead_code, reason = \"no\")] //~\nfn f() {}\n#![allow(unused)] //~"),
                (
                    "src/b.rs",
                    "#[expect(dead_code)] //~\nfn f() {}\n#[cfg_attr(test, allow(dead_code))] //~\nfn g() {}",
                ),
            ],
        );
        clean(
            lint_exceptions_have_reasons,
            &[
                ("src/a.rs", "#[expect(\n    dead_code,\n    reason = \"(because)\",\n)]\nfn f() {}"),
                (
                    "src/b.rs",
                    "#[cfg(test)]\n#[allow(dead_code)]\nmod tests {}\nfn f() { a.expect(1); allow(2); }",
                ),
                ("src/c/tests.rs", "#![allow(dead_code)]"),
            ],
        );
    }

    #[test]
    fn a_second_home_of_unsafe_code_is_found() {
        planted(
            unsafe_has_one_home,
            &[
                ("src/audit/ledger/segment.rs", "unsafe { map() }"),
                ("src/audit/verify.rs", "unsafe { read() } //~"),
                ("src/gateway/a.rs", "unsafe impl Send for A {} //~"),
            ],
        );
        clean(
            unsafe_has_one_home,
            &[
                ("src/audit/ledger/segment.rs", "unsafe { map() }\nunsafe { unmap() }"),
                ("src/gateway/a.rs", "// unsafe\n#![deny(unsafe_code)]"),
            ],
        );
    }

    #[test]
    fn anyhow_inside_is_found() {
        planted(anyhow_stays_at_the_edge, &[("src/gateway/a.rs", "use anyhow::Result; //~")]);
        clean(
            anyhow_stays_at_the_edge,
            &[
                ("src/app.rs", "use anyhow::Result;"),
                ("src/cli/serve.rs", "anyhow::bail!(1)"),
                ("src/main.rs", "fn main() -> anyhow::Result<()> {}"),
                ("src/gateway/a.rs", "// anyhow\nuse anyhowever::X;"),
            ],
        );
    }
}
