//! `aegis keys create`: a key that works with the line printed beside it, and no key where something is wrong.

use std::fs;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Client, Running, aegis, key_hash};

fn create(arguments: &[&str]) -> Output {
    aegis().args(["keys", "create"]).args(arguments).output().unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// The key and its line, as people read them.
fn created(arguments: &[&str]) -> (String, String) {
    let output = create(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(output.stderr));
    let said = text(output.stdout);
    assert!(said.contains("shown only now") && said.contains("control.keys"), "{said}");
    let line_after = |start: &str| said.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
    (line_after("aegis_"), line_after("    - "))
}

/// The one key of a configuration that is given this line.
fn entry(line: &str) -> Value {
    let folder = TempDir::new().unwrap();
    let config = format!("control:\n  keys:\n{line}\n");
    fs::write(folder.path().join("gateway.yaml"), &config).unwrap();
    let checked = aegis().args(["check", "gateway.yaml"]).current_dir(folder.path()).output().unwrap();
    assert!(checked.status.success(), "{line}: {}", text(checked.stderr));
    let config: Value = serde_saphyr::from_str(&config).unwrap();
    config["control"]["keys"][0].clone()
}

#[test]
fn the_line_is_what_the_configuration_accepts() {
    let hash = |key: &str| Value::from(key_hash(key));
    let (key, line) = created(&["--id", "bot"]);
    assert_eq!(line, format!("    - {{id: bot, hash: \"{}\"}}", key_hash(&key)));
    assert_eq!(entry(&line)["hash"], hash(&key));

    let (key, line) = created(&[
        "--id",
        "on",
        "--tenant",
        "a: b",
        "--scope",
        "holds:approve",
        "--scope",
        "audit:read",
        "--actors",
        "agent-*",
        "--actors",
        "#1",
        "--actor",
        "x:{y}#1",
        "--actor-type",
        "automation",
        "--role",
        "risk_lead",
        "--role",
        "ops.eu",
        "--person",
        "Ada Lövelace, \\Ops",
        "--expires",
        "2999-01-01T00:00:00Z",
    ]);
    let expected = serde_json::json!({
        "id": "on", "hash": hash(&key), "tenant": "a: b", "scopes": ["holds:approve", "audit:read"],
        "actors": ["agent-*", "#1"], "actor": {"id": "x:{y}#1", "type": "automation"}, "roles": ["risk_lead", "ops.eu"],
        "person": "Ada Lövelace, \\Ops", "expires_at": "2999-01-01T00:00:00Z",
    });
    assert_eq!(entry(&line), expected);

    let (_, line) =
        created(&["--id", "both", "--scope", "governance:propose", "--scope", "admin", "--force"]);
    assert_eq!(entry(&line)["force"], true);
}

#[test]
fn a_key_is_random_and_as_long_as_it_should_be() {
    let (first, second) = (created(&["--id", "a"]).0, created(&["--id", "a"]).0);
    assert_ne!(first, second);
    let digits = first.strip_prefix("aegis_").unwrap();
    assert!(digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{first}");
}

#[test]
fn programs_are_given_the_same() {
    let output = create(&["--id", "bot", "--scope", "metrics:read", "--json"]);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<&str> = said.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["key", "id", "hash", "entry"]);
    let hash = key_hash(said["key"].as_str().unwrap());
    assert_eq!((said["id"].as_str(), said["hash"].as_str()), (Some("bot"), Some(hash.as_str())));
    let expected = format!("{{id: bot, hash: \"{hash}\", scopes: [\"metrics:read\"]}}");
    assert_eq!(said["entry"], Value::from(expected));
    assert!(output.stderr.is_empty());
}

#[test]
fn the_key_is_let_in_by_a_gateway_that_has_its_line() {
    let (key, line) = created(&["--id", "scraper", "--scope", "metrics:read"]);
    let folder = TempDir::new().unwrap();
    let config = format!(
        "data_dir: data\naudit: {{durability: process}}\ngateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\n\
         control:\n  listen: 127.0.0.1:0\n  keys:\n{line}\n"
    );
    fs::write(folder.path().join("gateway.yaml"), config).unwrap();
    let mut gateway =
        Running::start(aegis().args(["serve", "--config", "gateway.yaml"]).current_dir(folder.path()));
    let mut control = Client::connect(gateway.address("control listening on http://"));
    let status = |control: &mut Client, key: &str| {
        control.request("GET", "/metrics", &[("X-Api-Key", key)], b"").status
    };
    assert_eq!(status(&mut control, &key), 200);
    assert_eq!(status(&mut control, &key.to_uppercase()), 401);
    assert!(gateway.stop("TERM").success());
}

#[test]
fn what_is_wrong_is_said_before_any_key_is_made() {
    let both = ["--id", "a", "--scope", "governance:propose", "--scope", "holds:approve"];
    for (arguments, expected) in [
        (
            &["--id", "a", "--scope", "admin", "--scope", "hold:approve"][..],
            "--scope \"hold:approve\": unknown scope; did you mean \"holds:approve\"?",
        ),
        (
            &["--id", "a", "--scope", "everything"],
            "--scope \"everything\": unknown scope; known scopes: admin, ",
        ),
        (
            &both,
            "--scope: governance:propose and holds:approve in one key let its holder decide on its own calls; use two keys, or say --force",
        ),
        (
            &["--id", "a", "--expires", "tomorrow"],
            "--expires: not a time such as 2027-01-31T00:00:00Z (RFC 3339)",
        ),
        (&["--id", "a", "--expires", "2020-01-01T00:00:00Z"], "--expires: that is in the past"),
        (
            &["--id", "a", "--actor", "b", "--actor-type", "robot"],
            "--actor-type: expected human, ai-agent, ai-copilot or automation",
        ),
        (&["--id", "a", "--role", "ops", "--role", "risk lead"], "--role \"risk lead\": a role's name has"),
        (&["--id", "a", "--actors", ""], "--actors \"\": a pattern must not be empty"),
        (&["--id", ""], "--id: must not be empty"),
        (&["--id", "a", "--tenant", ""], "--tenant: must not be empty"),
        (&["--id", "a", "--actor", ""], "--actor: must not be empty"),
        (&["--id", "a", "--person", ""], "--person: must not be empty"),
    ] {
        for more in [&[][..], &["--json"]] {
            let output = create(&[arguments, more].concat());
            let errors = text(output.stderr);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
            assert!(errors.starts_with(&format!("aegis: {expected}")), "{arguments:?}: {errors}");
            assert!(output.stdout.is_empty(), "{arguments:?}");
        }
    }
    let output = create(&["--id", "a", "--scope", "x", "--role", "a b", "--expires", "y"]);
    assert_eq!(text(output.stderr).lines().count(), 3, "every mistake is told at once");
}
