//! What documents 000 and 001 answer when they do not serve, row by row: path and method, then the key, then its scope, then the rest.

use super::described::is_described;
use super::world::{World, is_error, key};

const DECISIONS: &str = "/api/v1/governance/decisions";

#[test]
fn path_and_method_come_before_the_key_and_the_key_before_the_rest() {
    let world = World::start();
    let mut client = world.gateway.control_client();
    let id = format!("{DECISIONS}/dec_{}", "a".repeat(26));
    // Without any key.
    for path in [
        "/api/v1/governance",
        "/api/v1/governance/",
        "/api/v1/governance/nothing",
        "/api/v1/governance/decisions/",
        "/api/v1/governance/decisions/x/y",
        "/api/v1/policies/x/y/z",
        "/api/v1/actors/x/nothing",
        "/api/v1/capabilities/x/y",
    ] {
        is_error(&client.get(path), 404, "not-found");
    }
    for (method, path, allow) in
        [("POST", DECISIONS, "GET, HEAD"), ("DELETE", &*id, "GET, HEAD"), ("PATCH", &*id, "GET, HEAD")]
    {
        let answer = client.request(method, path, &[], b"");
        is_error(&answer, 405, "method-not-allowed");
        assert_eq!(answer.header("allow"), Some(allow));
    }
    for path in [DECISIONS, &format!("{DECISIONS}?limit=0"), &id] {
        let answer = client.get(path);
        is_error(&answer, 401, "credentials-missing");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        let answer = client.request("GET", path, &[("Authorization", "Bearer wrong")], b"");
        is_error(&answer, 401, "credentials-invalid");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        let both = [("Authorization", &*format!("Bearer {}", key("ops"))), ("X-Api-Key", &key("reader"))];
        is_error(&client.request("GET", path, &both, b""), 401, "credentials-invalid");
        for who in ["bot-1", "metrics"] {
            is_error(&world.ask(who, "GET", path), 403, "scope-missing");
        }
    }
    let bearer = format!("Bearer {}", key("reader"));
    assert_eq!(client.request("GET", DECISIONS, &[("Authorization", &bearer)], b"").status, 200);
}

#[test]
fn an_error_carries_the_request_id_of_its_caller() {
    let world = World::start();
    let headers = [("X-Request-ID", "my-request-7")];
    let answer = world.gateway.control_client().request("GET", DECISIONS, &headers, b"");
    is_error(&answer, 401, "credentials-missing");
    assert_eq!(answer.json()["error"]["request_id"], "my-request-7");
    // What is not fit to be shown is not taken over.
    let headers = [("X-Request-ID", "<b>")];
    let answer = world.gateway.control_client().request("GET", DECISIONS, &headers, b"");
    assert!(answer.json()["error"]["request_id"].as_str().unwrap().starts_with("req_"));
}

#[test]
fn no_other_surface_speaks_this_form() {
    let world = World::start();
    for path in ["/api/v1/nothing", "/api/v1/governancex", "/api/v1/policyx"] {
        let answer = world.gateway.control_client().get(path);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (404, Some("application/problem+json")),
            "{path}"
        );
    }
    let answer = world.gateway.control_client().get("/api/v1/audit/log");
    assert_eq!((answer.status, answer.header("content-type")), (401, Some("application/problem+json")));
}

#[test]
fn every_path_that_takes_a_body_refuses_it_alike() {
    let world = World::start();
    for (method, path) in [
        ("POST", "/api/v1/governance/propose"),
        ("POST", "/api/v1/governance/report"),
        ("POST", "/api/v1/capabilities"),
        ("POST", "/api/v1/policies"),
        ("PUT", "/api/v1/policies/pol_x"),
        ("POST", "/api/v1/actors/a/grants"),
        ("PUT", "/api/v1/actors/a"),
    ] {
        let send = |key: Option<&str>, content_type: &str, body: &[u8]| {
            let mut headers = vec![("Content-Type", content_type)];
            headers.extend(key.map(|key| ("X-Api-Key", key)));
            let answer = world.gateway.control_client().request(method, path, &headers, body);
            is_described(method, path, &answer);
            answer
        };
        let (root, metrics) = (key("root"), key("metrics"));
        let json = "application/json";
        is_error(&send(None, "text/plain", b"{"), 401, "credentials-missing");
        is_error(&send(Some("wrong"), json, b"{"), 401, "credentials-invalid");
        is_error(&send(Some(&metrics), "text/plain", b"{"), 403, "scope-missing");
        is_error(&send(Some(&root), "text/plain", b"{}"), 415, "media-type-not-supported");
        is_error(&send(Some(&root), json, &vec![b' '; 1024 * 1024 + 1]), 413, "body-too-large");
        let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
        let bodies =
            [&b""[..], b"{", b"[]", b"1", b"{\"a\":1,\"a\":1}", b"{\"a\":NaN}", b"{\"\xff\":1}", &deep];
        for body in bodies {
            let answer = send(Some(&root), json, body);
            let expected = if path.ends_with("report") && body.len() > 65_536 { 413 } else { 400 };
            assert_eq!(answer.status, expected, "{path} {:.20?}: {}", body, answer.text());
        }
        let answer = world.ask("root", "PATCH", path);
        is_error(&answer, 405, "method-not-allowed");
        assert!(answer.header("allow").unwrap().contains(method), "{path}");
    }
}
