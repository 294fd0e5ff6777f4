//! Actions: batches, what is recorded of them, and those that wait for a person.

use serde_json::{Value, json};

use super::world::{POLICY, Server, Start};
use crate::support::aegis;

#[test]
fn a_bad_item_fails_alone_and_a_batch_of_nothing_else_fails_whole() {
    let server = Server::start(POLICY, &Start::default());
    let batch =
        json!([{"action_type": "read"}, {"action_type": "read", "target": 5}, null, {"type": "delete"}]);
    let answers = server.evaluate(&batch);
    assert_eq!((&answers[0]["approval"], &answers[3]["approval"]), (&json!("auto"), &json!("block")));
    let bad = json!({"error": "Bad request", "field": "target", "index": 1, "detail": "target is a text, not of type number."});
    assert_eq!((&answers[1], &answers[2]["index"]), (&bad, &json!(2)));
    let executed = server.execute(&batch);
    assert_eq!((&executed[0]["status"], &executed[1]["field"]), (&json!("success"), &json!("target")));
    assert_eq!(executed[3]["error"], "Blocked by policy rule: deletes");
    let whole = server.post("/api/v1/evaluate", &json!({"actions": ["read", {}]}));
    assert_eq!((whole.status, &whole.json()["error"]), (400, &json!("Bad request")));
    assert_eq!(whole.json()["errors"][1]["field"], "action_type");
    // What came before a bad item was executed and is recorded; the bad one is not.
    assert_eq!(server.audit("").as_array().unwrap().len(), 2);
}

#[test]
fn connections_outlive_errors() {
    let server = Server::start(POLICY, &Start::default());
    let mut client = server.client();
    let long = format!("{{\"action_type\":\"read\",\"target\":\"{}\"}}", "a".repeat(1024 * 1024));
    for (method, path, body, status) in [
        ("POST", "/api/v1/evaluate", "{", 400),
        ("POST", "/api/v1/evaluate", long.as_str(), 413),
        ("GET", "/api/v1/evaluate", "", 405),
        ("PUT", "/api/v1/policy", "[]", 400),
        ("GET", "/nope", "", 404),
        ("POST", "/api/v1/evaluate/", "{}", 404),
        ("OPTIONS", "/api/v1/policy", "", 405),
        ("GET", "/api/v1/audit?limit=x", "", 400),
        ("POST", "/api/v1/evaluate", "{\"action_type\":\"read\"}", 200),
    ] {
        let answer = client.request(method, path, &[], body.as_bytes());
        assert_eq!(answer.status, status, "{method} {path} {body:.20}");
        assert!(answer.header("content-type").unwrap().contains("json"), "{method} {path}");
    }
    client.send(
        format!("HEAD /api/v1/policy HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address)
            .as_bytes(),
    );
    let head = String::from_utf8(client.read_all()).unwrap();
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
}

#[test]
fn agent_session_and_metadata_are_honored_and_recorded() {
    let server = Server::start(POLICY, &Start::default());
    let ping = |agent: Option<&str>| {
        server.evaluate(&json!({"action_type": "ping", "agent_id": agent}))["matched_rule"].clone()
    };
    assert_eq!([ping(Some("bot-7")), ping(Some("cat")), ping(None)], ["bot", "<default>", "<default>"]);
    let action = json!({
        "action_type": "read", "target": "crm", "agent_id": "bot-7", "session_id": "s1", "description": "look",
        "params": {"Id": 1.50, "id": 1, "apikey": "k"}, "metadata": {"ticket": 7, "token": "t"},
    });
    assert_eq!(server.execute(&action)["status"], "success");
    assert_eq!(server.execute(&json!({"action_type": "read"}))["status"], "success");
    let entries = server.audit("?session_id=s1");
    assert_eq!(entries.as_array().unwrap().len(), 1);
    let entry = &entries[0];
    assert_eq!((&entry["agent_id"], &entry["action_desc"]), (&json!("bot-7"), &json!("look")));
    assert_eq!(entry["action_params"], "{\"Id\": 1.5, \"id\": 1, \"apikey\": \"[REDACTED]\"}");
    assert_eq!(entry["metadata"], json!({"ticket": 7, "token": "[REDACTED]"}));
    let records = server.records();
    let decision = records.iter().find(|record| record["session_id"] == "s1").unwrap();
    assert_eq!((&decision["actor"], &decision["surface"]), (&json!("bot-7"), &json!("policy_server")));
    let of_it =
        |record: &&Value| record["kind"] == "execution" && record["decision_id"] == decision["decision_id"];
    let execution = records.iter().find(of_it).unwrap();
    assert_eq!(
        (&execution["result_status"], &execution["result_data"]),
        (&json!("success"), &json!({"executed": true}))
    );
}

#[test]
fn the_audit_log_can_be_read_from_either_end_in_parts_and_after_a_restart() {
    let mut server = Server::start(POLICY, &Start::default());
    for target in ["a", "b", "c", "d"] {
        server.execute(
            &json!({"action_type": if target == "c" { "delete" } else { "read" }, "target": target}),
        );
    }
    let targets = |server: &Server, query: &str| -> Vec<String> {
        let entries = server.audit(query);
        let entries = entries.as_array().unwrap_or_else(|| panic!("{query}: {entries}"));
        entries
            .iter()
            .map(|entry| format!("{}{}", entry["id"], entry["action_target"].as_str().unwrap()))
            .collect()
    };
    assert_eq!(targets(&server, ""), ["1a", "2b", "3c", "4d"]);
    assert_eq!(targets(&server, "?order=desc&limit=2"), ["4d", "3c"]);
    assert_eq!(targets(&server, "?offset=1&limit=2"), ["2b", "3c"]);
    assert_eq!(targets(&server, "?result_status=blocked"), ["3c"]);
    assert_eq!(targets(&server, "?risk_level=low&action_type=read&limit=1"), ["1a"]);
    let times = server.audit("");
    let time = |index: usize| times[index]["timestamp"].as_str().unwrap().replace('+', "%2B");
    assert_eq!(targets(&server, &format!("?since={}", time(2))), ["3c", "4d"]);
    assert_eq!(targets(&server, &format!("?until={}", time(2))), ["1a", "2b"]);
    for bad in ["?order=up", "?since=yesterday", "?offset=-1", "?limit=99999999999999999999"] {
        assert_eq!(server.client().get(&format!("/api/v1/audit{bad}")).status, 400, "{bad}");
    }
    assert!(server.running.stop("TERM").success());
    let again = server.restart(&Start::default());
    again.execute(&json!({"action_type": "read", "target": "e"}));
    assert_eq!(targets(&again, "?order=desc&limit=2"), ["5e", "4d"]);
}

#[test]
fn what_a_log_holds_beyond_one_page_comes_whole() {
    let server = Server::start(POLICY, &Start::default());
    let batch: Vec<Value> =
        (0..600).map(|number| json!({"action_type": "delete", "target": number.to_string()})).collect();
    server.execute(&json!(batch));
    server.execute(&json!(batch));
    let ids = |query: &str| -> Vec<u64> {
        server.audit(query).as_array().unwrap().iter().map(|entry| entry["id"].as_u64().unwrap()).collect()
    };
    assert_eq!(ids(""), (1..=1200).collect::<Vec<_>>());
    assert_eq!(ids("?order=desc&offset=10&limit=700"), (491..=1190).rev().collect::<Vec<_>>());
}

#[test]
fn where_people_are_asked_an_action_waits_and_its_repeat_goes_on_once() {
    let server = Server::start(POLICY, &Start::with(&["--approval", "hold"], &[]));
    let action = json!({"action_type": "write", "target": "crm", "params": {"id": 1}});
    let first = server.execute(&action);
    assert_eq!((&first["status"], &first["data"]), (&json!("pending"), &Value::Null));
    assert_eq!(server.execute(&action)["hold_id"], first["hold_id"]);
    assert_ne!(
        server.execute(&json!({"action_type": "write", "target": "crm"}))["hold_id"],
        first["hold_id"]
    );
    // What was done before it is a part of what is approved: in a session it is another action, and in each session another.
    let in_session = |session: &str| {
        let action =
            json!({"action_type": "write", "target": "crm", "params": {"id": 1}, "session_id": session});
        server.execute(&action)["hold_id"].clone()
    };
    let holds = [first["hold_id"].clone(), in_session("s1"), in_session("s2")];
    assert_eq!(in_session("s1"), holds[1]);
    assert!(holds[0] != holds[1] && holds[0] != holds[2] && holds[1] != holds[2], "{holds:?}");
    let url = format!("http://{}", server.address);
    let hold = first["hold_id"].as_str().unwrap();
    let approved = aegis().args(["holds", "approve", hold, "--url", &url]).output().unwrap();
    assert!(approved.status.success(), "{approved:?}");
    let second = server.execute(&action);
    assert_eq!((&second["status"], &second["data"]), (&json!("success"), &json!({"executed": true})));
    assert_eq!(server.execute(&action)["status"], "pending", "an approval is for one action");
    let entries = server.audit("?result_status=success");
    assert_eq!(
        (&entries[0]["human_decision"], &entries[0]["approval"]),
        (&json!("approved"), &json!("approve"))
    );
}

#[test]
fn a_rejected_action_is_denied() {
    let keys = [("AEGIS_API_KEY", "k1"), ("AEGIS_ADMIN_KEY", "adm")];
    let server = Server::start(POLICY, &Start::with(&["--approval", "hold"], &keys));
    let action = json!({"action_type": "write", "target": "crm"}).to_string();
    let execute = || {
        server.client().request("POST", "/api/v1/execute", &[("X-API-Key", "k1")], action.as_bytes()).json()
    };
    let hold = execute()["hold_id"].as_str().unwrap().to_owned();
    let decide = |key: &str| {
        let path = format!("/api/v1/holds/{hold}/reject");
        server.client().request("POST", &path, &[("X-API-Key", key)], b"").status
    };
    assert_eq!((decide("k1"), decide("adm")), (403, 200));
    assert_eq!(execute()["status"], "denied");
}

#[test]
fn sessions_count_only_what_names_them() {
    let policy = "rules:\n  - {name: all, match: {type: \"*\"}, risk_level: medium, approval: auto}\n\
        plan_rules:\n  cumulative_risk: {max_total_risk: 5, on_exceed: block}\n";
    let server = Server::start(policy, &Start::default());
    let run = |session: Option<&str>| {
        server.execute(&json!({"action_type": "read", "session_id": session}))["status"].clone()
    };
    assert_eq!([run(Some("s")), run(Some("s")), run(Some("s"))], ["success", "success", "blocked"]);
    for _ in 0..5 {
        assert_eq!(run(None), "success");
    }
}

/// A server that was killed and started again knows what was done in a session: alone, by approval, and in all.
#[test]
fn what_a_session_did_outlives_a_killed_server() {
    let policy = "rules:\n  - {name: asks, match: {type: ask}, approval: approve, risk_level: low}\n\
        \x20 - {name: all, match: {type: \"*\"}, risk_level: medium, approval: auto}\n\
        plan_rules:\n  sequence_patterns:\n    - {name: leak, steps: [read, send]}\n\
        \x20   - {name: asked, steps: [ask, pay], window: 3}\n\
        \x20 cumulative_risk: {max_total_risk: 5, on_exceed: block}\n";
    let keys = [("AEGIS_API_KEY", "k1"), ("AEGIS_ADMIN_KEY", "adm")];
    let start = Start::with(&["--approval", "hold"], &keys);
    let mut server = Server::start(policy, &start);
    let post = |server: &Server, key: &str, path: &str, body: &Value| {
        server.client().request("POST", path, &[("X-API-Key", key)], body.to_string().as_bytes()).json()
    };
    let run = |server: &Server, action: &str, session: &str| {
        let action = json!({"action_type": action, "session_id": session});
        post(server, "k1", "/api/v1/execute", &action)
    };
    let said = |server: &Server, action: &str, session: &str| run(server, action, session)["status"].clone();
    assert_eq!(said(&server, "read", "s"), "success");
    assert_eq!([said(&server, "read", "sum"), said(&server, "list", "sum")], ["success", "success"]);
    // One is approved and runs; one waits, and so does not count.
    for session in ["held", "waits"] {
        let hold = run(&server, "ask", session)["hold_id"].as_str().unwrap().to_owned();
        if session == "held" {
            let path = format!("/api/v1/holds/{hold}/approve");
            let approved = server.client().request("POST", &path, &[("X-API-Key", "adm")], b"");
            assert_eq!(approved.status, 200, "{}", approved.text());
            assert_eq!(said(&server, "ask", session), "success");
        }
    }
    server.running.stop("KILL");
    let server = server.restart(&start);
    let error = run(&server, "send", "s")["error"].clone();
    assert_eq!(error, "Blocked by plan rule: Forbidden sequence 'leak': 'read' \u{2192} 'send'");
    let error = run(&server, "list", "sum")["error"].clone();
    assert_eq!(error, "Blocked by plan rule: Cumulative risk 6 exceeds threshold 5");
    assert_eq!([said(&server, "pay", "held"), said(&server, "pay", "waits")], ["blocked", "success"]);
    // Another session, and an action that names none, have done nothing.
    assert_eq!([said(&server, "send", "t"), said(&server, "list", "t")], ["success", "success"]);
}

/// What is evaluated together is judged as if it were executed together, and leaves nothing behind.
#[test]
fn a_batch_is_evaluated_as_it_would_be_executed() {
    let policy = "rules:\n  - {name: asks, match: {type: ask}, approval: approve}\n\
        \x20 - {name: all, match: {type: \"*\"}, risk_level: low, approval: auto}\n\
        plan_rules:\n  sequence_patterns:\n    - {name: leak, steps: [read, send]}\n\
        \x20   - {name: asked, steps: [ask, send], approval: approve}\n";
    let server = Server::start(policy, &Start::with(&["--approval", "hold"], &[]));
    let action = |action: &str, session: &str| json!({"action_type": action, "session_id": session});
    let batch = json!([
        action("send", "s"),
        action("ask", "s"),
        action("read", "s"),
        action("send", "t"),
        // An action that execute would refuse to record is not executed, so it counts as little.
        {"action_type": "read", "session_id": "t", "description": {"a": 1}},
        action("send", "t"),
        action("send", "s"),
        {"action_type": "read"},
        {"action_type": "send"},
    ]);
    let said = |answers: &Value| -> Vec<String> {
        let said = |answer: &Value| match answer["status"].as_str().or(answer["approval"].as_str()) {
            Some("success") => "auto".to_owned(),
            Some("pending") => "approve".to_owned(),
            Some("blocked") => "block".to_owned(),
            Some(other) => other.to_owned(),
            None => "error".to_owned(),
        };
        answers.as_array().unwrap().iter().map(said).collect()
    };
    let mut expected = ["auto", "approve", "auto", "auto", "auto", "auto", "block", "auto", "auto"];
    for _again in 0..2 {
        let answers = server.evaluate(&batch);
        assert_eq!(said(&answers), expected, "{answers}");
        let blocked = json!({"action_type": "send", "target": "", "risk_level": "LOW", "approval": "block", "is_allowed": false,
            "matched_rule": "all", "outcome": "DENY", "decided_by": {"engine": "plan", "rule": "leak"},
            "reason": "Blocked by plan rule: Forbidden sequence 'leak': 'read' \u{2192} 'send'"});
        assert_eq!(answers[6], blocked);
        assert_eq!(answers[0].get("decided_by"), None);
    }
    expected[4] = "error";
    assert_eq!(said(&server.execute(&batch)), expected);
    // What was executed counts in what is evaluated afterwards.
    assert_eq!(server.evaluate(&action("send", "s"))["approval"], "block");
}

#[test]
fn what_was_executed_is_listed_from_the_command_line() {
    let server = Server::start(POLICY, &Start::with(&[], &[("AEGIS_API_KEY", "k1")]));
    let batch = json!([{"action_type": "read", "target": "a"}, {"action_type": "delete", "target": "b c&d"},
        {"action_type": "read_all", "agent_id": "bot-1", "target": "\u{1b}[2J"}]);
    let key = [("X-API-Key", "k1")];
    server.client().request("POST", "/api/v1/execute", &key, batch.to_string().as_bytes());
    let url = format!("http://{}", server.address);
    let list = |arguments: &[&str]| {
        let mut command = aegis();
        command.args(["audit", "list"]).args(arguments).env("AEGIS_URL", &url).env("AEGIS_KEY", "k1");
        command.output().unwrap()
    };
    let said = |arguments: &[&str]| {
        let output = list(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let words = |line: &str| line.split("  ").map(str::to_owned).collect::<Vec<_>>();
    let all = said(&[]);
    let rows: Vec<_> = all.lines().map(words).collect();
    assert_eq!(rows[1][1..7], ["blocked", "block", "-", "delete", "b c&d", "deletes"], "{all}");
    assert_eq!((rows.len(), &*rows[0][4], &*rows[2][1]), (3, "read_all", "success"));
    assert!(!all.contains('\u{1b}'), "what agents write moves no cursor");
    assert_eq!(
        said(&["--limit", "2", "--order", "asc"]).lines().last(),
        Some("there are more: raise --limit")
    );
    let entries = said(&["--json", "--capability", "delete", "--since", "2020-01-01T00:00:00Z"]);
    let entry: Value = serde_json::from_str(entries.trim()).unwrap();
    assert_eq!((&entry["id"], &entry["action_target"]), (&json!(2), &json!("b c&d")));
    assert_eq!(said(&["--until", "2020-01-01T00:00:00Z"]), "no such calls\n");
    assert_eq!(said(&["--capability", "re ad&limit=0"]), "no such calls\n");
    let codes = [&["--actor", "bot-1"][..], &["--key", "k2"], &["--url", "http://127.0.0.1:1"]];
    assert_eq!(codes.map(|arguments| list(arguments).status.code()), [Some(2), Some(1), Some(3)]);
    // A folder is read without anybody being asked.
    let ledger = server.ledger();
    let offline = said(&["--url", "http://127.0.0.1:1", "--actor", "bot-1", ledger.to_str().unwrap()]);
    assert!(offline.contains("read_all"), "{offline}");
}

#[test]
fn times_of_the_audit_log_are_those_of_the_standard() {
    let server = Server::start(POLICY, &Start::default());
    server.execute(&json!({"action_type": "read", "target": "a"}));
    for (query, found) in [
        ("since=0000-01-01T00:00:00Z&until=9999-12-31T23:59:59.999Z", 1),
        ("since=9999-12-31T00:00:00Z", 0),
        ("since=2016-12-31T23:59:60Z", 1),
        ("until=2015-07-01T01:59:60%2B02:00", 0),
    ] {
        let listed = server.audit(&format!("?{query}"));
        assert_eq!(listed.as_array().map(Vec::len), Some(found), "{query}: {listed}");
    }
    for bad in ["2026-11-23", "2026-11-23T06:19:60Z", "2026-02-30T00:00:00Z", "2026-11-23T06:19:54+01:00"] {
        for name in ["since", "until"] {
            let answer = server.client().get(&format!("/api/v1/audit?{name}={bad}"));
            let body = answer.json();
            assert_eq!((answer.status, &body["field"]), (400, &json!(name)), "{bad}");
            assert!(body["detail"].as_str().unwrap().contains("RFC 3339"), "{body}");
        }
    }
}

#[test]
fn a_number_that_nothing_compares_with_is_refused_by_its_place() {
    let server = Server::start(POLICY, &Start::default());
    for number in ["1e400".to_owned(), "9".repeat(309)] {
        let body = format!("{{\"actions\":[{{\"type\":\"pay\",\"params\":{{\"amount\":{number}}}}}]}}");
        let answer = server.client().post_json("/api/v1/evaluate", &body);
        let told = answer.json();
        assert_eq!((answer.status, &told["error"]), (400, &json!("Bad request")));
        assert_eq!(told["field"], "actions[0].params.amount");
        assert!(told["detail"].as_str().unwrap().contains("send it as a text"), "{told}");
    }
}

#[test]
fn a_body_that_is_far_too_long_is_answered_before_the_connection_ends() {
    let server = Server::start(POLICY, &Start::with(&[], &[("AEGIS_API_KEY", "k1")]));
    for (headers, status) in [(&[("X-API-Key", "k1")][..], 413), (&[], 401)] {
        let long = vec![b' '; 8 * 1024 * 1024];
        let answer = server.client().request("POST", "/api/v1/evaluate", headers, &long);
        assert_eq!((answer.status, answer.header("connection")), (status, Some("close")));
    }
    let mut client = server.client();
    for _ in 0..2 {
        let long = vec![b' '; 1024 * 1024 + 1];
        let answer = client.request("POST", "/api/v1/evaluate", &[("X-API-Key", "k1")], &long);
        assert_eq!((answer.status, answer.header("connection")), (413, None));
    }
}
