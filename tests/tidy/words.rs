//! Words: names that say what a thing is, one spelling, and nothing that only one machine or one desk knows.

use crate::tidy::text::{SourceFile, Violation, block_after, pattern};

/// No type or file is called a manager, helper, util or common.
pub(crate) fn type_names_say_what_they_are(files: &[SourceFile]) -> Vec<Violation> {
    let name =
        pattern(r"\b(?:struct|enum|trait|type|union)\s+(\w*(?:Manager|Helper|Helpers|Util|Utils|Common))\b");
    let module = pattern(r"\bmod\s+((?:\w+_)?(?:managers?|helpers?|utils?|common))\b");
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source()) {
        for offset in file.hits(&name).into_iter().chain(file.hits(&module)) {
            violations
                .push(file.violation(offset, "name it by what it does: no Manager, Helper, Util or Common"));
        }
    }
    violations
}

/// No function starts with `get_`, but for those a foreign trait names so.
pub(crate) fn functions_do_not_start_with_get(files: &[SourceFile]) -> Vec<Violation> {
    let getter = pattern(r"\bfn\s+(get_\w+)");
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source()) {
        let fix = "name a getter by what it returns, and work by its verb: no `get_`";
        let foreign = pattern(r"\bimpl\s+(?:Get\w+|CustomSession)\s+for\s+\w+\s*\{");
        let spans: Vec<_> =
            file.hits(&foreign).into_iter().map(|offset| block_after(&file.code, offset)).collect();
        let ours =
            |offset: &usize| !spans.iter().any(|(start, body)| (*start..start + body.len()).contains(offset));
        violations
            .extend(file.hits(&getter).into_iter().filter(ours).map(|offset| file.violation(offset, fix)));
    }
    violations
}

/// `Error` stands on the type, not on its variants.
pub(crate) fn error_variants_do_not_repeat_error(files: &[SourceFile]) -> Vec<Violation> {
    let declaration = pattern(r"\benum\s+(\w+Error)\b");
    let variant = pattern(r"(?m)^\s*(\w+Error)\s*(?:[,({]|$)");
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source()) {
        for offset in file.product_hits(&declaration) {
            let (start, body) = block_after(&file.code, offset);
            for found in variant.captures_iter(body).filter_map(|found| found.get(1)) {
                let fix = "the type already says `Error`: name the variant by what went wrong";
                violations.push(file.violation(start + found.start(), fix));
            }
        }
    }
    violations
}

/// British forms of words that this code uses. `cancelled` stays: it is the name of a state.
const BRITISH: &str = r"(?xi)
    (?: \b | _ )
    (
        behaviour \w* | colour \w* | favour \w* | honour \w* | neighbour \w* | labell \w+ | modell \w+ | analyse \w*
        | artefact \w* | catalogue \w* | centred? \b | defence \b | licence \b | grey \b | fulfil \b
        | (?: authori | canonicali | categori | finali | generali | initiali | materiali | maximi | minimi | normali
            | optimi | organi | prioriti | reali | recogni | saniti | seriali | speciali | standardi | summari
            | synchroni | tokeni | utili )
          s (?: e [drs]? | ing | ations? ) (?: \b | _ )
    )";

/// American spelling, in comments too.
pub(crate) fn spelling_is_american(files: &[SourceFile]) -> Vec<Violation> {
    let british = pattern(BRITISH);
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| is_ours(file) && !file.is_under("tests/tidy")) {
        for found in british.captures_iter(&file.text).filter_map(|found| found.get(1)) {
            violations.push(
                file.violation(found.start(), format!("American spelling, please: `{}`", found.as_str())),
            );
        }
    }
    violations
}

/// Whether people write the file for people: not a lock file, and not a golden copy of somebody else's words.
fn is_ours(file: &SourceFile) -> bool {
    file.path != "Cargo.lock" && file.path != "LICENSE" && !file.is_under("tests/golden")
}

/// Places that exist on one machine.
const PRIVATE_PATHS: &str = r#"(?m)(?:^|[\s"'`(=:,\[])((?:/home/|/root/|/tmp/|/Users/|[A-Z]:\\Users\\)\w*)"#;

/// No paths of one machine outside tests.
pub(crate) fn no_paths_of_one_machine(files: &[SourceFile]) -> Vec<Violation> {
    let path = pattern(PRIVATE_PATHS);
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| is_ours(file) && !file.is_under("tests")) {
        for found in path.captures_iter(&file.text).filter_map(|found| found.get(1)) {
            if !file.is_test(found.start()) {
                let fix = "this path exists on one machine: take it from configuration, or ask the system for a place";
                violations.push(file.violation(found.start(), fix));
            }
        }
    }
    violations
}

/// Words on who works here and how, which age faster than code.
const STAFF: &str = r"(?xi) \b
    ( our \s team | my \s colleagues? | co-?workers? | team-?mates? | as \s an \s ai \b
    | (?: asked | told ) \s (?: me | us ) \s to | sub-?agents? | work \s in \s progress )";

/// Nothing speaks of who works on the project.
pub(crate) fn no_words_on_who_works_here(files: &[SourceFile]) -> Vec<Violation> {
    let words = pattern(STAFF);
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| is_ours(file) && !file.is_under("tests/tidy")) {
        for found in words.captures_iter(&file.text).filter_map(|found| found.get(1)) {
            violations
                .push(file.violation(found.start(), "say what the code does and why, not who works on it"));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::text::{clean, planted};

    #[test]
    fn empty_names_are_found() {
        planted(
            type_names_say_what_they_are,
            &[
                ("src/a.rs", "pub struct PolicyManager; //~\ntrait RouteHelper {} //~\ntype Utils = u8; //~"),
                ("src/b/mod.rs", "mod helpers; //~\npub mod json_util; //~"),
            ],
        );
        clean(
            type_names_say_what_they_are,
            &[(
                "src/a.rs",
                "// struct PolicyManager\nstruct Utility;\nstruct ManagerRole;\nmod commons_license;",
            )],
        );
    }

    #[test]
    fn getters_with_get_are_found() {
        planted(
            functions_do_not_start_with_get,
            &[("src/a.rs", "impl A {\n    pub fn get_route(&self) {} //~\n}")],
        );
        clean(
            functions_do_not_start_with_get,
            &[("src/a.rs", "fn get(&self) {}\nfn forget_all() { map.get_mut(1); }")],
        );
    }

    #[test]
    fn variants_that_repeat_error_are_found() {
        planted(
            error_variants_do_not_repeat_error,
            &[(
                "src/error.rs",
                "pub enum LedgerError {\n    IoError(Error), //~\n    Full,\n    ParseError, //~\n}",
            )],
        );
        clean(
            error_variants_do_not_repeat_error,
            &[(
                "src/error.rs",
                "pub enum LedgerError {\n    Io(std::io::Error),\n    Source {\n        error: ParseError,\n    },\n}",
            )],
        );
    }

    #[test]
    fn british_spelling_is_found() {
        planted(
            spelling_is_american,
            &[
                (
                    "src/a.rs",
                    "/// The behaviour of it. //~\nfn normalise_path() {} //~\nlet is_authorised = 1; //~",
                ),
                ("README.md", "An artefact. //~"),
            ],
        );
        clean(
            spelling_is_american,
            &[(
                "src/a.rs",
                "/// The behavior of it: cancelled, realism, promises, a series, precise.\nfn normalize_path() {}",
            )],
        );
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        planted(
            no_paths_of_one_machine,
            &[
                ("src/a.rs", "const A: &str = \"/home/someone/a\"; //~\n// see /root/notes //~"),
                ("README.md", "cd /tmp/try //~"),
            ],
        );
        clean(
            no_paths_of_one_machine,
            &[
                ("src/a.rs", "get(\"/api/home/\");\n#[cfg(test)]\nmod tests { const A: &str = \"/tmp/x\"; }"),
                ("tests/it/a.rs", "const A: &str = \"/tmp/x\";"),
                ("deploy/aegis.service", "WorkingDirectory=/var/lib/aegis"),
            ],
        );
    }

    #[test]
    fn words_on_staff_are_found() {
        planted(
            no_words_on_who_works_here,
            &[("src/a.rs", "// A teammate will finish this. //~"), ("README.md", "Our team //~")],
        );
        clean(
            no_words_on_who_works_here,
            &[("src/a.rs", "// An agent calls a tool; its session ends. A worker thread.")],
        );
    }
}
