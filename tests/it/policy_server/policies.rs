//! Policies by PUT and by file: which one counts, and for how long.

use serde_json::json;

use super::world::{POLICY, Server, Start};
use crate::support::{Answer, eventually};

fn put(server: &Server, body: &str) -> Answer {
    server.client().request("PUT", "/api/v1/policy", &[], body.as_bytes())
}

fn yaml(policy: &str) -> String {
    json!({"yaml": policy}).to_string()
}

const BLOCK_READS: &str = "rules:\n  - {name: no_reads, match: {type: \"read*\"}, approval: block}\n";

#[test]
fn a_policy_by_put_is_in_force_before_the_answer_and_outlives_a_restart() {
    let mut server = Server::start(POLICY, &Start::default());
    assert_eq!(server.approval("read"), "auto");
    let answer = put(&server, &yaml(BLOCK_READS));
    assert_eq!(answer.json(), json!({"status": "updated", "rule_count": 1}));
    assert_eq!(server.approval("read"), "block");
    let shown = server.client().get("/api/v1/policy").json();
    assert_eq!(shown["rules"][0]["name"], "no_reads");
    assert_eq!(
        (&shown["default_risk_level"], &shown["default_approval"]),
        (&json!("MEDIUM"), &json!("block"))
    );
    assert!(server.running.stop("TERM").success());
    let again = server.restart(&Start::default());
    assert_eq!(again.approval("read"), "block");
}

#[test]
fn an_edit_of_the_file_wins_for_good() {
    let mut server = Server::start(POLICY, &Start::default());
    assert_eq!(put(&server, &yaml(BLOCK_READS)).status, 200);
    let edited = format!("{POLICY}- {{name: late, match: {{type: late}}, approval: block}}\n");
    std::fs::write(server.policy_file(), &edited).unwrap();
    eventually("the edited file", || (server.approval("read") == "auto").then_some(()));
    assert_eq!(server.approval("late"), "block");
    // Taken back, it does not bring the policy back that was put over it before.
    std::fs::write(server.policy_file(), POLICY).unwrap();
    eventually("the file as it was", || (server.approval("late") == "approve").then_some(()));
    assert_eq!(server.approval("read"), "auto");
    assert!(server.running.stop("TERM").success());
    assert_eq!(server.restart(&Start::default()).approval("read"), "auto");
}

#[test]
fn an_edit_while_the_server_was_down_wins_too() {
    let mut server = Server::start(POLICY, &Start::default());
    assert_eq!(put(&server, &yaml(BLOCK_READS)).status, 200);
    assert!(server.running.stop("TERM").success());
    std::fs::write(server.policy_file(), format!("# edited\n{POLICY}")).unwrap();
    assert_eq!(server.restart(&Start::default()).approval("read"), "auto");
}

#[test]
fn a_policy_that_is_refused_names_every_place_and_changes_nothing() {
    let server = Server::start(POLICY, &Start::default());
    let bad = "rules:\n  - {name: a, match: {typ: x}, approval: auto}\n  - {name: b, approval: maybe}\n";
    let answer = put(&server, &yaml(bad));
    let body = answer.json();
    assert_eq!((answer.status, &body["error"], &body["line"]), (400, &json!("Bad request"), &json!(2)));
    let lines: Vec<_> = body["problems"].as_array().unwrap().iter().map(|problem| &problem["line"]).collect();
    assert_eq!(lines, [&json!(2), &json!(3)]);
    for body in
        ["{\"yaml\":\"rules:\\n\\t- a\"}", "{\"yaml\":7}", "{\"rules\":{}}", "{\"rules\":[],\"rulez\":[]}"]
    {
        let answer = put(&server, body);
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("Bad request")), "{body}");
    }
    let none = put(&server, "{\"version\":1}").json();
    assert_eq!(none["error"], "Provide 'yaml' string or policy dict with 'rules'");
    assert_eq!(server.approval("read"), "auto");
}

#[test]
fn leniency_goes_for_policies_by_put_as_well() {
    let lax = "rules:\n  - {name: lax, match: {type: \"read*\", typ: x}, approval: block}\n";
    let strict = Server::try_start(lax, &Start::default()).unwrap_err();
    assert!(strict.0 == Some(64) && strict.1.contains("policy.yaml:2:"), "{strict:?}");
    let server = Server::start(lax, &Start::with(&["--lenient"], &[]));
    assert!(server.running.log().contains("typ"), "{}", server.running.log());
    assert_eq!(server.approval("read"), "block");
    assert_eq!(put(&server, &yaml(&lax.replace("block", "auto"))).json()["rule_count"], 1);
    assert_eq!(server.approval("read"), "auto");
}

#[test]
fn hangup_loads_the_file_again_and_keeps_what_was_put_over_it() {
    let server = Server::start(POLICY, &Start::default());
    assert_eq!(put(&server, &yaml(BLOCK_READS)).status, 200);
    let pid = server.running.pid().to_string();
    assert!(std::process::Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
    eventually("the reload", || server.running.log().contains("unchanged").then_some(()));
    assert_eq!(server.approval("read"), "block");
}
