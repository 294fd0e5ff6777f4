//! `aegis evaluate`: the same without a gateway.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{aegis, golden};
use crate::verbs::Folder;

const VECTORS: &str = include_str!("../../golden/gates/vectors.json");

#[test]
fn a_request_in_a_file_is_told_for_people_and_for_programs() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let vector = |name: &str| {
        let all = vectors["vectors"].as_array().unwrap();
        all.iter().find(|vector| vector["name"] == name).unwrap()
    };
    for (name, code) in
        [("published/enforce-default-profile", 0), ("drift-warning", 0), ("published/home-redis", 1)]
    {
        let vector = vector(name);
        let folder = Folder::with(&[("request.json", &vector["input"].to_string())]);
        let ran = folder.run(&["evaluate", "request.json", "--json"]);
        assert_eq!((ran.code, ran.errors.as_str()), (code, ""), "{name}");
        assert_eq!(serde_json::from_str::<Value>(&ran.said).unwrap(), vector["output"], "{name}");
    }
    let folder = Folder::with(&[("request.json", &vector("published/home-redis")["input"].to_string())]);
    let ran = folder.run(&["evaluate", "request.json"]);
    golden("evaluate.txt", &ran.said);
    assert_eq!(ran.code, 1);
}

#[test]
fn the_numbers_are_the_configurations_and_mistakes_are_told() {
    let strict = "version: 1\npolicy: {gates: {constants: {quality_minimum: 0.95}}}\n";
    let request = "{\"novelty_score\": 0.9, \"complexity_score\": 0.8, \"quality_score\": 0.9}";
    let folder = Folder::with(&[
        ("aegis.yaml", strict),
        ("wrong.yaml", "version: 1\npolicy: {gates: {constants: {tau_warning: 2}}}\n"),
        ("request.json", request),
        ("bad.json", "{\"phase\": \"deploy\"}"),
    ]);
    assert_eq!(folder.run(&["evaluate", "request.json"]).code, 0);
    let ran = folder.run(&["evaluate", "--config", "aegis.yaml", "request.json"]);
    assert!(ran.code == 1 && ran.said.contains("quality    FAIL"), "{}", ran.said);
    let ran = folder.run(&["evaluate", "--config", "wrong.yaml", "request.json"]);
    assert!(ran.code == 64 && ran.errors.contains("tau_warning"), "{}", ran.errors);
    let ran = folder.run(&["evaluate", "nowhere.json"]);
    assert!(ran.code == 2 && ran.errors.contains("nowhere.json cannot be read"), "{}", ran.errors);
    let ran = folder.run(&["evaluate", "bad.json"]);
    assert!(ran.code == 2 && ran.errors.contains("phase must be one of"), "{}", ran.errors);

    let mut child = aegis()
        .args(["evaluate", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["status"], "proceed");
}
