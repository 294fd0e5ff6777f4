//! `GET /api/v1/audit/log`: the records of the ledger, and the trail of a decision.

use serde_json::{Value, json};

use super::world::{World, names};
use crate::support::eventually;

const PATH: &str = "/api/v1/audit/log";

fn kinds(page: &Value) -> Vec<&str> {
    page["entries"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect()
}

#[test]
fn records_of_the_tenant_are_listed_with_their_kinds_newest_first() {
    let world = World::populated();
    let page = world.get("auditor", PATH);
    assert_eq!(names(&page), ["entries", "total", "cursor"]);
    // The held call left the hold's record as well.
    assert_eq!(kinds(&page), ["decision", "decision", "hold", "decision", "decision"]);
    assert_eq!(page["total"], 5);
    let (records, entries) = (world.gateway.records(), page["entries"].as_array().unwrap());
    for entry in entries {
        let record = records.iter().find(|record| record["seq"] == entry["seq"]).unwrap();
        assert_eq!(entry["timestamp"], record["time"]);
        assert_eq!(entry["previous_hash"], record["previous_hash"]);
        let next = records.iter().find(|next| next["seq"] == entry["seq"].as_u64().unwrap() + 1);
        if let Some(next) = next {
            assert_eq!(next["previous_hash"], entry["hash"]);
        }
        assert!(entry["id"].as_str().is_some_and(|id| id.starts_with("aud_") && id.len() == 30), "{entry}");
    }
    let oldest = entries.last().unwrap();
    for (name, expected) in [
        ("event_type", json!("governance.decision")),
        ("actor_id", json!("agent-1")),
        ("capability", json!("crm.contacts.read")),
        ("outcome", json!("ALLOW")),
        ("risk_score", json!(0.1)),
        ("policies_evaluated", json!(["reads"])),
        ("policy_matched", json!("reads")),
    ] {
        assert_eq!(oldest[name], expected, "{name}: {oldest}");
    }
    for (query, total) in [
        ("event_type=governance.decision", 4),
        ("event_type=decision", 4),
        ("event_type=hold", 1),
        ("event_type=policy.created", 0),
        ("event_type=governance.decision&outcome=DENY", 1),
        ("actor_id=agent-2", 2),
        ("capability=crm.contacts.create", 2),
    ] {
        assert_eq!(world.get("auditor", &format!("{PATH}?{query}"))["total"], total, "{query}");
    }
    let first = world.get("auditor", &format!("{PATH}?limit=2"));
    let cursor = first["cursor"].as_str().unwrap();
    let rest = world.get("auditor", &format!("{PATH}?limit=200&cursor={cursor}"));
    assert_eq!((kinds(&rest).len(), &rest["cursor"]), (3, &Value::Null));
    assert_eq!(world.get("stranger", PATH)["total"], 1);
}

#[test]
fn the_trail_of_a_decision_has_all_its_parts() {
    let world = World::populated();
    let page = world.get("auditor", &format!("{PATH}?capability=crm.contacts.read"));
    let id = page["entries"][0]["decision_id"].as_str().unwrap().to_owned();
    let trail = eventually("the execution", || {
        let trail = world.get("auditor", &format!("{PATH}/{id}"));
        (!trail["execution"].is_null()).then_some(trail)
    });
    let parts = ["decision_id", "audit_ref", "request", "evaluation", "decision", "execution", "integrity"];
    assert_eq!(names(&trail), parts);
    for (path, expected) in [
        ("/request/actor/id", json!("agent-1")),
        ("/request/action/capability", json!("crm.contacts.read")),
        ("/evaluation/capability_check", json!("no_objection")),
        ("/evaluation/authority_check", json!("no_objection")),
        ("/evaluation/risk_score", json!(0.1)),
        ("/evaluation/policy_matched", json!("reads")),
        ("/decision/outcome", json!("ALLOW")),
        ("/decision/constraints", json!({})),
        ("/execution/status", json!(200)),
    ] {
        assert_eq!(trail.pointer(path), Some(&expected), "{path}: {trail}");
    }
    let reference = trail["audit_ref"].as_str().unwrap();
    assert_eq!(world.get("auditor", &format!("{PATH}/{reference}")), trail);
    for (who, path, status) in [
        ("stranger", format!("{PATH}/{id}"), 404),
        ("auditor", format!("{PATH}/dec_nothing"), 404),
        ("auditor", format!("{PATH}/%ff"), 404),
        ("reader", format!("{PATH}/{id}"), 403),
        ("reader", PATH.to_owned(), 403),
        ("auditor", format!("{PATH}?limit=0"), 400),
        ("auditor", format!("{PATH}?cursor=next_abc"), 400),
        ("auditor", format!("{PATH}?kind=hold"), 400),
    ] {
        let answer = world.ask(who, "GET", &path);
        let problem = answer.header("content-type");
        assert_eq!((answer.status, problem), (status, Some("application/problem+json")), "{who} {path}");
    }
    assert_eq!(world.ask("auditor", "POST", PATH).status, 405);
}
