//! The document describes what the router serves, all of it, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use serde_json::Value;

use crate::control::openapi::document::operations;
use crate::control::openapi::openapi;

/// Where paths are given to the router.
const SOURCES: [&str; 5] = [
    include_str!("../router.rs"),
    include_str!("../routes/governance/paths.rs"),
    include_str!("../routes/enforcement/paths.rs"),
    include_str!("../routes/policy_server/paths.rs"),
    include_str!("../routes/cedar/paths.rs"),
];

/// Path and methods of each `.route(...)` of a source.
fn routed() -> BTreeMap<String, BTreeSet<String>> {
    let route = Regex::new(r#"\.route\(\s*"([^"]+)",((?s:.*?))\)\s*(?:\.route|\.merge|;|\}|$)"#).unwrap();
    let method = Regex::new(r"\b(get|post|put|delete)\(").unwrap();
    let mut routed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in SOURCES {
        // Each call by itself, so that one does not end within the next.
        for part in source.split(".route(").skip(1) {
            let call = format!(".route({part};");
            let found = route.captures(&call).unwrap_or_else(|| panic!("{call}"));
            let methods = method.captures_iter(&found[2]).map(|method| method[1].to_owned());
            routed.entry(found[1].to_owned()).or_default().extend(methods);
        }
    }
    routed
}

#[test]
fn every_path_and_method_of_the_router_is_described_and_no_other() {
    let mut described: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for operation in operations() {
        let methods = described.entry(operation.path.to_owned()).or_default();
        assert!(methods.insert(operation.method.to_owned()), "{operation:?} is described twice");
    }
    let mut routed = routed();
    // Theirs stand elsewhere.
    for (path, methods) in [
        ("/api/v1/kill-switch", &["get", "put"][..]),
        ("/healthz", &["get"]),
        ("/readyz", &["get"]),
        ("/health", &["get"]),
        ("/evaluate", &["post"]),
        ("/risk-check", &["post"]),
    ] {
        routed.insert(path.to_owned(), methods.iter().map(|method| (*method).to_owned()).collect());
    }
    assert_eq!(described, routed);
}

#[test]
fn every_reference_leads_somewhere_and_ids_are_unique() {
    let document = openapi();
    let components = &document["components"];
    let text = document.to_string();
    let reference = Regex::new(r##""\$ref":"#/components/(schemas|headers)/([^"]+)""##).unwrap();
    for found in reference.captures_iter(&text) {
        assert!(components[&found[1]].get(&found[2]).is_some(), "{}", &found[0]);
    }
    let all = Regex::new(r##""\$ref":"([^"]+)""##).unwrap();
    assert_eq!(
        all.captures_iter(&text).count(),
        reference.captures_iter(&text).count(),
        "a reference elsewhere"
    );
    let mut ids = BTreeSet::new();
    for path in document["paths"].as_object().unwrap().values() {
        for operation in path.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id), "{id}");
        }
    }
}

#[test]
fn every_parameter_of_a_path_is_described() {
    let inside = Regex::new(r"\{([^}]+)\}").unwrap();
    for operation in operations() {
        let value = operation.to_value();
        let named: BTreeSet<String> = value["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        let wanted = inside.captures_iter(operation.path).map(|found| found[1].to_owned()).collect();
        assert_eq!(named, wanted, "{}", operation.path);
    }
}

#[test]
fn every_schema_is_one() {
    let document = openapi();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let mut whole = serde_json::Map::new();
        whole.insert("$ref".to_owned(), Value::from(format!("#/components/schemas/{name}")));
        whole.insert("components".to_owned(), document["components"].clone());
        assert!(jsonschema::draft202012::new(&Value::Object(whole)).is_ok(), "{name}: {schema}");
    }
}
