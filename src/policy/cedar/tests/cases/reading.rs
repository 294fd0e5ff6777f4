//! What is read and what is valid: policies and schemas of the samples.

use cedar_policy::{Policy, Schema};

use crate::policy::cedar::tests::cases::files::{Policies, below, pieces, place, rows, said, text};
use crate::policy::cedar::{CedarSchema, PolicyFile, read, read_files};

#[test]
fn policies_are_valid_as_the_command_says() {
    let rows = rows("cases/validate.json");
    for row in &rows {
        let policies = Policies::of(said(row, "policies").unwrap());
        for schema in row["schemas"].as_array().unwrap() {
            let schema = CedarSchema::read(&text(schema.as_str().unwrap())).unwrap();
            let mut all_valid = true;
            for (id, text) in &policies.statics {
                match schema.validate(&read(text).unwrap()) {
                    Ok(findings) => assert!(findings.is_empty(), "{row} {id}: {findings:?}"),
                    Err(problems) => {
                        all_valid = false;
                        for problem in problems.into_list() {
                            assert!(!place(text, &problem).is_empty(), "{row}: {problem}");
                        }
                    }
                }
            }
            assert_eq!(all_valid, said(row, "expected") == Some("valid"), "{row}");
        }
    }
    assert_eq!(rows.len(), 25);
}

/// What is wrong, where. The texts are the bad ones of the samples.
#[test]
fn what_is_invalid_is_told_with_its_place() {
    for (policies, schema, about, words) in [
        (
            "sandbox_a/policies_1_bad.cedar",
            "sandbox_a/schema.cedarschema",
            "UsrGroup",
            "unrecognized entity type",
        ),
        ("sandbox_b/policies_5_bad.cedar", "sandbox_b/schema.cedarschema", "resource.account.owner", "owner"),
        (
            "tiny_sandboxes/sample9/policy_bad.cedar",
            "tiny_sandboxes/sample9/schema.cedarschema",
            "resource.owner",
            "owner",
        ),
        (
            "tiny_sandboxes/sample11/invalid_policy.cedar",
            "tiny_sandboxes/sample11/schema.cedarschema",
            "Action::\"Invalid\"",
            "unrecognized action",
        ),
    ] {
        let schema = CedarSchema::read(&text(&format!("cli/{schema}"))).unwrap();
        let mut found = Vec::new();
        for (_, text) in Policies::of(&format!("cli/{policies}")).statics {
            let problems = schema.validate(&read(&text).unwrap()).err();
            let problems = problems.into_iter().flat_map(|problems| problems.into_list());
            found.extend(problems.map(|problem| (place(&text, &problem).to_owned(), problem.message)));
        }
        assert!(
            found.iter().any(|(at, message)| at.contains(about) && message.contains(words)),
            "{policies}: {found:?}"
        );
    }
}

#[test]
fn schemas_are_read() {
    let mut refused = Vec::new();
    for (folder, ending, count) in [
        ("cli", ".cedarschema", 17),
        ("cli", ".cedarschema.json", 14),
        ("examples", ".cedarschema", 8),
        ("mcp", ".cedarschema", 26),
        ("mcp", ".cedarschema.json", 6),
        ("parts", ".cedarschema", 7),
        ("schemas", ".cedarschema", 31),
        ("core", ".cedarschema", 1),
    ] {
        let names = below(folder, ending);
        assert_eq!(names.len(), count, "{folder} {ending}");
        for name in names {
            let text = text(&name);
            let theirs = if name.ends_with(".json") {
                Schema::from_json_str(&text).err().map(|error| error.to_string())
            } else {
                Schema::from_cedarschema_str(&text).err().map(|error| error.to_string())
            };
            match CedarSchema::read(&text) {
                Ok(schema) => assert_eq!((&**schema.text(), theirs), (text.as_str(), None), "{name}"),
                Err(problems) => {
                    assert!(theirs.is_some(), "{name}: {problems}");
                    refused.push(name);
                }
            }
        }
    }
    // It is there to be translated only: its types are named in a way that means common types.
    assert_eq!(refused, ["cli/tiny_sandboxes/translate-schema/tinytodo.cedarschema.json"]);
}

/// What is made of a server's tools: a call may be asked about its arguments, and about nothing else.
#[test]
fn schemas_of_tools_check_policies() {
    let schema = CedarSchema::read(&text("mcp/simple/tool_default.cedarschema")).unwrap();
    let json = CedarSchema::read(&text("mcp/simple/tool_default.cedarschema.json")).unwrap();
    for (condition, valid) in [
        ("context.input has str_attr && context.input.str_attr like \"a*\"", true),
        ("context.input has ipv4_attr && context.input.ipv4_attr.isInRange(ip(\"10.0.0.0/8\"))", true),
        ("context.session.currentTimestamp < datetime(\"2030-01-01\")", true),
        ("context.input.str_attr == \"a\"", false),
        ("context.input has int_attr && context.input.int_attr == \"a\"", false),
        ("context.input has other && context.input.other == 1", false),
    ] {
        let text = format!(
            "permit(principal is MyMcpServer::User, action == MyMcpServer::Action::\"test_tool\", \
             resource is MyMcpServer::McpServer) when {{ {condition} }};"
        );
        let policy = read(&text).unwrap();
        let found =
            [&schema, &json].map(|schema| schema.validate(&policy).is_ok_and(|found| found.is_empty()));
        assert_eq!(found, [valid; 2], "{condition}");
    }
}

/// What Cedar's own reader takes of a file of old and of odd policies is taken, and nothing else.
#[test]
fn policies_are_read_where_cedar_reads_them() {
    let text = text("core/policies.cedar");
    let (mut taken, mut refused) = (0, 0);
    for piece in pieces(&text) {
        let ours = read(piece);
        assert_eq!(ours.is_ok(), piece.parse::<Policy>().is_ok(), "{piece}");
        if ours.is_ok() { taken += 1 } else { refused += 1 }
    }
    assert_eq!((taken, refused), (13, 42));
    let problems = read_files(&[PolicyFile { stem: "policies", text: &text }]).unwrap_err();
    assert!(problems.len() >= refused);
}

/// Policies in the JSON form of Cedar are no policies here.
#[test]
fn policies_in_json_are_refused() {
    let names = below("cli", ".cedar.json");
    assert_eq!(names.len(), 7);
    for name in names {
        let problem = read(&text(&name)).unwrap_err().into_list().remove(0);
        assert_eq!((problem.line, problem.column), (1, 1), "{name}: {problem}");
    }
}

/// A file is read as Cedar reads it: as many policies, each itself, named by `@id`.
#[test]
fn files_are_read_as_cedar_reads_them() {
    let mut count = 0;
    for name in ["cli", "examples", "parts"].into_iter().flat_map(|folder| below(folder, ".cedar")) {
        let policies = Policies::of(&name);
        let text = text(&name);
        let found = read_files(&[PolicyFile { stem: "policies", text: &text }]);
        if !policies.templates.is_empty() {
            assert_eq!(found.unwrap_err().len(), policies.templates.len(), "{name}");
            continue;
        }
        let found = found.unwrap();
        assert_eq!(found.len(), policies.statics.len(), "{name}");
        for (at, (filed, (id, text))) in found.iter().zip(&policies.statics).enumerate() {
            let numbered = format!("policies-{}", at + 1);
            assert_eq!(&*filed.id, if *id == format!("policy{at}") { &numbered } else { id }, "{name}");
            assert_eq!(&**filed.policy.text(), text, "{name}");
            count += 1;
        }
    }
    assert_eq!(count, 118);
}

/// A schema that leaves definitions to others can be read; no policy is valid under it.
#[test]
fn nothing_is_valid_where_definitions_are_missing() {
    let schema = CedarSchema::read(
        "external entity B; external action g; entity A in B; action act in g appliesTo { principal: B, resource: A };",
    )
    .unwrap();
    let policy = read("permit(principal, action, resource);").unwrap();
    let problems = schema.validate(&policy).unwrap_err().into_list();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("declared `external` but not defined"), "{}", problems[0]);
}
