//! The guard: every invariant of the architecture that text can show, checked over the files of the repository.
//!
//! Each rule is a pure function over the files (`fn rule(&[SourceFile]) -> Vec<Violation>`) and is listed in [`RULES`];
//! each has a planted violation beside it that must be found, and a clean counterpart that must not. Rules read text
//! with comments and literals blanked out, not a syntax tree: they guard against slips, not against malice.
//! Start reading at [`RULES`], then at `tidy/text/source.rs` for what a rule can ask of a file.

#[cfg(test)]
mod tidy {
    pub(crate) mod answers;
    pub(crate) mod escapes;
    pub(crate) mod gate;
    pub(crate) mod imports;
    pub(crate) mod layout;
    pub(crate) mod metrics;
    pub(crate) mod owners;
    pub(crate) mod purity;
    pub(crate) mod shape;
    pub(crate) mod text;
    pub(crate) mod words;
}

#[cfg(test)]
use tidy::text::{SourceFile, Violation, files_of_repository};

/// One rule: its name, and the function that finds what breaks it.
#[cfg(test)]
type Rule = (&'static str, fn(&[SourceFile]) -> Vec<Violation>);

/// Every rule, in the order of the invariants of ARCHITECTURE.md, then sizes, escapes, words and layout.
#[cfg(test)]
const RULES: &[Rule] = &[
    // Invariant 1
    ("modules_are_in_the_table", tidy::imports::modules_are_in_the_table),
    ("imports_follow_the_layers", tidy::imports::imports_follow_the_layers),
    ("paths_are_written_plainly", tidy::imports::paths_are_written_plainly),
    // Invariant 2
    ("pure_modules_stay_pure", tidy::purity::pure_modules_stay_pure),
    // Invariant 3
    ("crates_stay_in_their_module", tidy::owners::crates_stay_in_their_module),
    ("only_the_command_line_prints", tidy::owners::only_the_command_line_prints),
    ("only_the_store_writes_sql", tidy::owners::only_the_store_writes_sql),
    ("errors_become_http_in_two_places", tidy::owners::errors_become_http_in_two_places),
    // Invariant 4
    ("a_request_loads_one_snapshot", tidy::gate::a_request_loads_one_snapshot),
    ("the_snapshot_has_one_writer", tidy::gate::the_snapshot_has_one_writer),
    // Invariant 5
    ("permits_come_from_the_gateway", tidy::gate::permits_come_from_the_gateway),
    ("a_permit_cannot_be_made_twice", tidy::gate::a_permit_cannot_be_made_twice),
    ("upstream_peer_takes_the_permit", tidy::gate::upstream_peer_takes_the_permit),
    // Invariant 6
    ("restrictors_cannot_allow", tidy::answers::restrictors_cannot_allow),
    ("indeterminate_is_not_absent", tidy::answers::indeterminate_is_not_absent),
    // Invariant 7
    ("nothing_is_unbounded", tidy::answers::nothing_is_unbounded),
    // Invariant 8
    ("core_types_are_not_serialize", tidy::answers::core_types_are_not_serialize),
    // Invariant 9
    ("panics_are_answered", tidy::answers::panics_are_answered),
    // Sizes and shape
    ("files_open_with_their_purpose", tidy::shape::files_open_with_their_purpose),
    ("files_stay_small", tidy::shape::files_stay_small),
    ("folders_stay_small", tidy::shape::folders_stay_small),
    ("mod_files_only_declare", tidy::shape::mod_files_only_declare),
    ("every_file_is_reachable", tidy::shape::every_file_is_reachable),
    // Escapes
    ("nothing_is_left_over", tidy::escapes::nothing_is_left_over),
    ("lint_exceptions_have_reasons", tidy::escapes::lint_exceptions_have_reasons),
    ("unsafe_has_one_home", tidy::escapes::unsafe_has_one_home),
    ("anyhow_stays_at_the_edge", tidy::escapes::anyhow_stays_at_the_edge),
    // Words
    ("type_names_say_what_they_are", tidy::words::type_names_say_what_they_are),
    ("functions_do_not_start_with_get", tidy::words::functions_do_not_start_with_get),
    ("error_variants_do_not_repeat_error", tidy::words::error_variants_do_not_repeat_error),
    ("spelling_is_american", tidy::words::spelling_is_american),
    ("no_paths_of_one_machine", tidy::words::no_paths_of_one_machine),
    ("no_words_on_who_works_here", tidy::words::no_words_on_who_works_here),
    ("metrics_have_prefix_and_unit", tidy::metrics::metrics_have_prefix_and_unit),
    ("metrics_are_declared_once", tidy::metrics::metrics_are_declared_once),
    // Layout
    ("top_level_is_as_agreed", tidy::layout::top_level_is_as_agreed),
    ("crate_doc_states_the_invariants", tidy::layout::crate_doc_states_the_invariants),
    ("manifest_keeps_the_lints", tidy::layout::manifest_keeps_the_lints),
];

/// The repository this test was built from.
#[cfg(test)]
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_repository_is_tidy() {
    let files = files_of_repository(ROOT.as_ref());
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "no src/lib.rs under {ROOT}");
    let found: Vec<String> = RULES
        .iter()
        .flat_map(|(name, rule)| rule(&files).into_iter().map(|violation| violation.describe(name)))
        .collect();
    assert!(found.is_empty(), "{} violations of the architecture:\n\n{}", found.len(), found.concat());
}

/// A literal or comment that the guard misread would blank the rest of a file and hide it from every rule.
#[test]
fn the_guard_reads_every_file_to_its_end() {
    for file in files_of_repository(ROOT.as_ref()).iter().filter(|file| file.is_rust()) {
        let mut open = Vec::new();
        for next in file.code.chars() {
            match next {
                '{' => open.push('}'),
                '(' => open.push(')'),
                '[' => open.push(']'),
                '}' | ')' | ']' => assert_eq!(open.pop(), Some(next), "brackets of {}", file.path),
                _ => {}
            }
        }
        assert!(open.is_empty(), "brackets of {} do not close: {open:?}", file.path);
    }
}

#[test]
fn every_rule_has_a_planted_violation_and_a_clean_counterpart() {
    let files = files_of_repository(ROOT.as_ref());
    let guard: Vec<&str> =
        files.iter().filter(|file| file.is_under("tests/tidy")).map(|file| file.text.as_str()).collect();
    let called = |name: &str, helpers: &[&str]| {
        helpers.iter().any(|helper| {
            let call: String = [helper, "(", name, ","].concat();
            guard.iter().any(|text| text.split_whitespace().collect::<String>().contains(&call))
        })
    };
    for (name, _) in RULES {
        assert!(called(name, &["planted", "planted_at"]), "no planted violation for {name}");
        assert!(called(name, &["clean"]), "no clean counterpart for {name}");
    }
}
