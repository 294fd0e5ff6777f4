//! Who may call: open on the loopback, and with the two keys of the environment.

use std::os::unix::ffi::OsStrExt;

use serde_json::{Value, json};

use super::world::{POLICY, Server, Start};
use crate::support::{Answer, Client, aegis};

const EVALUATE: &str = "/api/v1/evaluate";
const RULES: &[u8] = b"{\"rules\":[]}";
const READ: &[u8] = b"{\"action_type\":\"read\"}";

fn ask(server: &Server, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    server.client().request(method, path, headers, body)
}

fn said(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.json()["error"].clone())
}

#[test]
fn without_keys_this_machine_may_do_everything_and_pages_of_other_sites_nothing() {
    let server = Server::start(POLICY, &Start::default());
    assert_eq!(ask(&server, "POST", EVALUATE, &[("X-API-Key", "any")], READ).status, 200);
    let own = format!("http://localhost:{}", server.address.port());
    assert_eq!(ask(&server, "PUT", "/api/v1/policy", &[("Origin", &own)], RULES).status, 200);
    for headers in [
        [("Origin", "https://evil.example")],
        [("Origin", "null")],
        [("Origin", "http://localhost:1")],
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")],
    ] {
        for (method, path, body) in
            [("PUT", "/api/v1/policy", RULES), ("POST", "/api/v1/execute", READ), ("POST", EVALUATE, READ)]
        {
            let answer = ask(&server, method, path, &headers, body);
            assert_eq!(answer.status, 403, "{headers:?} {path}");
            assert!(answer.json()["error"].is_string());
        }
    }
    for host in ["evil.example", "127.0.0.1.evil.example", "10.0.0.1"] {
        let mut client = Client::connect(server.address);
        client.send(format!("GET /api/v1/policy HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
        assert_eq!(client.answer().unwrap().status, 403, "{host}");
    }
}

#[test]
fn one_key_is_for_everything() {
    let server = Server::start(POLICY, &Start::with(&[], &[("AEGIS_API_KEY", "k1")]));
    let missing = (401, json!("Invalid or missing API key"));
    for headers in [&[][..], &[("X-API-Key", "k2")], &[("X-API-Key", "")], &[("Authorization", "Basic azE=")]]
    {
        assert_eq!(said(&ask(&server, "POST", EVALUATE, headers, READ)), missing, "{headers:?}");
        assert_eq!(said(&ask(&server, "GET", "/api/v1/policy", headers, b"")), missing);
        assert_eq!(said(&ask(&server, "GET", "/api/v1/audit", headers, b"")), missing);
        let put = ask(&server, "PUT", "/api/v1/policy", headers, RULES);
        assert_eq!(said(&put), (401, json!("Invalid admin API key")));
    }
    for headers in [[("x-api-key", "k1")], [("Authorization", "Bearer k1")]] {
        assert_eq!(ask(&server, "POST", EVALUATE, &headers, READ).status, 200);
        assert_eq!(ask(&server, "GET", "/api/v1/audit", &headers, b"").status, 200);
        assert_eq!(ask(&server, "PUT", "/api/v1/policy", &headers, RULES).status, 200);
    }
    assert_eq!(ask(&server, "GET", "/health", &[], b"").json()["status"], "ok");
    // Another method and another path are told so before any key is asked.
    assert_eq!(ask(&server, "GET", EVALUATE, &[], b"").status, 405);
    assert_eq!(ask(&server, "GET", "/nope", &[], b"").status, 404);
}

#[test]
fn each_of_two_keys_is_refused_where_the_other_belongs() {
    let keys = [("AEGIS_API_KEY", "k1"), ("AEGIS_ADMIN_KEY", "adm")];
    let server = Server::start(POLICY, &Start::with(&[], &keys));
    assert_eq!(ask(&server, "POST", EVALUATE, &[("X-API-Key", "adm")], READ).status, 401);
    assert_eq!(ask(&server, "GET", "/api/v1/policy", &[("X-API-Key", "adm")], b"").status, 401);
    assert_eq!(ask(&server, "PUT", "/api/v1/policy", &[("X-API-Key", "k1")], RULES).status, 401);
    assert_eq!(ask(&server, "PUT", "/api/v1/policy", &[("X-API-Key", "adm")], RULES).status, 200);
    assert_eq!(
        ask(&server, "POST", EVALUATE, &[("X-API-Key", "k1")], READ).json()["matched_rule"],
        "<default>"
    );
}

#[test]
fn a_key_for_updates_alone_leaves_the_rest_open() {
    let server = Server::start(POLICY, &Start::with(&[], &[("AEGIS_ADMIN_KEY", "adm")]));
    assert_eq!(ask(&server, "POST", EVALUATE, &[("X-API-Key", "whatever")], READ).status, 200);
    assert_eq!(
        said(&ask(&server, "PUT", "/api/v1/policy", &[], RULES)),
        (401, json!("Invalid admin API key"))
    );
    // The way around it is closed too: nobody approves without the key.
    let hold = "/api/v1/holds/hld_aaaaaaaaaaaaaaaaaaaaaaaaaa/approve";
    assert_eq!(ask(&server, "POST", hold, &[], b"").status, 403);
    assert_eq!(ask(&server, "PUT", "/api/v1/policy", &[("Authorization", "Bearer adm")], RULES).status, 200);
    let records = server.records();
    let put = records.iter().rfind(|record| record["kind"] == "snapshot").unwrap();
    assert_eq!((&put["source"], &put["by"]), (&json!("api"), &json!("admin")));
}

#[test]
fn what_could_be_reached_by_everybody_or_approved_by_nobody_does_not_start() {
    for (arguments, variables, said) in [
        (&["--host", "0.0.0.0"][..], &[][..], "AEGIS_API_KEY"),
        (&["--host", "0.0.0.0"], &[("AEGIS_ADMIN_KEY", "adm")], "--insecure"),
        (&["--approval", "hold"], &[("AEGIS_API_KEY", "k1")], "AEGIS_ADMIN_KEY"),
    ] {
        let refused = Server::try_start(POLICY, &Start::with(arguments, variables)).unwrap_err();
        assert_eq!(refused.0, Some(2), "{refused:?}");
        assert!(refused.1.contains(said), "{refused:?}");
    }
}

#[test]
fn a_key_that_no_header_carries_does_not_start() {
    for name in ["AEGIS_API_KEY", "AEGIS_ADMIN_KEY"] {
        for (key, said) in [
            (" k1", "a space at place 1,"),
            ("k 1", "a space at place 2,"),
            ("k1\n", "a line break at place 3,"),
            ("k\t1", "a control character at place 2,"),
            ("schlüssel", "a character beyond ASCII at place 5,"),
        ] {
            let refused = Server::try_start(POLICY, &Start::with(&[], &[(name, key)])).unwrap_err();
            assert_eq!(refused.0, Some(2), "{refused:?}");
            assert!(refused.1.contains(&format!("{name} has {said}")), "{refused:?}");
        }
        let mut command = aegis();
        command.args(["serve", "policy.yaml"]).env_remove("AEGIS_API_KEY").env_remove("AEGIS_ADMIN_KEY");
        let output = command.env(name, std::ffi::OsStr::from_bytes(b"k\xff")).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
}

#[test]
fn a_key_beyond_ascii_is_a_wrong_one() {
    let server = Server::start(POLICY, &Start::with(&[], &[("AEGIS_API_KEY", "k1")]));
    for (method, path, error) in [
        ("POST", EVALUATE, "Invalid or missing API key"),
        ("GET", "/api/v1/audit", "Invalid or missing API key"),
        ("PUT", "/api/v1/policy", "Invalid admin API key"),
    ] {
        for key in [&b"\xe9"[..], "\u{e9}".as_bytes(), b"k1\xff"] {
            let mut head =
                format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nX-API-Key: ", server.address).into_bytes();
            head.extend(key);
            head.extend(b"\r\nContent-Length: 0\r\n\r\n");
            let mut client = server.client();
            client.send(&head);
            assert_eq!(said(&client.answer().unwrap()), (401, json!(error)), "{key:?}");
        }
    }
}

#[test]
fn pages_of_other_sites_may_be_answered_what_no_browser_shows_them() {
    let server = Server::start(POLICY, &Start::default());
    let headers = [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")];
    for path in ["/api/v1/policy", "/api/v1/audit", "/health"] {
        let answer = ask(&server, "GET", path, &headers, b"");
        assert_eq!(answer.status, 200, "{path}");
        // Health is for everybody, as document 003 has it.
        let shown = answer.header("access-control-allow-origin").is_some();
        assert_eq!(shown, path == "/health", "{path}");
    }
}
