//! A request that is sent again with its idempotency key is done once and answered the same.

use serde_json::{Value, json};

use super::world::{World, is_error, key};
use crate::support::Answer;

const PATH: &str = "/api/v1/policies";

fn policy(name: &str) -> Value {
    json!({"name": name, "rules": [{"capability": "a.b", "outcome": "ALLOW"}]})
}

fn send(world: &World, who: &str, keys: &[(&str, &str)], name: &str) -> Answer {
    world.send_with(who, "POST", PATH, keys, &policy(name))
}

#[test]
fn what_is_sent_again_is_made_once_and_answered_the_same() {
    let mut world = World::start();
    let keyed = [("Idempotency-Key", "k-1")];
    let first = send(&world, "root", &keyed, "a");
    assert_eq!((first.status, first.header("idempotent-replay")), (201, None), "{}", first.text());
    for header in ["Idempotency-Key", "X-Idempotency-Key"] {
        let again = send(&world, "root", &[(header, "k-1")], "a");
        assert_eq!((again.status, again.header("idempotent-replay")), (201, Some("true")));
        assert_eq!(again.body, first.body);
        for name in ["location", "etag", "content-type"] {
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
        assert_ne!(again.header("x-aegis-request-id"), first.header("x-aegis-request-id"));
    }
    assert_eq!(world.get("root", PATH)["total"], 1);
    is_error(&send(&world, "root", &keyed, "b"), 409, "idempotency-key-reused");
    // Another key, another path and another caller are other requests.
    assert_eq!(send(&world, "root", &[("Idempotency-Key", "k-2")], "a").status, 201);
    let grant = json!({"capability": "a.b"});
    for actor in ["x", "y"] {
        let path = format!("/api/v1/actors/{actor}/grants");
        assert_eq!(world.send_with("root", "POST", &path, &keyed, &grant).status, 201);
    }
    let theirs =
        json!({"name": "a", "tenant": "other", "rules": [{"capability": "a.b", "outcome": "ALLOW"}]});
    assert_eq!(world.send_with("stranger", "POST", PATH, &keyed, &theirs).status, 201);
    // After a restart too.
    world.gateway.stop();
    let restarted = world.gateway.restart();
    let headers = [("X-Api-Key", &*key("root")), ("Content-Type", "application/json"), keyed[0]];
    let body = policy("a").to_string();
    let again = restarted.control_client().request("POST", PATH, &headers, body.as_bytes());
    assert_eq!((again.header("idempotent-replay"), &again.body), (Some("true"), &first.body));
}

#[test]
fn what_was_refused_may_be_sent_again_otherwise() {
    let world = World::start();
    let keyed = [("Idempotency-Key", "k")];
    let bad = world.send_with("root", "POST", PATH, &keyed, &json!({"name": "a"}));
    is_error(&bad, 400, "bad-body");
    assert_eq!(send(&world, "root", &keyed, "a").status, 201);
    // Who may not do it is not told what was answered.
    is_error(&send(&world, "reader", &keyed, "a"), 403, "scope-missing");
}

#[test]
fn what_is_no_idempotency_key_is_refused() {
    let world = World::start();
    let long = "k".repeat(129);
    for keys in [
        vec![("Idempotency-Key", "")],
        vec![("Idempotency-Key", &*long)],
        vec![("Idempotency-Key", "a b")],
        vec![("Idempotency-Key", "\u{e4}")],
        vec![("Idempotency-Key", "a"), ("X-Idempotency-Key", "b")],
        vec![("Idempotency-Key", "a"), ("Idempotency-Key", "b")],
    ] {
        is_error(&send(&world, "root", &keys, "a"), 400, "bad-idempotency-key");
    }
    let both = [("Idempotency-Key", "a"), ("X-Idempotency-Key", "a")];
    assert_eq!(send(&world, "root", &both, "a").status, 201);
    assert_eq!(send(&world, "root", &[("Idempotency-Key", &long[1..])], "a").status, 201);
}

#[test]
fn many_that_come_together_make_one() {
    let world = World::start();
    let gateway = &world.gateway;
    let one = || {
        let headers =
            [("X-Api-Key", &*key("root")), ("Content-Type", "application/json"), ("Idempotency-Key", "k")];
        gateway.control_client().request("POST", PATH, &headers, policy("a").to_string().as_bytes())
    };
    let sent: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let made =
        sent.iter().filter(|answer| answer.status == 201 && answer.header("idempotent-replay").is_none());
    assert_eq!(made.count(), 1);
    for answer in sent.iter().filter(|answer| answer.status != 201) {
        is_error(answer, 409, "idempotency-in-progress");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    assert_eq!(world.get("root", PATH)["total"], 1);
}

#[test]
fn a_proposal_that_is_sent_again_is_decided_once() {
    let world = World::start();
    let proposal = json!({
        "actor": {"id": "agent-1", "type": "ai-agent"},
        "action": {"capability": "crm.contacts.read", "parameters": {"target": "contact:7"}},
        "context": {"session_id": "sess_abc123", "metadata": {"source": "customer-support-bot"}},
    });
    let send = |key: &str| {
        world.send_with("bot-1", "POST", "/api/v1/governance/propose", &[("Idempotency-Key", key)], &proposal)
    };
    let (first, again, other) = (send("k"), send("k"), send("l"));
    assert_eq!((first.status, again.status, other.status), (200, 200, 200), "{}", first.text());
    assert_eq!((&again.body, again.header("idempotent-replay")), (&first.body, Some("true")));
    assert_ne!(other.json()["decision_id"], first.json()["decision_id"]);
    assert_eq!(world.get("reader", "/api/v1/governance/decisions")["total"], 2);
}
