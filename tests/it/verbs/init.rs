//! `aegis init`: what it writes is sound, and it writes over nothing.

use std::path::Path;

use crate::verbs::folder::Folder;

#[test]
fn what_it_writes_passes_check_and_test() {
    let folder = Folder::with(&[]);
    let ran = folder.run(&["init", "--with-tests"]);
    assert_eq!((ran.code, ran.errors.as_str()), (0, ""));
    assert_eq!(
        ran.said,
        "wrote policy.yaml\nwrote policy.cases.yaml\nnext: aegis check policy.yaml\n      \
         aegis test policy.yaml policy.cases.yaml\n"
    );
    let checked = folder.run(&["check", "--deny-warnings", "policy.yaml", "policy.cases.yaml"]);
    assert_eq!(checked.said, "policy.yaml: ok (rules)\npolicy.cases.yaml: ok (cases)\n");
    assert_eq!((checked.code, checked.errors.as_str()), (0, ""));
    let tested = folder.run(&["test", "policy.yaml", "policy.cases.yaml", "--fail-under", "100"]);
    assert_eq!(tested.said, "7 cases passed; 6 of 6 rules reached (100 %)\n");
    assert_eq!((tested.code, tested.errors.as_str()), (0, ""));
}

#[test]
fn without_tests_it_writes_the_policy_where_it_is_told() {
    let folder = Folder::with(&[]);
    let ran = folder.run(&["init", "-o", "mine.yml"]);
    assert_eq!((ran.code, ran.said.as_str()), (0, "wrote mine.yml\nnext: aegis check mine.yml\n"));
    assert!(folder.path("mine.yml").exists() && !folder.path("mine.cases.yaml").exists());
}

#[test]
fn it_writes_over_nothing_unless_it_is_told_to() {
    let folder = Folder::with(&[("policy.cases.yaml", "mine")]);
    let ran = folder.run(&["init", "--with-tests"]);
    assert_eq!((ran.code, ran.said.as_str()), (1, ""));
    assert!(ran.errors.contains("policy.cases.yaml is there already"), "{}", ran.errors);
    assert!(!Path::new(&folder.path("policy.yaml")).exists(), "it is both or none");
    assert_eq!(folder.read("policy.cases.yaml"), "mine");

    assert_eq!(folder.run(&["init", "--with-tests", "--force"]).code, 0);
    assert!(folder.read("policy.cases.yaml").contains("cases:"));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let ran = Folder::with(&[]).run(&["init", "-o", "none/policy.yaml"]);
    assert_eq!(ran.code, 1);
    assert!(ran.errors.contains("none/policy.yaml cannot be written"), "{}", ran.errors);
}
