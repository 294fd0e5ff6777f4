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

#[test]
fn of_very_many_mistakes_the_first_hundred_are_told() {
    let server = Server::start(POLICY, &Start::default());
    let flow = |rule: &str, count: usize| format!("rules: [{}]\n", vec![rule; count].join(", "));
    let keys = |count: usize| (0..count).map(|key| format!("k{key}: 1, ")).collect::<String>();
    for (policy, problems, more) in [
        (flow("{approval: maybe}", 100), 100, json!(null)),
        (flow("{approval: maybe}", 101), 100, json!(1)),
        (flow("{typ: x, name: 7}", 9000), 100, json!(901)),
        (flow("{}", 10_001), 1, json!(null)),
        (flow("1", 100_000), 1, json!(null)),
        (format!("rules: [{{{}}}]", keys(1000)), 100, json!(900)),
        (format!("rules: [{{{}}}]", keys(60_000)), 1, json!(null)),
        (format!("rules: [{{conditions: {{param_eq: {{{}}}}}}}]", keys(1001)), 1, json!(null)),
        (format!("rules: [{{conditions: {{param_matches: {{{}}}}}}}]", keys(1000)), 100, json!(900)),
        (flow("{conditions: {time_after: x}}", 2000), 100, json!(901)),
        (format!("rules: []\n{}", "rules: []\n".repeat(50_000)), 100, json!(901)),
    ] {
        let answer = put(&server, &yaml(&policy));
        let (shown, body) = (&policy[..policy.len().min(80)], answer.json());
        assert_eq!((answer.status, &body["error"]), (400, &json!("Bad request")), "{shown}");
        assert_eq!(body["problems"].as_array().unwrap().len(), problems, "{shown}: {body:.400}");
        assert_eq!(body["more"], more, "{shown}");
        assert!(answer.body.len() < 64 * 1024, "{shown}: {}", answer.body.len());
    }
    assert_eq!(put(&server, &yaml(&flow("{}", 10_000))).json()["rule_count"], 10_000);
}

#[test]
fn a_file_broken_while_the_server_was_down_does_not_take_the_policy_away() {
    let mut server = Server::start(POLICY, &Start::default());
    assert_eq!(put(&server, &yaml(BLOCK_READS)).status, 200);
    assert!(server.running.stop("TERM").success());
    std::fs::write(server.policy_file(), "rules:\n  - {nam: broken}\n").unwrap();
    let mut again = server.restart(&Start::default());
    assert_eq!(again.approval("read"), "block");
    let log = again.running.log();
    assert!(log.contains("policy.yaml:2:6") && log.contains("in force instead"), "{log}");
    let health = again.client().get("/health").json();
    assert_eq!(health["checks"]["config"]["rejected"]["problems"], 1, "{health}");
    let ready = again.client().get("/readyz");
    assert_eq!((ready.status, &ready.json()["rejected"]), (200, &json!(true)));
    let problems = &again.client().get("/api/v1/status").json()["rejected"]["problems"];
    assert!(problems[0].as_str().unwrap().contains("policy.yaml:2:6"), "{problems}");
    // It is kept for the start after that too, and a mended file wins as ever.
    assert!(again.running.stop("TERM").success());
    let third = again.restart(&Start::default());
    assert_eq!(third.approval("read"), "block");
    std::fs::write(third.policy_file(), format!("# mended\n{POLICY}")).unwrap();
    eventually("the mended file", || (third.approval("read") == "auto").then_some(()));
    assert_eq!(third.client().get("/readyz").json()["rejected"], false);
}

#[test]
fn a_broken_file_that_no_policy_was_put_over_does_not_start() {
    let mut server = Server::start(POLICY, &Start::default());
    assert!(server.running.stop("TERM").success());
    std::fs::write(server.policy_file(), "rules:\n  - {nam: broken}\n").unwrap();
    let refused = server.try_restart(&Start::default()).unwrap_err();
    assert!(refused.0 == Some(64) && refused.1.contains("policy.yaml:2:6"), "{refused:?}");
    // Nor does one that is gone, whatever was put over it.
    std::fs::write(server.policy_file(), POLICY).unwrap();
    let mut server = server.restart(&Start::default());
    assert_eq!(put(&server, &yaml(BLOCK_READS)).status, 200);
    assert!(server.running.stop("TERM").success());
    std::fs::remove_file(server.policy_file()).unwrap();
    assert_eq!(server.try_restart(&Start::default()).unwrap_err().0, Some(64));
}

#[test]
fn of_two_servers_over_one_policy_the_second_does_not_start() {
    let server = Server::start(POLICY, &Start::default());
    let (status, log) = server.try_restart(&Start::default()).unwrap_err();
    assert_eq!(status, Some(1), "{log}");
    assert!(log.contains("another process serves from") && log.contains("--audit-db"), "{log}");
    assert_eq!(put(&server, &yaml("rules: []")).status, 200);
    // With a place of its own it does, and it goes when its server is gone, however that ends.
    let apart = server.try_restart(&Start::with(&["--audit-db", "other.db"], &[])).unwrap();
    drop((server, apart));
}

#[test]
fn a_log_that_cannot_be_written_costs_its_lines_and_nothing_else() {
    let deaf = Start { deaf: true, ..Start::default() };
    let server = Server::start(POLICY, &deaf);
    assert_eq!(put(&server, &yaml(BLOCK_READS)).status, 200);
    assert_eq!(server.approval("read"), "block");
    assert_eq!(server.client().get("/readyz").status, 200);
}
