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
