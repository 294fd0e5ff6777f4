//! `GET /api/v1/governance/decisions` and one of them.

use serde_json::{Value, json};

use super::world::{World, is_error, names};
use crate::support::eventually;

const PATH: &str = "/api/v1/governance/decisions";

/// What document 001 has in an answer to a proposal.
const OF_THE_DOCUMENT: [&str; 7] =
    ["decision_id", "outcome", "reason", "risk_score", "constraints", "timestamp", "audit_ref"];

fn listed(page: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let decisions = page["decisions"].as_array().unwrap();
    decisions.iter().map(|it| (text(&it["action"]["capability"]), text(&it["outcome"]))).collect()
}

#[test]
fn every_decision_of_the_tenant_is_listed_newest_first_whatever_surface_made_it() {
    let world = World::populated();
    let page = world.get("reader", PATH);
    assert_eq!(names(&page), ["decisions", "total", "cursor"]);
    assert_eq!((&page["total"], &page["cursor"]), (&json!(4), &Value::Null));
    let expected = [
        ("note", "ALLOW"),
        ("crm.contacts.create", "REQUIRE_CONFIRMATION"),
        ("crm.contacts.delete", "DENY"),
        ("crm.contacts.read", "ALLOW"),
    ];
    let listed = listed(&page);
    assert_eq!(listed.iter().map(|(one, other)| (&**one, &**other)).collect::<Vec<_>>(), expected);
    for decision in page["decisions"].as_array().unwrap() {
        assert_eq!(names(decision)[..7], OF_THE_DOCUMENT);
        let id = decision["decision_id"].as_str().unwrap();
        assert_eq!(decision["audit_ref"], format!("aud_{}", id.strip_prefix("dec_").unwrap()));
        assert_eq!(decision["constraints"], json!({}));
        assert!(decision["action"].get("parameters").is_none(), "{decision}");
    }
    let scores: Vec<_> = page["decisions"].as_array().unwrap().iter().map(|it| &it["risk_score"]).collect();
    assert_eq!(scores, [&json!(0.3), &json!(0.6), &json!(0.9), &json!(0.1)]);
    let surfaces: Vec<_> = page["decisions"].as_array().unwrap().iter().map(|it| &it["surface"]).collect();
    assert_eq!(surfaces, ["policy_server", "data_plane", "data_plane", "data_plane"]);
    // A call that makes no capability name is decided too, and listed under its own.
    world.call("bot-1", "GET", "/crm/nothing");
    let page = world.get("auditor", PATH);
    assert_eq!((&page["total"], &page["decisions"][0]["outcome"]), (&json!(5), &json!("DENY")));
}

#[test]
fn filters_take_what_they_say_and_total_counts_all_of_it() {
    let world = World::populated();
    let all = world.get("reader", PATH);
    let time = |at: usize| all["decisions"][at]["timestamp"].as_str().unwrap().to_owned();
    let (oldest, newest) = (time(3), time(0));
    for (query, total) in [
        ("actor_id=agent-1".to_owned(), 2),
        ("actor_id=agent-9".to_owned(), 0),
        ("actor_id=".to_owned(), 4),
        ("capability=crm.contacts.delete".to_owned(), 1),
        ("capability=crm.contacts".to_owned(), 0),
        ("outcome=ALLOW".to_owned(), 2),
        ("outcome=DENY&actor_id=agent-1".to_owned(), 0),
        ("outcome=REQUIRE_CONFIRMATION".to_owned(), 1),
        ("outcome=ESCALATE".to_owned(), 0),
        (format!("since={newest}"), 1),
        (format!("until={newest}"), 3),
        (format!("since={oldest}&until={newest}"), 3),
        (format!("since={oldest}&until={oldest}"), 0),
        ("since=2000-01-01T00:00:00%2B02:00".to_owned(), 4),
    ] {
        let page = world.get("reader", &format!("{PATH}?{query}"));
        let found = page["decisions"].as_array().unwrap().len();
        assert_eq!(
            (page["total"].as_u64(), found),
            (Some(total), usize::try_from(total).unwrap()),
            "{query}"
        );
    }
}

#[test]
fn pages_follow_each_other_and_a_cursor_is_for_its_list_alone() {
    let world = World::populated();
    let all = world.get("reader", PATH);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get("reader", &format!("{PATH}?limit=1{cursor}"));
        seen.extend(page["decisions"].as_array().unwrap().clone());
        // What is decided meanwhile is counted, and on no later page.
        world.call("bot-1", "GET", "/crm/contacts/8");
        let Some(next) = page["cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(Value::from(seen), all["decisions"]);
    let page = world.get("reader", &format!("{PATH}?limit=2&outcome=ALLOW"));
    let cursor = page["cursor"].as_str().unwrap();
    let changed = format!("{}{}", if cursor.starts_with('A') { 'B' } else { 'A' }, &cursor[1..]);
    for (who, query) in [
        ("reader", format!("limit=2&cursor={cursor}")),
        ("reader", format!("outcome=DENY&cursor={cursor}")),
        ("stranger", format!("outcome=ALLOW&cursor={cursor}")),
        ("reader", format!("outcome=ALLOW&cursor={changed}")),
        ("reader", "outcome=ALLOW&cursor=next_abc".to_owned()),
        ("reader", format!("outcome=ALLOW&cursor={}", "A".repeat(4000))),
    ] {
        is_error(&world.ask(who, "GET", &format!("{PATH}?{query}")), 400, "bad-cursor");
    }
    // Another key of the tenant may go on, and with other pages.
    let page = world.get("auditor", &format!("{PATH}?limit=50&outcome=ALLOW&cursor={cursor}"));
    assert!(!page["decisions"].as_array().unwrap().is_empty() && page["cursor"].is_null(), "{page}");
}

#[test]
fn what_a_query_cannot_be_is_refused_with_the_parameter() {
    let world = World::start();
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=+5", "limit"),
        ("limit=1.0", "limit"),
        ("limit=five", "limit"),
        ("outcome=allow", "outcome"),
        ("outcome=ANY", "outcome"),
        ("since=yesterday", "since"),
        ("until=2026-11-23", "until"),
        ("since=2026-11-23T06:19:54", "since"),
        ("actor=agent-1", "actor"),
        ("Actor_id=agent-1", "Actor_id"),
        ("offset=1", "offset"),
    ] {
        let answer = world.ask("reader", "GET", &format!("{PATH}?{query}"));
        is_error(&answer, 400, "bad-query");
        let details = &answer.json()["error"]["details"];
        assert_eq!((&details[0]["field"], details.as_array().unwrap().len()), (&json!(field), 1), "{query}");
    }
    for query in ["limit=5&limit=6", "actor_id=%ff", "actor_id=%"] {
        is_error(&world.ask("reader", "GET", &format!("{PATH}?{query}")), 400, "bad-query");
    }
    assert_eq!(world.get("reader", &format!("{PATH}?limit=200"))["total"], 0);
}

#[test]
fn one_decision_is_shown_with_all_that_is_known_of_it() {
    let world = World::populated();
    let page = world.get("auditor", &format!("{PATH}?capability=crm.contacts.read"));
    let id = page["decisions"][0]["decision_id"].as_str().unwrap().to_owned();
    let shown = eventually("the execution", || {
        let shown = world.get("auditor", &format!("{PATH}/{id}"));
        (!shown["execution"].is_null()).then_some(shown)
    });
    assert_eq!(names(&shown)[..7], OF_THE_DOCUMENT);
    let records = world.gateway.records_of("decision");
    let record = records.iter().find(|record| record["decision_id"] == *id).unwrap();
    for (path, expected) in [
        ("/outcome", json!("ALLOW")),
        ("/reason", record["reason"].clone()),
        ("/timestamp", record["time"].clone()),
        ("/actor", json!({"id": "agent-1", "type": "ai-agent"})),
        ("/action/capability", json!("crm.contacts.read")),
        ("/action/resource", json!("contact:7")),
        ("/action/parameters", record["arguments"].clone()),
        ("/context/session_id", Value::Null),
        ("/context/route", json!("crm")),
        ("/findings", json!([{"engine": "rules", "outcome": "ALLOW", "rule": "reads", "error": null}])),
        ("/snapshot", record["snapshot"].clone()),
        ("/hold_id", Value::Null),
        ("/execution/result", json!("completed")),
        ("/execution/status", json!(200)),
        ("/audit/seq", record["seq"].clone()),
        ("/audit/previous_hash", record["previous_hash"].clone()),
        ("/surface", json!("data_plane")),
        ("/enforced", json!(true)),
    ] {
        assert_eq!(shown.pointer(path), Some(&expected), "{path}: {shown}");
    }
    // The next record names it.
    let next =
        world.gateway.records().into_iter().find(|next| next["seq"] == record["seq"].as_u64().unwrap() + 1);
    assert_eq!(next.unwrap()["previous_hash"], shown["audit"]["hash"]);
    // Who may not read the ledger sees no findings; the same decision is found by its UUID.
    let read = world.get("reader", &format!("{PATH}/{id}"));
    assert!(read.get("findings").is_none() && read["decision_id"] == *id, "{read}");
    let letters = id.strip_prefix("dec_").unwrap().to_uppercase();
    let hex =
        data_encoding::HEXLOWER.encode(&data_encoding::BASE32_NOPAD.decode(letters.as_bytes()).unwrap());
    let uuid = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
    assert_eq!(world.get("reader", &format!("{PATH}/{uuid}"))["decision_id"], *id);
}

#[test]
fn secrets_are_not_shown_and_numbers_are_as_they_were_sent() {
    let world = World::populated();
    let page = world.get("auditor", &format!("{PATH}?outcome=REQUIRE_CONFIRMATION"));
    let decision = &page["decisions"][0];
    let answer =
        world.ask("auditor", "GET", &format!("{PATH}/{}", decision["decision_id"].as_str().unwrap()));
    assert!(!answer.text().contains("swordfish") && answer.text().contains("12.50"), "{}", answer.text());
    assert!(answer.json()["hold_id"].as_str().unwrap().starts_with("hld_"));
    let noted = world.get("auditor", &format!("{PATH}?capability=note"));
    let shown =
        world.get("auditor", &format!("{PATH}/{}", noted["decisions"][0]["decision_id"].as_str().unwrap()));
    assert_eq!(shown["context"]["metadata"], json!({"why": "test"}));
}

#[test]
fn another_tenants_decisions_are_not_there() {
    let world = World::populated();
    let theirs = world.get("stranger", PATH);
    assert_eq!((&theirs["total"], listed(&theirs).len()), (&json!(1), 1));
    assert_eq!(world.get("root", PATH)["total"], 0, "the tenant default has none");
    let ours = world.get("ops", PATH)["decisions"][0]["decision_id"].as_str().unwrap().to_owned();
    let missing = world.ask("ops", "GET", &format!("{PATH}/dec_{}", "a".repeat(26)));
    for who in ["stranger", "root"] {
        let answer = world.ask(who, "GET", &format!("{PATH}/{ours}"));
        is_error(&answer, 404, "not-found");
        assert_eq!(answer.json()["error"]["message"], missing.json()["error"]["message"]);
    }
    assert_eq!(world.get("ops", &format!("{PATH}/{ours}"))["decision_id"], *ours);
}

#[test]
fn what_is_no_decisions_id_is_not_found() {
    let world = World::populated();
    let id = world.get("ops", PATH)["decisions"][0]["decision_id"].as_str().unwrap().to_owned();
    let letters = id.strip_prefix("dec_").unwrap();
    let bad = [
        "dec_7f3a2b1c".to_owned(),
        format!("req_{letters}"),
        format!("aud_{letters}"),
        format!("dec_{}", letters.to_uppercase()),
        letters.to_owned(),
        format!("{id}%00"),
        "%ff".to_owned(),
        "%2e%2e%2fpolicies".to_owned(),
        "x".repeat(4000),
    ];
    for bad in bad {
        is_error(&world.ask("ops", "GET", &format!("{PATH}/{bad}")), 404, "not-found");
    }
    // Percent-encoding is undone once.
    assert_eq!(world.get("ops", &format!("{PATH}/{}", id.replace('_', "%5F")))["decision_id"], *id);
    is_error(&world.ask("ops", "GET", &format!("{PATH}/{}", id.replace('_', "%255F"))), 404, "not-found");
    is_error(&world.ask("ops", "GET", &format!("{PATH}/{id}?x=1")), 400, "bad-query");
}
