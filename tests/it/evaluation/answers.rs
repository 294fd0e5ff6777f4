//! What is answered, and what the ledger has of it.

use serde_json::{Value, json};

use super::world::{BOT, OTHER, READER, configured, get, has_headers, post, start};

const VECTORS: &str = include_str!("../../golden/gates/vectors.json");

#[test]
fn every_vector_is_answered_to_the_last_digit() {
    let gateway = start("");
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    for vector in vectors["vectors"].as_array().unwrap() {
        let path = format!("/{}", vector["endpoint"].as_str().unwrap());
        let answer = post(&gateway, &path, BOT, &vector["input"].to_string());
        let mut told = answer.json();
        let members = told.as_object_mut().unwrap();
        let id = members.remove("decision_id");
        for drawn in ["timestamp", "_tenant_id", "_request_id"] {
            members.remove(drawn);
        }
        let name = &vector["name"];
        assert_eq!(u64::from(answer.status), vector["http_status"].as_u64().unwrap(), "{name}");
        if answer.status == 400 {
            // The words are free.
            assert_eq!(told["code"], "bad_request", "{name}");
            continue;
        }
        assert_eq!(told, vector["output"], "{name}");
        assert_eq!(id.is_some(), path == "/evaluate", "{name}");
    }
}

#[test]
fn what_shadow_mode_decides_is_not_enforced() {
    let gateway = start("");
    let watched = post(&gateway, "/evaluate", BOT, "{\"shadow_mode\": true}").json();
    let path = format!("/api/v1/governance/decisions/{}", watched["decision_id"].as_str().unwrap());
    assert_eq!(get(&gateway, &path, READER)["enforced"], false);
}

#[test]
fn an_evaluation_is_a_decision_and_a_risk_check_is_none() {
    let gateway = start("");
    let asked = json!({
        "proposal_summary": "Add caching layer", "agent_id": "deploy-bot", "session_id": "s-1", "estimated_impact": "high",
        "metadata": {"ticket": "OPS-1", "password": "hunter2"},
    });
    let told = post(&gateway, "/evaluate", BOT, &asked.to_string()).json();
    post(&gateway, "/risk-check", BOT, "{\"risk_score\": 0.1}");
    let id = told["decision_id"].as_str().unwrap();
    assert!(told["timestamp"].as_str().unwrap().ends_with("+00:00"), "{told}");
    assert_eq!((&told["_tenant_id"], &told["status"]), (&json!("acme"), &json!("escalate")));

    let decision = get(&gateway, &format!("/api/v1/governance/decisions/{id}"), READER);
    assert_eq!(decision["outcome"], "ESCALATE", "{decision}");
    assert_eq!((&decision["surface"], &decision["code"]), (&json!("evaluation"), &json!("gates_failed")));
    assert_eq!((&decision["actor"]["id"], &decision["reason"]), (&json!("agent-1"), &told["rationale"]));
    assert_eq!(decision["context"]["session_id"], "s-1");
    assert_eq!(decision["enforced"], true);
    let all = get(&gateway, "/api/v1/governance/decisions", READER);
    assert_eq!((&all["total"], &all["decisions"][0]["decision_id"]), (&json!(1), &decision["decision_id"]));
    // Nobody else's.
    let elsewhere = get(&gateway, "/api/v1/governance/decisions?actor_id=agent-1", READER);
    assert_eq!(elsewhere["total"], 1);
    assert_eq!(
        get(&gateway, &format!("/api/v1/governance/decisions/{id}"), OTHER)["error"]["code"],
        "not-found"
    );

    let records: Vec<Value> =
        gateway.records().into_iter().filter(|record| record["kind"] == "decision").collect();
    let [record] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(record["evaluation"]["_request_id"], told["_request_id"]);
    assert_eq!((&record["agent_id"], &record["evaluation"]["gates"]), (&json!("deploy-bot"), &told["gates"]));
    assert_eq!(record["arguments"]["metadata"], json!({"ticket": "OPS-1", "password": "[REDACTED]"}));
}

#[test]
fn the_examples_of_the_document_are_answered() {
    let gateway = start("");
    let evaluate = r#"{
      "proposal_summary": "Add caching layer to reduce API latency", "estimated_impact": "medium", "risk_baseline": 0.05,
      "risk_proposed": 0.08, "profit_baseline": 0.10, "profit_proposed": 0.18, "complexity_score": 0.4, "quality_score": 0.85}"#;
    let told = post(&gateway, "/evaluate", BOT, evaluate).json();
    let names: Vec<&str> = told.as_object().unwrap().keys().map(String::as_str).collect();
    let documented = [
        "status",
        "confidence",
        "gates_passed",
        "gates_failed",
        "failing_gates",
        "rationale",
        "next_steps",
        "constraints",
        "decision_id",
        "timestamp",
        "override_eligible",
        "override_requires",
        "gates",
        "_tenant_id",
        "_request_id",
    ];
    assert_eq!(names, documented);
    let check = r#"{"risk_score": 0.35, "threshold": 0.5, "agent_id": "deploy-bot",
      "action_description": "Deploy canary to staging"}"#;
    let mut told = post(&gateway, "/risk-check", BOT, check).json();
    assert!(told.as_object_mut().unwrap().remove("_request_id").is_some());
    let expected = json!({"safe": true, "risk_score": 0.35, "threshold": 0.5, "agent_id": "deploy-bot", "_tenant_id": "acme"});
    assert_eq!(told, expected);
    let health = gateway.control_client().get("/health");
    has_headers(&health, Some("anonymous"));
    assert_eq!((health.status, &health.json()["checks"]["gates"]["ok"]), (200, &json!(true)));
}

#[test]
fn the_gates_go_by_the_configured_numbers() {
    let asked = "{\"novelty_score\": 0.9, \"complexity_score\": 0.8, \"quality_score\": 0.75}";
    for (policy, status) in [
        ("policy: {default: deny}", "proceed"),
        ("policy: {gates: {constants: {quality_minimum: 0.8}}}", "pause"),
        ("policy: {gates: {constants: {novelty_direction: at_most}}}", "pause"),
    ] {
        let gateway = configured(policy, "");
        assert_eq!(post(&gateway, "/evaluate", BOT, asked).json()["status"], status, "{policy}");
    }
}
