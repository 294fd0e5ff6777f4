//! Policies in files.

use serde_json::{Value, json};

use super::world::{ADMIN, AGENT, ENGINES, World, came_to};
use crate::verbs::Folder;

const FILE: &str = "// reads\n@id(\"reads\")\n@description(\"agents read\")\npermit(principal in Group::\"readers\", action == Action::\"files___read\", resource);\n\nforbid(principal, action == Action::\"files___delete\", resource);\n";

fn start() -> World {
    let (tool, setup) = World::setup("{engine: main, directory: policies/cedar}");
    let gateway = setup.file("policies/cedar/base.cedar", FILE).start();
    World { tool, gateway }
}

#[test]
fn files_decide_and_the_api_adds_to_them() {
    let world = start();
    came_to(&world.propose("files.read", &json!({})), "ALLOW", "cedar_allowed");
    let listed = world.get(&format!("{ENGINES}/main/policies"));
    let ids: Vec<_> =
        listed["policies"].as_array().unwrap().iter().map(|policy| policy["policy_id"].clone()).collect();
    assert_eq!(ids, [json!("base-2"), json!("reads")]);
    let one = world.get(&format!("{ENGINES}/main/policies/reads"));
    assert_eq!((&one["source"], &one["description"]), (&json!("file"), &json!("agents read")));
    let change = world.ask(
        ADMIN,
        "PUT",
        &format!("{ENGINES}/main/policies/reads"),
        &json!({"policy_body": "permit(principal, action, resource);"}),
    );
    assert_eq!(change.status, 409, "{}", change.text());
    assert!(change.text().contains("base.cedar"), "{}", change.text());
    assert_eq!(
        world.ask(ADMIN, "DELETE", &format!("{ENGINES}/main/policies/reads"), &Value::Null).status,
        409
    );
    world.policy("permit(principal, action == Action::\"files___write\", resource);");
    came_to(&world.propose("files.write", &json!({})), "ALLOW", "cedar_allowed");
    assert_eq!(world.get(&format!("{ENGINES}/main"))["policy_count"], 3);
    assert_eq!(world.call(AGENT, "GET", "/crm/contacts/42"), 403);
}

#[test]
fn every_mistake_in_files_is_found_with_its_place() {
    let config = "version: 1\npolicy: {cedar: {engine: main, directory: p}}\n";
    let folder = Folder::with(&[
        ("aegis.yaml", config),
        (
            "p/a.cedar",
            "permit(principal, action, resource);\npermit(principal, action, resource) when { context.x = 3 };\n",
        ),
        ("p/b.cedar", "@id(\"a-1\")\nforbid(principal, action, resource);\nforbid(principal, action);\n"),
    ]);
    let ran = folder.run(&["check", "aegis.yaml"]);
    assert_eq!(ran.code, 64, "{}", ran.errors);
    let told = format!("{}{}", ran.said, ran.errors);
    for words in ["a.cedar:2:44", "try using '==' instead", "b.cedar:3:"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    folder.write("p/a.cedar", "permit(principal, action, resource);\n");
    folder.write("p/b.cedar", "@id(\"a-1\")\nforbid(principal, action, resource);\n");
    let ran = folder.run(&["check", "aegis.yaml"]);
    let told = format!("{}{}", ran.said, ran.errors);
    assert!(ran.code == 64 && told.contains("the policy a-1 is in") && told.contains("b.cedar"), "{told}");
    folder.write("p/b.cedar", "");
    assert_eq!(folder.run(&["check", "aegis.yaml"]).code, 0);
    folder.write(
        "p/s.cedarschema",
        "entity Agent;\nentity Gateway;\naction \"a\" appliesTo { principal: Agent, resource: Gateway };\n",
    );
    folder.write("p/a.cedar", "permit(principal == Agnt::\"x\", action, resource);\n");
    let ran = folder.run(&["check", "aegis.yaml"]);
    let told = format!("{}{}", ran.said, ran.errors);
    assert!(ran.code == 64 && told.contains("did you mean `Agent`"), "{told}");
}

#[test]
fn annotations_and_ids_that_would_mean_something_else_are_mistakes() {
    let config = "version: 1\npolicy: {cedar: {engine: main, directory: p}}\n";
    let folder = Folder::with(&[("aegis.yaml", config)]);
    for (annotation, words) in [
        ("@enforcement_mode(\"log_only\")", Some("\"ACTIVE\" or \"LOG_ONLY\"")),
        ("@enforcement_mode", Some("\"ACTIVE\" or \"LOG_ONLY\"")),
        ("@id(\"ced_1\")", Some("are given by the API")),
        ("@enforcement_mode(\"LOG_ONLY\")", None),
        ("@enforcement_mode(\"ACTIVE\")", None),
    ] {
        folder.write("p/a.cedar", &format!("{annotation}\npermit(principal, action, resource);\n"));
        let ran = folder.run(&["check", "aegis.yaml"]);
        let told = format!("{}{}", ran.said, ran.errors);
        assert_eq!(ran.code, if words.is_some() { 64 } else { 0 }, "{annotation}: {told}");
        assert!(words.is_none_or(|words| told.contains(words)), "{annotation}: {told}");
        // Without a configuration the same is said of the file.
        let ran = folder.run(&["cedar", "validate", "p/a.cedar"]);
        assert_eq!(ran.code, if words.is_some() { 64 } else { 0 }, "{annotation}: {}", ran.errors);
        assert!(words.is_none_or(|words| ran.errors.contains(words)), "{annotation}: {}", ran.errors);
    }
}
