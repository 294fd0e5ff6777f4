//! `aegis cedar` over files.

use crate::verbs::Folder;

#[test]
fn files_are_checked_and_formatted() {
    let folder = Folder::with(&[
        ("good.cedar", "permit(principal == Agent::\"a\", action, resource);\n"),
        ("wide.cedar", "permit(principal, action, resource);\n"),
        ("bad.cedar", "permit(principal, action, resource) when { context.x = 3 };\n"),
        (
            "s.cedarschema",
            "entity Agent;\nentity Gateway;\naction \"a\" appliesTo { principal: Agent, resource: Gateway };\n",
        ),
        ("other.cedar", "permit(principal == Agnt::\"a\", action, resource);\n"),
    ]);
    let ran = folder.run(&["cedar", "validate", "good.cedar", "wide.cedar"]);
    assert_eq!((ran.code, ran.errors.as_str()), (0, ""));
    assert!(
        ran.said.contains("wide-1: ALLOW_ALL") && ran.said.contains("good.cedar: 1 policies"),
        "{}",
        ran.said
    );
    assert_eq!(folder.run(&["cedar", "validate", "--strict", "wide.cedar"]).code, 1);
    let ran = folder.run(&["cedar", "validate", "bad.cedar"]);
    assert!(
        ran.code == 64 && ran.errors.contains("bad.cedar:1:44:") && ran.errors.contains("=="),
        "{}",
        ran.errors
    );
    let ran = folder.run(&["cedar", "validate", "--schema", "s.cedarschema", "other.cedar"]);
    assert!(ran.code == 64 && ran.errors.contains("did you mean `Agent`"), "{}", ran.errors);

    let pretty = "permit (\n  principal == Agent::\"a\",\n  action,\n  resource\n);\n";
    assert_eq!(folder.run(&["cedar", "format", "good.cedar"]).said.trim_end(), pretty.trim_end());
    assert_eq!(folder.run(&["cedar", "format", "--check", "good.cedar"]).code, 1);
    assert_eq!(folder.run(&["cedar", "format", "--write", "good.cedar"]).code, 0);
    assert_eq!(folder.read("good.cedar"), pretty);
    assert_eq!(folder.run(&["cedar", "format", "--check", "good.cedar"]).code, 0);
}
