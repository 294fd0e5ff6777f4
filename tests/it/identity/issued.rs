//! Keys issued by API: what they may do, for how long, by whom, and what is told of them.

use serde_json::json;

use super::{ask, call, gateway, ids, issue, kind, named};
use crate::support::{Tool, key_hash};

#[test]
fn an_issued_key_works_at_once_and_a_revoked_one_never_again() {
    let tool = Tool::start();
    let mut gateway = gateway(tool.address, "", "").start();
    let mut control = gateway.control_client();
    let wanted = json!({
        "id": "agent-9", "tenant": "acme", "actors": ["agent-9"], "groups": ["ops"], "person": "ada@acme.example",
        "expires_at": "2999-01-01T00:00:00Z",
    });
    let answer = ask(&mut control, "root-text", "POST", "/api/v1/keys", Some(wanted));
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.header("location"), Some("/api/v1/keys/agent-9"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let mut made = answer.json();
    let text = made["key"].as_str().unwrap().to_owned();
    assert_eq!(text.len(), "aegis_".len() + 64);
    assert_eq!(call(&gateway, &text), 200);

    // Shown from then on, without its text.
    let shown = ask(&mut control, "root-text", "GET", "/api/v1/keys/agent-9", None).json();
    made.as_object_mut().unwrap().remove("key");
    assert_eq!(shown, made);
    assert_eq!(
        (&shown["source"], &shown["created_by"], &shown["scopes"]),
        (&json!("api"), &json!("root"), &json!([]))
    );
    assert_eq!(shown["actor"], json!({"id": "agent-9", "type": "ai-agent"}));
    let list = ask(&mut control, "root-text", "GET", "/api/v1/keys", None);
    assert_eq!(ids(&list), ["agent-9", "root", "bot", "acme"]);

    // It outlives a restart.
    drop(control);
    assert!(gateway.stop().success());
    let gateway = gateway.restart();
    let mut control = gateway.control_client();
    assert_eq!(call(&gateway, &text), 200);

    for _ in 0..2 {
        assert_eq!(ask(&mut control, "root-text", "DELETE", "/api/v1/keys/agent-9", None).status, 204);
        assert_eq!(call(&gateway, &text), 401);
    }
    assert_eq!(ask(&mut control, &text, "GET", "/api/v1/holds", None).status, 401);
    assert_eq!(ids(&ask(&mut control, "root-text", "GET", "/api/v1/keys", None)), ["root", "bot", "acme"]);
    let revoked = ask(&mut control, "root-text", "GET", "/api/v1/keys?state=revoked", None);
    assert_eq!(ids(&revoked), ["agent-9"]);
    assert!(revoked.json()["keys"][0]["revoked_at"].is_string());
    // Records name keys by their ids, so nobody else has this one ever.
    let again = ask(&mut control, "root-text", "POST", "/api/v1/keys", Some(named("agent-9")));
    assert_eq!((again.status, kind(&again).as_str()), (409, "key-exists"));
    let rotated = ask(&mut control, "root-text", "POST", "/api/v1/keys/agent-9/rotate", None);
    assert_eq!((rotated.status, kind(&rotated).as_str()), (409, "key-revoked"));

    let records = gateway.records();
    let of = |name: &str| records.iter().filter(|record| record["kind"] == name).collect::<Vec<_>>();
    let (created, revoked) = (of("key.created"), of("key.revoked"));
    assert_eq!((created.len(), revoked.len()), (1, 1));
    assert_eq!(created[0]["by"], "root");
    assert_eq!((&created[0]["id"], &created[0]["tenant"]), (&json!("agent-9"), &json!("acme")));
    assert_eq!((&created[0]["scopes"], &created[0]["snapshot"]["version"]), (&json!([]), &json!(2)));
    // The call after it names the snapshot that has the key.
    let decided: Vec<_> = records.iter().filter(|record| record["kind"] == "decision").collect();
    assert_eq!(decided[0]["snapshot"], created[0]["snapshot"]);
    // AV-3.3: neither the text nor its hash is anywhere.
    let hash = key_hash(&text).replace("sha256:", "");
    let everything = format!("{records:?}{}", gateway.log());
    assert!(!everything.contains(&text) && !everything.contains(&hash));
    assert!(gateway.verify().status.success());
}

#[test]
fn a_key_has_two_texts_while_one_replaces_the_other() {
    let tool = Tool::start();
    let gateway = gateway(tool.address, "", "").start();
    let mut control = gateway.control_client();
    let first = issue(&mut control, "acme-text", named("crm"));
    let path = "/api/v1/keys/crm/rotate";
    let answer = ask(&mut control, "acme-text", "POST", path, None);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let second = answer.json()["key"].as_str().unwrap().to_owned();
    assert!(answer.json()["earlier_until"].is_string());
    assert_eq!([call(&gateway, &first), call(&gateway, &second)], [200, 200]);
    // Not a third one meanwhile, unless at once.
    let third = ask(&mut control, "acme-text", "POST", path, Some(json!({"overlap_s": 60})));
    assert_eq!((third.status, kind(&third).as_str()), (409, "key-overlap"));
    assert_eq!([call(&gateway, &first), call(&gateway, &second)], [200, 200]);
    let last = ask(&mut control, "acme-text", "POST", path, Some(json!({"overlap_s": 0})));
    assert_eq!((last.status, &last.json()["earlier_until"]), (200, &json!(null)));
    let third = last.json()["key"].as_str().unwrap().to_owned();
    assert_eq!([&first, &second, &third].map(|text| call(&gateway, text)), [401, 401, 200]);
    assert_eq!(gateway.records_of("key.rotated").len(), 2);
    for body in
        [json!({"overlap_s": -1}), json!({"overlap_s": 604_801}), json!({"overlap_s": "1"}), json!({"s": 1})]
    {
        assert_eq!(ask(&mut control, "acme-text", "POST", path, Some(body)).status, 400);
    }
    // Revoked with two texts, both end.
    ask(&mut control, "acme-text", "POST", path, None);
    assert_eq!(ask(&mut control, "acme-text", "DELETE", "/api/v1/keys/crm", None).status, 204);
    assert_eq!(call(&gateway, &third), 401);
}

/// One writer for all: whatever else changes, the keys that were issued stay, and one that was revoked never comes back.
#[test]
fn keys_stay_whatever_else_changes() {
    let tool = Tool::start();
    let mut gateway = gateway(tool.address, "", "").start();
    let mut control = gateway.control_client();
    let kept = issue(&mut control, "root-text", named("kept"));
    let revoked = issue(&mut control, "root-text", named("revoked"));
    let capability = json!({"name": "crm.contacts.read", "risk_level": "low"});
    let made = ask(&mut control, "root-text", "POST", "/api/v1/capabilities", Some(capability));
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!([call(&gateway, &kept), call(&gateway, &revoked)], [200, 200]);
    assert_eq!(ask(&mut control, "root-text", "DELETE", "/api/v1/keys/revoked", None).status, 204);
    // Versions 2, 3, 4 and 5, each of them stored.
    let mut versions = || {
        let list = ask(&mut control, "root-text", "GET", "/api/v1/snapshots", None).json();
        let rows = list["snapshots"].as_array().unwrap().clone();
        rows.iter().map(|row| row["version"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(versions(), [5, 4, 3, 2, 1]);

    // Files.
    std::fs::write(gateway.folder().join("rules.yaml"), format!("{}# edited\n", super::OPEN)).unwrap();
    gateway.await_version(6);
    assert_eq!([call(&gateway, &kept), call(&gateway, &revoked)], [200, 401]);
    // Back to when both were good: the capability goes, the keys do not change.
    let mut control = gateway.control_client();
    let back = ask(&mut control, "root-text", "POST", "/api/v1/snapshots/3/rollback", Some(json!({})));
    assert_eq!((back.status, &back.json()["version"]), (200, &json!(7)), "{}", back.text());
    let gone = ask(&mut control, "root-text", "GET", "/api/v1/capabilities/crm.contacts.read", None);
    assert_eq!(gone.status, 404);
    assert_eq!([call(&gateway, &kept), call(&gateway, &revoked)], [200, 401]);

    drop(control);
    assert!(gateway.stop().success());
    let gateway = gateway.restart();
    let mut control = gateway.control_client();
    assert_eq!([call(&gateway, &kept), call(&gateway, &revoked)], [200, 401]);
    let status = ask(&mut control, "root-text", "GET", "/api/v1/status", None).json();
    assert_eq!(status["snapshot"]["version"], 7);
    issue(&mut control, "root-text", named("later"));
    let made = gateway.records_of("key.created");
    assert_eq!(made.last().unwrap()["snapshot"]["version"], 8);
    assert!(gateway.verify().status.success());
}

/// AV-3.2: a tenant's administrator stays in its tenant, and who administers nothing issues nothing.
#[test]
fn keys_are_administered_within_a_tenant() {
    let tool = Tool::start();
    let gateway = gateway(tool.address, "", "").start();
    let mut control = gateway.control_client();
    let own = issue(&mut control, "acme-text", json!({"id": "approver", "scopes": ["holds:approve"]}));
    let theirs = issue(&mut control, "root-text", json!({"id": "globex-bot", "tenant": "globex"}));
    // The deployment's see everything, a tenant's its own.
    assert_eq!(
        ids(&ask(&mut control, "acme-text", "GET", "/api/v1/keys", None)),
        ["approver", "bot", "acme"]
    );
    let all = ids(&ask(&mut control, "root-text", "GET", "/api/v1/keys", None));
    assert_eq!(all, ["globex-bot", "approver", "root", "bot", "acme"]);
    for (method, path, body, expected) in [
        ("POST", "/api/v1/keys", Some(json!({"id": "x", "tenant": "globex"})), (403, "tenant-not-allowed")),
        (
            "POST",
            "/api/v1/keys",
            Some(json!({"id": "x", "tenant": "default", "scopes": ["admin"]})),
            (403, "tenant-not-allowed"),
        ),
        ("GET", "/api/v1/keys/globex-bot", None, (404, "not-found")),
        ("DELETE", "/api/v1/keys/globex-bot", None, (404, "not-found")),
        ("POST", "/api/v1/keys/globex-bot/rotate", None, (404, "not-found")),
        ("DELETE", "/api/v1/keys/root", None, (404, "not-found")),
        ("DELETE", "/api/v1/keys/nobody", None, (404, "not-found")),
        // A key of the configuration is changed there.
        ("DELETE", "/api/v1/keys/bot", None, (409, "key-configured")),
        ("POST", "/api/v1/keys/bot/rotate", None, (409, "key-configured")),
        ("POST", "/api/v1/keys", Some(named("bot")), (409, "key-exists")),
        ("POST", "/api/v1/keys", Some(named("globex-bot")), (409, "key-exists")),
    ] {
        let answer = ask(&mut control, "acme-text", method, path, body);
        assert_eq!((answer.status, kind(&answer).as_str()), expected, "{method} {path}: {}", answer.text());
    }
    assert_eq!(call(&gateway, &theirs), 200);
    // Who approves or proposes administers no keys, not even its own.
    for key in [own.as_str(), "bot-text", theirs.as_str()] {
        for (method, path) in [
            ("GET", "/api/v1/keys"),
            ("POST", "/api/v1/keys"),
            ("GET", "/api/v1/keys/approver"),
            ("DELETE", "/api/v1/keys/approver"),
            ("POST", "/api/v1/keys/approver/rotate"),
        ] {
            let answer = ask(&mut control, key, method, path, (method == "POST").then(|| named("me")));
            assert_eq!((answer.status, kind(&answer).as_str()), (403, "scope-missing"), "{method} {path}");
        }
    }
    for (method, allowed) in [("PUT", "GET, HEAD, POST"), ("DELETE", "GET, HEAD, POST")] {
        let answer = ask(&mut control, "root-text", method, "/api/v1/keys", None);
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allowed)));
    }
    assert_eq!(control.get("/api/v1/keys").status, 401);
}

#[test]
fn what_is_no_key_is_refused_with_the_member_to_blame() {
    let tool = Tool::start();
    let gateway = gateway(tool.address, "", "").start();
    let mut control = gateway.control_client();
    for (body, field, told) in [
        (json!({}), None, "missing key \"id\""),
        (named(""), Some("id"), "begins with a letter or digit"),
        (named("a/b"), Some("id"), "letters, digits"),
        (named("-a"), Some("id"), "begins with"),
        (json!({"id": 7}), Some("id"), "expected a string"),
        (json!({"id": "a", "scopes": ["admn"]}), Some("scopes[0]"), "did you mean \"admin\"?"),
        (
            json!({"id": "a", "scopes": ["governance:propose", "holds:approve"]}),
            Some("scopes"),
            "let its holder decide on its own calls; use two keys, or say force: true",
        ),
        (json!({"id": "a", "rols": []}), Some("rols"), "did you mean \"roles\"?"),
        (json!({"id": "a", "roles": ["a b"]}), Some("roles[0]"), "a role's name"),
        (json!({"id": "a", "groups": ["x", "x"]}), Some("groups[1]"), "stands twice"),
        (json!({"id": "a", "actors": [""]}), Some("actors[0]"), "must not be empty"),
        (json!({"id": "a", "actor": {"id": "b", "type": "robot"}}), Some("actor.type"), "expected human"),
        (json!({"id": "a", "expires_at": "soon"}), Some("expires_at"), "RFC 3339"),
        (json!({"id": "a", "tenant": ""}), Some("tenant"), "must not be empty"),
        (json!({"id": "a", "hash": key_hash("mine")}), Some("hash"), "no hash to be given"),
    ] {
        let answer = ask(&mut control, "root-text", "POST", "/api/v1/keys", Some(body.clone()));
        let problem = answer.json();
        assert_eq!((answer.status, kind(&answer).as_str()), (400, "bad-body"), "{body}");
        assert_eq!(problem.get("field").and_then(|field| field.as_str()), field, "{body}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(told), "{body}: {problem}");
    }
    let ended = json!({"id": "a", "expires_at": "2020-01-01T00:00:00Z"});
    let answer = ask(&mut control, "root-text", "POST", "/api/v1/keys", Some(ended));
    assert_eq!((answer.status, kind(&answer).as_str()), (409, "key-ended"));
    let headers = [("X-Api-Key", "root-text"), ("Content-Type", "application/json")];
    for body in ["[]", "null", "{", "{\"id\":\"a\",\"id\":\"b\"}", "{\"id\":\"a\",\"ID\":\"b\"}"] {
        let answer = control.request("POST", "/api/v1/keys", &headers, body.as_bytes());
        assert_eq!(answer.status, 400, "{body}");
    }
    let plain = [("X-Api-Key", "root-text"), ("Content-Type", "text/plain")];
    assert_eq!(control.request("POST", "/api/v1/keys", &plain, b"{\"id\":\"a\"}").status, 415);
    assert!(gateway.records_of("key.created").is_empty());
    // What is written by force is taken.
    let both = json!({"id": "both", "scopes": ["governance:propose", "admin"], "force": true});
    let forced = issue(&mut control, "root-text", both);
    // Who may manage or approve calls no tools, issued or configured.
    assert_eq!(call(&gateway, &forced), 401);
}

#[test]
fn the_configuration_goes_before_an_issued_key_of_the_same_id() {
    let tool = Tool::start();
    let gateway = gateway(tool.address, "", "").start();
    let mut control = gateway.control_client();
    let text = issue(&mut control, "root-text", json!({"id": "late", "tenant": "acme"}));
    assert_eq!(call(&gateway, &text), 200);
    let path = gateway.folder().join("gateway.yaml");
    let before = std::fs::read_to_string(&path).unwrap();
    let line = format!("  keys:\n  - {{id: late, hash: \"{}\", tenant: acme}}\n", key_hash("late-text"));
    std::fs::write(&path, before.replace("  keys:\n", &line)).unwrap();
    // Not by trying: who fails again and again is held back.
    let version = gateway.version();
    gateway.signal("HUP");
    gateway.await_version(version + 1);
    assert_eq!([call(&gateway, "late-text"), call(&gateway, &text)], [200, 401]);
    let shown = ask(&mut control, "root-text", "GET", "/api/v1/keys/late", None).json();
    assert_eq!(shown["source"], "configuration");
    // Gone from the file, the issued one counts again; other reloads change nothing of it.
    std::fs::write(&path, before).unwrap();
    gateway.signal("HUP");
    gateway.await_version(version + 2);
    assert_eq!([call(&gateway, &text), call(&gateway, "late-text")], [200, 401]);
}

#[test]
fn keys_are_listed_in_pages() {
    let tool = Tool::start();
    let gateway = gateway(tool.address, "", "").start();
    let mut control = gateway.control_client();
    for number in 0..5 {
        issue(&mut control, "acme-text", named(&format!("k{number}")));
    }
    let (mut seen, mut path) = (Vec::new(), "/api/v1/keys?limit=3".to_owned());
    loop {
        let page = ask(&mut control, "acme-text", "GET", &path, None);
        assert_eq!(page.json()["total"], 7);
        seen.extend(ids(&page));
        let page = page.json();
        let Some(cursor) = page["cursor"].as_str() else { break };
        // A cursor is for the list and the tenant it was given for.
        let foreign =
            ask(&mut control, "root-text", "GET", &format!("/api/v1/keys?limit=3&cursor={cursor}"), None);
        assert_eq!((foreign.status, kind(&foreign).as_str()), (400, "bad-cursor"));
        path = format!("/api/v1/keys?limit=3&cursor={cursor}");
    }
    assert_eq!(seen, ["k4", "k3", "k2", "k1", "k0", "bot", "acme"]);
    for query in ["limit=0", "limit=201", "state=dead", "id=k1", "cursor=x"] {
        assert_eq!(ask(&mut control, "acme-text", "GET", &format!("/api/v1/keys?{query}"), None).status, 400);
    }
}
