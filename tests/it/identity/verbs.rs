//! `aegis keys create --url|list|rotate|revoke`.

use std::process::Output;

use serde_json::Value;

use super::{call, gateway};
use crate::support::{Gateway, Tool, aegis};

/// A verb that asks `gateway` with the key of that text.
fn keys(gateway: &Gateway, key: &str, arguments: &[&str]) -> Output {
    let url = format!("http://{}", gateway.control);
    let mut command = aegis();
    command.arg("keys").args(arguments).args(["--url", &url]).env("AEGIS_KEY", key);
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn text_in(said: &str) -> String {
    said.lines().find(|line| line.starts_with("aegis_")).unwrap().to_owned()
}

#[test]
fn keys_are_issued_listed_rotated_and_revoked() {
    let tool = Tool::start();
    let gateway = gateway(tool.address, "", "").start();
    let created = said(&keys(
        &gateway,
        "acme-text",
        &["create", "--id", "crm", "--actors", "agent-5", "--group", "ops"],
    ));
    assert!(created.starts_with("The key crm, for its holder. It is shown only now:\n"), "{created}");
    let first = text_in(&created);
    assert_eq!(call(&gateway, &first), 200);
    assert_eq!(gateway.records_of("decision")[0]["actor"], "agent-5");

    let table = said(&keys(&gateway, "acme-text", &["list"]));
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["ID", "TENANT", "SCOPES", "ENDS", "FROM"]);
    assert_eq!(lines[1], ["crm", "acme", "never", "api"]);
    assert_eq!(lines[2], ["bot", "acme", "governance:propose", "never", "configuration"]);
    assert!(!table.contains(&first));

    let rotated = said(&keys(&gateway, "acme-text", &["rotate", "crm", "--overlap-s", "60"]));
    assert!(rotated.contains("The text before is good until "), "{rotated}");
    let second = text_in(&rotated);
    assert_eq!([call(&gateway, &first), call(&gateway, &second)], [200, 200]);
    assert_eq!(said(&keys(&gateway, "acme-text", &["revoke", "crm"])), "crm is revoked\n");
    assert_eq!([call(&gateway, &first), call(&gateway, &second)], [401, 401]);
    assert!(!said(&keys(&gateway, "acme-text", &["list"])).contains("crm"));
    let all: Value =
        serde_json::from_str(&said(&keys(&gateway, "acme-text", &["list", "--all", "--json"]))).unwrap();
    assert_eq!((&all["keys"][0]["id"], all["total"].as_u64()), (&Value::from("crm"), Some(3)));
}

#[test]
fn refusals_are_told_and_end_with_one() {
    let tool = Tool::start();
    let gateway = gateway(tool.address, "", "").start();
    for (key, arguments, code, told) in [
        ("bot-text", &["list"][..], 1, "lacks the scope admin"),
        ("acme-text", &["create", "--id", "x", "--tenant", "other"], 1, "own tenant only"),
        ("acme-text", &["create", "--id", "x", "--scope", "admn"], 2, "did you mean \"admin\"?"),
        ("acme-text", &["revoke", "bot"], 1, "written in the configuration"),
        ("acme-text", &["revoke", "nobody"], 1, "no such key"),
        ("acme-text", &["revoke", "a/b"], 2, "letters, digits"),
        ("acme-text", &["rotate", "bot", "--overlap-s", "604801"], 1, "overlap_s"),
    ] {
        let output = keys(&gateway, key, arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        assert!(errors.contains(told), "{arguments:?}: {errors}");
        assert!(output.stdout.is_empty());
    }
}
