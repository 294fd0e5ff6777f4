//! Paths and queries: judged in one form, forwarded in that form, refused where servers read them differently.

use serde_json::json;

use crate::support::{Answer, Gateway, Route, Tool};

const OPEN: &str = "version: 1\nrules: [{name: all, approval: auto}]\n";

/// Sends a GET with exactly this request target.
fn get(gateway: &Gateway, target: &[u8]) -> Option<Answer> {
    let mut client = gateway.client();
    client.send(&[b"GET ", target, b" HTTP/1.1\r\nHost: gateway.test\r\n\r\n"].concat());
    client.answer()
}

#[test]
fn ambiguous_paths_are_refused() {
    let tool = Tool::start();
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    for target in [
        "/crm/contacts%2F1",
        "/crm/contacts%2f1",
        "/crm/contacts%5C1",
        "/crm/contacts/%5c..",
        "/crm/contacts/1%00",
        "/crm/contacts/1%0d%0aX:y",
        "/crm/contacts/1%7f",
        "/crm/contacts/%252e%252e",
        "/crm/contacts/1%25",
        "/crm/contacts\\1",
        "/crm/contacts;x=1/1",
        "/crm/contacts/1%3Bx",
        "/crm/../crm/contacts/1",
        "/crm/contacts/..",
        "/crm/./contacts/1",
        "/crm/%2e%2e/admin",
        "/crm/.%2E/admin",
        "/crm/contacts/%2e",
        "/crm/contacts/%zz",
        "/crm/contacts/%4",
        "/crm/contacts/%",
        "/crm/contacts/%ff",
        "/crm/contacts/%c0%af",
        "/crm/contacts/\u{e9}",
        "*",
    ] {
        let answer = get(&gateway, target.as_bytes()).unwrap();
        assert_eq!(answer.status, 400, "{target}: {}", answer.text());
        assert_eq!(answer.json()["code"], "invalid_path", "{target}: {}", answer.text());
    }
    // What is no request target at all is refused by whoever meets it first.
    for target in [&b"/crm/contacts/1\xff"[..], b"/crm/contacts/1\x01", b"crm/contacts/1", b""] {
        let status = get(&gateway, target).map(|answer| answer.status);
        assert!(matches!(status, None | Some(400 | 404)), "{}: {status:?}", String::from_utf8_lossy(target));
    }
    assert_eq!(tool.count(), 0);
}

#[test]
fn paths_go_on_in_their_normal_form() {
    let tool = Tool::start();
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    for (target, forwarded, resource) in [
        ("/crm/contacts/1", "/crm/contacts/1", "contact:1"),
        ("//crm///contacts//1", "/crm/contacts/1", "contact:1"),
        ("/crm/contacts/1/", "/crm/contacts/1/", "contact:1"),
        ("/%63rm/contacts/%7Eann", "/crm/contacts/~ann", "contact:~ann"),
        ("/crm/contacts/a%3fb%23", "/crm/contacts/a%3Fb%23", "contact:a?b#"),
        ("/crm/contacts/caf%c3%a9", "/crm/contacts/caf%C3%A9", "contact:caf\u{e9}"),
        ("/crm/contacts/a%20b", "/crm/contacts/a%20b", "contact:a b"),
        ("/crm/contacts/a+b@c:d", "/crm/contacts/a+b@c:d", "contact:a+b@c:d"),
        ("/crm/contacts/1?b=2&a=1&c", "/crm/contacts/1?b=2&a=1&c", "contact:1"),
        ("/crm/contacts/1?q=a%2Fb%3B+c", "/crm/contacts/1?q=a%2Fb%3B+c", "contact:1"),
    ] {
        let before = tool.count();
        let answer = get(&gateway, target.as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        assert_eq!(tool.count(), before + 1, "{target}");
        assert_eq!(tool.seen().pop().unwrap().line(), format!("GET {forwarded} HTTP/1.1"), "{target}");
        let record = gateway.records_of("decision").pop().unwrap();
        assert_eq!(
            (&record["capability"], &record["resource"]),
            (&json!("crm.contacts.read"), &json!(resource))
        );
    }
}

/// The tool is sent the judged path and nothing that could be read as another.
#[test]
fn an_absolute_target_goes_on_as_a_path() {
    let tool = Tool::start();
    let route = Route::crm(tool.address).upstream("host: crm.internal");
    let gateway = Gateway::with(&Route::section(&[route]), OPEN).start();
    assert_eq!(get(&gateway, b"http://gateway.test/crm/contacts/1?a=b").unwrap().status, 200);
    let seen = tool.only();
    assert_eq!(seen.line(), "GET /crm/contacts/1?a=b HTTP/1.1");
    assert_eq!(seen.header("host"), ["crm.internal"]);
}

#[test]
fn a_route_may_let_a_class_of_paths_through() {
    let tool = Tool::start();
    let allowing = |what: &str| {
        let route = Route::crm(tool.address).with(&format!("allow_paths: [{what}]"));
        Gateway::with(&Route::section(&[route]), OPEN).start()
    };
    let (semicolon, slash) = (allowing("semicolon"), allowing("encoded_slash"));
    for (gateway, target, status) in [
        (&semicolon, "/crm/contacts/1;v=2", 200),
        (&semicolon, "/crm/contacts/a%2Fb", 400),
        (&slash, "/crm/contacts/a%2fb", 200),
        (&slash, "/crm/contacts/1;v=2", 400),
        (&slash, "/crm/contacts/%2E%2e", 400),
        (&slash, "/crm/contacts/a%5Cb", 400),
    ] {
        assert_eq!(get(gateway, target.as_bytes()).unwrap().status, status, "{target}");
    }
    let lines: Vec<String> = tool.seen().iter().map(|seen| seen.line().to_owned()).collect();
    assert_eq!(lines, ["GET /crm/contacts/1;v=2 HTTP/1.1", "GET /crm/contacts/a%2Fb HTTP/1.1"]);
    assert_eq!(slash.records_of("decision")[0]["resource"], "contact:a/b");
}

#[test]
fn ambiguous_queries_are_refused() {
    let tool = Tool::start();
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    let many: Vec<String> = (0..257).map(|index| format!("k{index}=1")).collect();
    let many = many.join("&");
    for query in [
        "a=1&a=2",
        "a=1&b=2&%61=3",
        "a=1&A=2",
        "a=1;a=2",
        "a=%zz",
        "a=%4",
        "a=%ff",
        "a=%00",
        "a&a",
        many.as_str(),
    ] {
        let answer = get(&gateway, format!("/crm/contacts/1?{query}").as_bytes()).unwrap();
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("invalid_request")), "{query}");
    }
    assert_eq!(tool.count(), 0);
    assert!(gateway.records_of("refusal").iter().all(|record| record["code"] == "invalid_request"));
    assert_eq!(gateway.records_of("refusal").len(), 10);
}

#[test]
fn what_no_operation_matches_has_the_capability_unmapped() {
    let tool = Tool::start();
    let rules = "version: 1\nrules:\n- {name: contacts, match: {type: \"crm.contacts.*\"}, approval: auto}\n";
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), rules).start();
    for (method, path, status) in [
        ("GET", "/crm/contacts/1", 200),
        ("PATCH", "/crm/contacts/1", 403),
        ("GET", "/crm/contacts", 403),
        ("GET", "/crm/contacts/1/notes", 403),
        ("GET", "/crm/Contacts/1", 403),
        ("GET", "/crm", 403),
        ("OPTIONS", "/crm/contacts/1", 403),
        ("POST", "/crm/contacts/1", 403),
    ] {
        let answer = gateway.client().request(method, path, &[], b"");
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        if status == 403 {
            assert_eq!(answer.json()["code"], "default_denied", "{method} {path}");
            assert_eq!(
                gateway.records_of("decision").pop().unwrap()["capability"],
                "crm.unmapped",
                "{method} {path}"
            );
        }
    }
    assert_eq!(tool.count(), 1);
}

#[test]
fn the_first_route_that_matches_serves() {
    let (first, second, third) = (Tool::saying("first"), Tool::saying("second"), Tool::saying("third"));
    let operations =
        "operations: [{method: GET, path: \"/crm/contacts/{id}\", capability: crm.contacts.read}]";
    let section = format!(
        "routes:\n{}{}{}",
        route("one", "crm", "{host: One.test, path_prefix: /crm}", first.address, operations),
        route(
            "two",
            "vip",
            "{path_prefix: /crm/contacts}",
            second.address,
            "strip_prefix: true\n  operations: []"
        ),
        route("three", "rest", "{path_prefix: /crm}", third.address, "operations: []"),
    );
    let gateway = Gateway::with(&section, OPEN).start();
    for (host, target, expected) in [
        ("one.test", "/crm/contacts/1", Some("first")),
        ("ONE.test:99", "/crm/x", Some("first")),
        ("other.test", "/crm/contacts/1", Some("second")),
        ("other.test", "/%63rm//contacts", Some("second")),
        ("other.test", "/crm/contactsx", Some("third")),
        ("other.test", "/crm", Some("third")),
        ("other.test", "/crmx", None),
        ("other.test", "/CRM", None),
        ("other.test", "/", None),
    ] {
        let mut client = gateway.client();
        client.send(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
        let answer = client.answer().unwrap();
        match expected {
            Some(text) => assert_eq!((answer.status, answer.text().as_str()), (200, text), "{host} {target}"),
            None => assert_eq!(
                (answer.status, &answer.json()["code"]),
                (404, &json!("route_not_found")),
                "{target}"
            ),
        }
    }
    let lines: Vec<String> = second.seen().iter().map(|seen| seen.line().to_owned()).collect();
    assert_eq!(lines, ["GET /1 HTTP/1.1", "GET / HTTP/1.1"]);
}

fn route(name: &str, prefix: &str, matches: &str, tool: std::net::SocketAddr, more: &str) -> String {
    format!(
        "- name: {name}\n  protocol: http\n  capability_prefix: {prefix}\n  match: {matches}\n  \
         upstream: {{addresses: [\"{tool}\"]}}\n  anonymous: {{id: dev, type: ai-agent}}\n  {more}\n"
    )
}
