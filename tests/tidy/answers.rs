//! Invariants 6 to 9: errors deny, everything has a limit, core types have no wire form, a panic is answered.

use crate::tidy::text::{SourceFile, Violation, block_after, pattern};

/// The type of what a restrictor may say has no Allow, and is not built over one that has.
pub(crate) fn restrictors_cannot_allow(files: &[SourceFile]) -> Vec<Violation> {
    let declaration = pattern(r"\b(?:enum|struct)\s+(Restriction|Restricted)\b");
    let conversion = pattern(r"\b(impl)\b[^{;]*\bFrom\s*<\s*Restrict(?:ion|ed)\s*>\s*for\b");
    let mildest = pattern(r"\b(?:Allow|Outcome)\b");
    let allow = pattern(r"\bAllow\b");
    let mut violations = Vec::new();
    let mut check = |file: &SourceFile, start: usize, refused: &regex::Regex| {
        let (start, body) = block_after(&file.code, start);
        for found in refused.find_iter(body) {
            let fix =
                "a restrictor can only restrict: its answer has no Allow in it, nor an `Outcome`, which has";
            violations.push(file.violation(start + found.start(), fix));
        }
    };
    for file in files.iter().filter(|file| file.is_source()) {
        for offset in file.product_hits(&declaration) {
            check(file, offset, &mildest);
        }
        for offset in file.product_hits(&conversion) {
            check(file, offset, &allow);
        }
    }
    violations
}

/// No arm treats "could not tell" like "has nothing to say".
pub(crate) fn indeterminate_is_not_absent(files: &[SourceFile]) -> Vec<Violation> {
    let payload = r"\s*(?:\([^()]*\)|\{[^{}]*\})?";
    let path = r"(?:\w+\s*::\s*)*";
    let together = pattern(&format!(
        r"\b(NotApplicable){payload}\s*\|\s*{path}Indeterminate\b|\b(Indeterminate){payload}\s*\|\s*{path}NotApplicable\b"
    ));
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source()) {
        for found in together.captures_iter(&file.code) {
            let offset = found.get(0).map_or(0, |all| all.start());
            if !file.is_test(offset) {
                let fix = "an engine that could not tell denies: give Indeterminate an arm of its own";
                violations.push(file.violation(offset, fix));
            }
        }
    }
    violations
}

/// Ways of making a queue or reading a body without a limit.
const UNBOUNDED: &[(&str, &str)] = &[
    (
        r"\bunbounded(?:_channel)?\s*(?:::\s*<[^;(]*>\s*)?\(|\bUnbounded(?:Sender|Receiver)\b",
        "a queue has a limit that `Config` names, and a typed error when it is full",
    ),
    (
        r"\bmpsc\s*::\s*channel\s*(?:::\s*<[^;(]*>\s*)?\(\s*\)",
        "a queue has a limit that `Config` names: use a bounded channel",
    ),
    (
        r"\bDefaultBodyLimit\s*::\s*disable\b|\bto_bytes\s*\([^;]*\busize\s*::\s*MAX\b",
        "a body has a limit that `Config` names, and a typed error above it",
    ),
    (
        r"\bdisable_recursion_limit\b|\bSemaphore\s*::\s*MAX_PERMITS\b",
        "a depth and a wait have a limit that `Config` names",
    ),
];

/// No queue, body or depth without a limit.
pub(crate) fn nothing_is_unbounded(files: &[SourceFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (text, fix) in UNBOUNDED {
        let pattern = pattern(text);
        for file in files.iter().filter(|file| file.is_source()) {
            violations
                .extend(file.product_hits(&pattern).into_iter().map(|offset| file.violation(offset, *fix)));
        }
    }
    violations
}

/// Where wire forms live: what other programs read is spelled out there, and nowhere derived from a core type.
const WIRE_FORMS: [&str; 5] = ["src/control", "src/audit/record", "src/store", "src/cli", "src/config/raw"];

/// `Serialize` is named only where wire forms live.
pub(crate) fn core_types_are_not_serialize(files: &[SourceFile]) -> Vec<Violation> {
    let word = pattern(r"\bSerialize\b");
    let raw_policy = pattern(r"^src/policy/(?:.+/)?raw(?:\.rs$|/)");
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source()) {
        if file.is_under_any(&WIRE_FORMS) || raw_policy.is_match(&file.path) {
            continue;
        }
        let fix = "core types are not `Serialize`: write a wire form in `control/dto`, `audit/record.rs`, a `raw.rs` or `store/`";
        violations.extend(file.product_hits(&word).into_iter().map(|offset| file.violation(offset, fix)));
    }
    violations
}

/// Panics unwind, and once the proxy serves requests, something there or in the gateway notices them.
pub(crate) fn panics_are_answered(files: &[SourceFile]) -> Vec<Violation> {
    let abort = pattern(r#"(?m)^\s*(panic)\s*=\s*["']abort["']"#);
    let notices = pattern(r"\bcatch_unwind\b|\bpanicking\s*\(");
    let serves = pattern(r"\bfn\s+(request_filter)\b");
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.path == "Cargo.toml" || file.path == ".cargo/config.toml") {
        let fix = "a panic in a request is answered with a denial, which needs it to unwind";
        violations.extend(file.hits(&abort).into_iter().map(|offset| file.violation(offset, fix)));
    }
    let on_the_path = |file: &&SourceFile| file.is_rust() && file.is_under_any(&["src/proxy", "src/gateway"]);
    let noticed = files.iter().filter(on_the_path).any(|file| !file.product_hits(&notices).is_empty());
    for file in files.iter().filter(on_the_path).filter(|_| !noticed) {
        let fix = "a panic in a request must be recorded and answered: catch it, or see it from a drop guard";
        violations.extend(file.product_hits(&serves).into_iter().map(|offset| file.violation(offset, fix)));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::text::{clean, planted};

    #[test]
    fn a_restrictor_that_could_allow_is_found() {
        planted(
            restrictors_cannot_allow,
            &[
                (
                    "src/model/decision/a.rs",
                    "pub enum Restriction {\n    /// Fine.\n    Allow, //~\n    Deny,\n}",
                ),
                ("src/model/decision/b.rs", "struct Restriction {\n    outcome: Outcome, //~\n}"),
                (
                    "src/model/decision/c.rs",
                    "impl From<Restriction> for Outcome {\n    fn from(r: Restriction) -> Self {\n        Self::Allow //~\n    }\n}",
                ),
            ],
        );
        clean(
            restrictors_cannot_allow,
            &[(
                "src/model/decision/a.rs",
                "/// No Allow.\nenum Restriction { Escalate, Deny }\nenum Outcome { Allow, Deny }\n\
                 impl From<Restriction> for Outcome { fn from(r: Restriction) -> Self { Self::Deny } }",
            )],
        );
    }

    #[test]
    fn an_arm_for_both_is_found() {
        planted(
            indeterminate_is_not_absent,
            &[
                ("src/decision/a.rs", "Finding::NotApplicable | Finding::Indeterminate(_) => None, //~"),
                ("src/decision/b.rs", "Indeterminate { rule, .. } //~\n    | NotApplicable => None,"),
            ],
        );
        clean(
            indeterminate_is_not_absent,
            &[(
                "src/decision/a.rs",
                "A::NotApplicable => None,\nA::Indeterminate(_) | A::Applicable(_) => Some(1),",
            )],
        );
    }

    #[test]
    fn a_queue_without_a_limit_is_found() {
        planted(
            nothing_is_unbounded,
            &[
                ("src/audit/a.rs", "let (a, b) = tokio::sync::mpsc::unbounded_channel::<u8>(); //~"),
                ("src/audit/b.rs", "let (a, b) = mpsc::channel(); //~\nlet c = flume::unbounded(); //~"),
                (
                    "src/control/a.rs",
                    "let body = to_bytes(body, usize::MAX); //~\nlayer(DefaultBodyLimit::disable()); //~",
                ),
            ],
        );
        clean(
            nothing_is_unbounded,
            &[(
                "src/audit/a.rs",
                "mpsc::channel(limits.queue);\nsync_channel(1);\nDefaultBodyLimit::max(limit);\nis_unbounded;",
            )],
        );
    }

    #[test]
    fn a_core_type_with_a_wire_form_is_found() {
        planted(
            core_types_are_not_serialize,
            &[
                ("src/model/a.rs", "#[derive(Debug, Serialize)] //~\nstruct A;"),
                ("src/audit/merkle.rs", "impl serde::Serialize for A { //~\n}"),
                ("src/policy/rules/compile.rs", "use serde::Serialize; //~"),
            ],
        );
        clean(
            core_types_are_not_serialize,
            &[
                ("src/control/dto/a.rs", "#[derive(Serialize)] struct A;"),
                ("src/audit/record.rs", "#[derive(Serialize)] struct A;"),
                ("src/policy/rules/raw.rs", "#[derive(Serialize)] struct A;"),
                ("src/config/raw/mod.rs", "#[derive(Serialize)] struct A;"),
                ("src/model/a.rs", "/// Not Serialize.\n#[derive(Deserialize)] struct A;"),
            ],
        );
    }

    #[test]
    fn a_panic_that_goes_unnoticed_is_found() {
        planted(panics_are_answered, &[("Cargo.toml", "[profile.release]\npanic = \"abort\" #~")]);
        planted(panics_are_answered, &[("src/proxy/service.rs", "async fn request_filter(&self) { //~\n}")]);
        clean(
            panics_are_answered,
            &[
                ("Cargo.toml", "[profile.release]\npanic = \"unwind\"\n[lints.clippy]\npanic = \"deny\""),
                ("src/proxy/service.rs", "async fn request_filter(&self) {}"),
                (
                    "src/gateway/guard.rs",
                    "impl Drop for Guard { fn drop(&mut self) { std::thread::panicking(); } }",
                ),
            ],
        );
    }
}
