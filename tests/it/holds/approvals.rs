//! What an approval does: it lets exactly one call through, the one that was asked for.

use serde_json::{Value, json};

use super::world::{AGENT, BOTH, OPS, OTHER, RISK, SECURITY, World, hold_id, refused};
use crate::support::eventually;

#[test]
fn a_call_that_is_approved_later_runs_when_it_is_repeated_and_only_once() {
    let world = World::start();
    let asked = world.create(AGENT, "ada");
    refused(&asked, 403, "approval_required");
    assert_eq!(asked.json()["type"], "urn:aegis:approval-required");
    assert!(asked.header("retry-after").is_some(), "{:?}", asked.headers);
    let hold = hold_id(&asked);
    // A repeat finds the same hold, and asking changes nothing.
    assert_eq!(hold_id(&world.create(AGENT, "ada")), hold);
    assert_eq!((world.pending().len(), world.tool.count()), (1, 0));

    let approved = world.approve(OPS, &hold);
    assert_eq!((approved.status, &approved.json()["state"]), (200, &json!("approved")));
    assert_eq!(world.tool.count(), 0, "nothing runs until the caller repeats the call");
    assert_eq!(world.create(AGENT, "ada").text(), "{\"ok\":true}");
    assert_eq!(world.tool.only().text(), "{\"name\":\"ada\"}");
    world.until(&hold, "consumed");

    // The next one is another call, though it is the same.
    let again = world.create(AGENT, "ada");
    refused(&again, 403, "approval_required");
    assert_ne!(hold_id(&again), hold);
    assert_eq!(world.tool.count(), 1);
    assert!(world.gateway.verify().status.success());
}

#[test]
fn a_call_that_is_approved_while_it_waits_goes_through_as_if_nothing_had_happened() {
    let world = World::waiting("{wait_ms: 30000}");
    let call = world.creating(AGENT, "ada");
    let hold = world.waited_for(1);
    assert_eq!((world.tool.count(), world.tool.connections()), (0, 0), "no connection to the tool is kept");
    assert_eq!(world.approve(OPS, &hold).status, 200);
    let answer = call.join().unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "{\"ok\":true}"));
    assert_eq!(world.tool.count(), 1);

    let records = world.gateway.records();
    let told: Vec<_> = records
        .iter()
        .filter(|record| record["hold_id"] == hold.as_str())
        .map(|record| {
            (
                record["kind"].as_str().unwrap(),
                record["outcome"].as_str().or(record["state"].as_str()).unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("hold", "pending"),
            ("decision", "REQUIRE_CONFIRMATION"),
            ("hold", "approved"),
            ("decision", "ALLOW")
        ]
    );
    let allowed = records.iter().find(|record| record["code"] == "approved").unwrap();
    assert_eq!(allowed["approved_by"], json!(["ops"]));
    let seen = world.tool.only();
    assert_eq!(json!(seen.header("x-aegis-decision-id")), json!([allowed["decision_id"]]));
    // What lets a call through leaves a second record like any other.
    eventually("the execution record", || {
        let executions = world.gateway.records_of("execution");
        executions.into_iter().find(|record| record["decision_id"] == allowed["decision_id"])
    });
}

#[test]
fn an_approval_is_for_one_call_of_one_caller() {
    let world = World::start();
    let hold = hold_id(&world.create(AGENT, "ada"));
    assert_eq!(world.approve(OPS, &hold).status, 200);
    // Other arguments, another caller, another query, another content type: each is another call.
    let mut client = world.gateway.client();
    let mut post = |target: &str, content_type: &str, body: &str| {
        let headers = [("X-Api-Key", AGENT), ("Content-Type", content_type)];
        client.request("POST", target, &headers, body.as_bytes())
    };
    for answer in [
        world.create(AGENT, "eve"),
        world.create(OTHER, "ada"),
        post("/crm/contacts?loud=1", "application/json", "{\"name\":\"ada\"}"),
        post("/crm/contacts", "application/json; charset=utf-8", "{\"name\":\"ada\"}"),
        post("/crm/contacts", "application/json", "{\"name\":\"ada\",\"admin\":true}"),
    ] {
        refused(&answer, 403, "approval_required");
        assert_ne!(hold_id(&answer), hold);
    }
    assert_eq!(world.tool.count(), 0);
    // How the same JSON is spelled does not matter; what was judged is what is sent.
    let spelled = post("/crm/contacts", "application/json", "{ \"name\" : \"\\u0061da\" }");
    assert_eq!(spelled.status, 200, "{}", spelled.text());
    assert_eq!(world.tool.only().text(), "{ \"name\" : \"\\u0061da\" }");
}

#[test]
fn a_hold_that_is_named_must_be_this_calls() {
    let world = World::start();
    let (hold, foreign) = (hold_id(&world.create(AGENT, "ada")), hold_id(&world.create(OTHER, "ada")));
    world.approve(OPS, &hold);
    let wrong = "hld_aaaaaaaaaaaaaaaaaaaaaaaaaa";
    for named in [foreign.as_str(), wrong, "hld_", "nonsense"] {
        refused(&world.create_with(AGENT, "ada", &[("X-Aegis-Hold", named)]), 403, "hold_mismatch");
    }
    refused(&world.create_with(AGENT, "eve", &[("X-Aegis-Hold", &hold)]), 403, "hold_mismatch");
    assert_eq!(world.tool.count(), 0);
    let named = [("X-Aegis-Hold", hold.as_str())];
    assert_eq!(world.create_with(AGENT, "ada", &named).status, 200);
    assert!(world.tool.only().header("x-aegis-hold").is_empty());
    // Who names the hold again means the call that has run, and is told which decision let it through.
    let second = world.create_with(AGENT, "ada", &named);
    refused(&second, 409, "already_executed");
    let allowed =
        world.gateway.records_of("decision").into_iter().find(|record| record["code"] == "approved");
    assert_eq!(second.json()["decision_id"], allowed.unwrap()["decision_id"]);
    assert_eq!(world.tool.count(), 1);
}

#[test]
fn an_escalated_call_takes_two_people() {
    let world = World::start();
    let asked = world.delete(AGENT, "7");
    refused(&asked, 403, "approval_required");
    let hold = hold_id(&asked);
    let state = |answer: &crate::support::Answer| (answer.status, answer.json()["state"].clone());
    // A scope is not a role.
    refused_with(&world.approve(OPS, &hold), 403, "role-missing");
    // Two roles in one hand are one yes, and so are two keys of one person.
    assert_eq!(state(&world.approve(BOTH, &hold)), (200, json!("pending")));
    refused_with(&world.approve(BOTH, &hold), 409, "approved-already");
    refused_with(&world.approve(SECURITY, &hold), 409, "approved-already");
    refused(&world.delete(AGENT, "7"), 403, "approval_required");
    assert_eq!(world.tool.count(), 0);
    // The second person has the one role only: the first one's yes then counts for the other.
    assert_eq!(state(&world.approve(RISK, &hold)), (200, json!("approved")));
    let roles: Vec<_> = world.hold(&hold)["approvals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|approval| (approval["by"].clone(), approval["role"].clone()))
        .collect();
    assert_eq!(roles, [(json!("both"), json!("security_lead")), (json!("risk"), json!("risk_lead"))]);
    assert_eq!(world.delete(AGENT, "7").status, 200);
    refused(&world.delete(AGENT, "7"), 403, "approval_required");
    assert_eq!(world.tool.count(), 1);
}

#[test]
fn approvers_see_the_call_but_no_secret() {
    let world = World::start();
    let headers = [("X-Api-Key", AGENT), ("Content-Type", "application/json")];
    let body = b"{\"name\":\"ada\",\"password\":\"hunter2\",\"deep\":{\"api_key\":\"k\"}}";
    let asked = world.gateway.client().request("POST", "/crm/contacts", &headers, body);
    let hold = world.hold(&hold_id(&asked));
    let expected =
        json!({"body": {"name": "ada", "password": "[REDACTED]", "deep": {"api_key": "[REDACTED]"}}});
    assert_eq!((&hold["arguments"], &hold["hidden_fields"]), (&expected, &json!(2)));
    assert_eq!(
        (&hold["actor"], &hold["capability"], &hold["outcome"]),
        (&json!("agent-1"), &json!("crm.contacts.create"), &json!("REQUIRE_CONFIRMATION"))
    );
    assert_eq!(
        hold["findings"],
        json!([{"engine": "rules", "rule": "ask", "outcome": "REQUIRE_CONFIRMATION"}])
    );
    assert!(!world.gateway.log().contains("hunter2"));
    let everything: Vec<Value> = world.gateway.records();
    assert!(!everything.iter().any(|record| record.to_string().contains("hunter2")));
    let stored = std::fs::read(world.gateway.folder().join("data/aegis.db")).unwrap();
    let wal = std::fs::read(world.gateway.folder().join("data/aegis.db-wal")).unwrap_or_default();
    for bytes in [stored, wal] {
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"));
    }
}

/// Asserts a problem of the control API.
pub fn refused_with(answer: &crate::support::Answer, status: u16, kebab: &str) {
    let said = answer.json();
    let kind = format!("urn:aegis:{kebab}");
    assert_eq!((answer.status, said["type"].as_str()), (status, Some(kind.as_str())), "{said}");
}
