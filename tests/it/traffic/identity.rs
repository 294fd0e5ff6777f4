//! Who calls, what of a request's head reaches the tool, and what the gateway adds.

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::{Client, Gateway, Route, Tool, eventually};

/// Allows everything.
const OPEN: &str = "version: 1\nrules: [{name: all, approval: auto}]\n";

/// A `control` section whose keys have the texts `bot-text`, `named-text` and `root-text`.
fn keys() -> String {
    let hash = |text: &str| data_encoding::HEXLOWER.encode(&Sha256::digest(text));
    format!(
        "control:\n  listen: 127.0.0.1:0\n  keys:\n  \
         - {{id: bot, hash: \"sha256:{}\", tenant: acme, scopes: [\"governance:propose\"], actors: [\"agent-*\"]}}\n  \
         - {{id: named, hash: \"sha256:{}\", tenant: acme, scopes: [], actor: {{id: agent-7, type: automation}}}}\n  \
         - {{id: ops, hash: \"sha256:{}\", tenant: acme, scopes: [admin]}}\n",
        hash("bot-text"),
        hash("named-text"),
        hash("root-text"),
    )
}

/// A whole configuration with these keys and routes.
fn with_keys(routes: &[Route]) -> String {
    format!(
        "version: 1\ndata_dir: data\n{}audit: {{durability: process, segment_bytes: 4194304}}\n\
         policy: {{rules: rules.yaml}}\ngateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\n{}",
        keys(),
        Route::section(routes)
    )
}

#[test]
fn callers_are_known_by_their_key_or_by_the_route() {
    let tool = Tool::start();
    let (open, closed) = (Route::crm(tool.address), Route::tool_call("closed", tool.address).closed());
    let gateway = Gateway::configured(&with_keys(&[open, closed])).file("rules.yaml", OPEN).start();
    let open = ("GET", "/crm/contacts/1");
    let closed = ("POST", "/closed");
    let mut known = Vec::new();
    for ((method, path), headers, expected) in [
        (open, &[][..], Ok("dev")),
        (open, &[("X-Api-Key", "bot-text")], Ok("bot")),
        (open, &[("Authorization", "Bearer bot-text")], Ok("bot")),
        (open, &[("X-Api-Key", "named-text")], Ok("agent-7")),
        (open, &[("X-Api-Key", "bot-text"), ("Authorization", "bearer bot-text")], Ok("bot")),
        (open, &[("X-Api-Key", "bot-text"), ("X-Aegis-Actor", "agent-9")], Ok("agent-9")),
        // A credential that fails never falls through to the next kind or to the anonymous caller.
        (open, &[("X-Api-Key", "wrong")], Err("credentials_invalid")),
        (open, &[("X-Api-Key", "")], Err("credentials_invalid")),
        (open, &[("Authorization", "Basic Ym90LXRleHQ=")], Err("credentials_invalid")),
        (open, &[("X-Api-Key", "wrong"), ("Authorization", "Bearer bot-text")], Err("credentials_invalid")),
        (
            open,
            &[("X-Api-Key", "bot-text"), ("Authorization", "Bearer named-text")],
            Err("credentials_invalid"),
        ),
        (open, &[("X-Api-Key", "bot-text"), ("X-Api-Key", "bot-text")], Err("credentials_invalid")),
        // A key that may manage or approve calls no tools.
        (open, &[("X-Api-Key", "root-text")], Err("credentials_invalid")),
        (open, &[("X-Api-Key", "bot-text"), ("X-Aegis-Actor", "boss")], Err("credentials_invalid")),
        // Nobody becomes an actor by a header alone.
        (open, &[("X-Aegis-Actor", "agent-9")], Ok("dev")),
        (closed, &[], Err("credentials_missing")),
        (closed, &[("X-Api-Key", "wrong")], Err("credentials_invalid")),
        (closed, &[("X-Api-Key", "bot-text"), ("Content-Type", "application/json")], Ok("bot")),
    ] {
        let body: &[u8] = if method == "POST" { b"{\"tool\":\"x\",\"input\":{}}" } else { b"" };
        let answer = gateway.client().request(method, path, headers, body);
        match expected {
            Ok(actor) => {
                assert_eq!(answer.status, 200, "{headers:?}: {}", answer.text());
                known.push(actor);
            }
            Err(code) => {
                assert_eq!(
                    (answer.status, &answer.json()["code"]),
                    (401, &json!(code)),
                    "{path} {headers:?}"
                );
                assert_eq!(answer.header("content-type"), Some("application/problem+json"));
                assert!(answer.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")));
                assert!(
                    !answer.text().contains("wrong") && !answer.text().contains("-text"),
                    "{}",
                    answer.text()
                );
            }
        }
    }
    let seen: Vec<_> = tool.seen().iter().flat_map(|seen| seen.header("x-aegis-actor")).collect();
    assert_eq!(seen, known);
    let records = gateway.records_of("decision");
    assert_eq!(records.iter().map(|record| record["actor"].as_str().unwrap()).collect::<Vec<_>>(), known);
    assert_eq!((&records[0]["tenant"], &records[1]["tenant"]), (&json!("default"), &json!("acme")));
    assert_eq!((&records[1]["key"], &records[3]["actor_type"]), (&json!("bot"), &json!("automation")));
    // Strangers cannot fill the ledger.
    assert!(gateway.records_of("refusal").is_empty());
}

#[test]
fn what_is_meant_for_the_gateway_never_reaches_the_tool() {
    let tool = Tool::start();
    let gateway =
        Gateway::configured(&with_keys(&[Route::crm(tool.address)])).file("rules.yaml", OPEN).start();
    let headers = [
        ("X-Api-Key", "bot-text"),
        ("Authorization", "Bearer bot-text"),
        ("X_Api_Key", "bot-text"),
        ("X-Aegis-Actor", "agent-9"),
        ("X-Aegis-Decision-Id", "dec_forged"),
        ("X_Aegis_Actor", "root"),
        ("x-aegis_request-id", "forged"),
        ("X_AEGIS_ANYTHING", "x"),
        ("Forwarded", "for=10.0.0.1"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("X_Forwarded_Host", "evil"),
        ("X-Forwarded-Proto", "https"),
        ("Accept", "application/json"),
        ("X-Kept", "one"),
        ("x-kept", "two"),
        ("X-Apiary", "kept"),
    ];
    let answer = gateway.client().request("GET", "/crm/contacts/1", &headers, b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = tool.only();
    let mut names: Vec<String> = seen
        .head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    names.sort();
    let expected = [
        "accept",
        "host",
        "x-aegis-actor",
        "x-aegis-decision-id",
        "x-aegis-request-id",
        "x-apiary",
        "x-kept",
        "x-kept",
    ];
    assert_eq!(names, expected, "{}", seen.head);
    for secret in ["bot-text", "forged", "10.0.0.1", "evil", "root"] {
        assert!(!seen.head.contains(secret), "{secret}: {}", seen.head);
    }
    assert_eq!(seen.header("x-kept"), ["one", "two"]);
    let record = &gateway.records_of("decision")[0];
    assert_eq!(json!(seen.header("x-aegis-actor")), json!(["agent-9"]));
    assert_eq!(json!(seen.header("x-aegis-decision-id")), json!([record["decision_id"]]));
    assert_eq!(json!(seen.header("x-aegis-request-id")), json!([record["request_id"]]));
}

#[test]
fn the_route_gives_the_tool_its_own_credential_and_host() {
    let tool = Tool::start();
    let injected =
        "headers: {Authorization: {env: TEST_CRM_TOKEN}, X-File: {file: token.txt}, X-Plain: \"as is\"}";
    let route = Route::crm(tool.address).upstream("host: crm.internal").upstream(injected);
    let gateway = Gateway::with(&Route::section(&[route]), OPEN)
        .file("token.txt", "from-file\n")
        .variable("TEST_CRM_TOKEN", "Bearer from-env")
        .start();
    let answer = gateway.client().request("GET", "/crm/contacts/1", &[("X-Plain", "mine")], b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = tool.only();
    assert_eq!(seen.header("authorization"), ["Bearer from-env"]);
    assert_eq!(seen.header("x-file"), ["from-file"]);
    assert_eq!(seen.header("x-plain"), ["as is"]);
    assert_eq!(seen.header("host"), ["crm.internal"]);
    assert!(!gateway.log().contains("from-env") && !gateway.log().contains("from-file"));
}

#[test]
fn host_is_preserved_and_credentials_go_on_only_where_the_route_says_so() {
    let tool = Tool::start();
    let route = Route::crm(tool.address).with("forward_credentials: true");
    let gateway = Gateway::configured(&with_keys(&[route])).file("rules.yaml", OPEN).start();
    let mut client = gateway.client();
    client.send(
        b"GET /crm/contacts/1 HTTP/1.1\r\nHost: Crm.Example:8080\r\nX-Api-Key: bot-text\r\n\
          Authorization: Bearer bot-text\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n",
    );
    assert_eq!(client.answer().unwrap().status, 200);
    let seen = tool.only();
    assert_eq!(seen.header("host"), ["Crm.Example:8080"]);
    assert_eq!(seen.header("x-api-key"), ["bot-text"]);
    assert_eq!(seen.header("authorization"), ["Bearer bot-text"]);
    assert!(seen.header("x-forwarded-for").is_empty());
}

/// A header that `Connection` names is dropped by whatever reads it next: so a caller could have ours dropped.
#[test]
fn headers_of_one_connection_end_at_the_gateway() {
    let tool = Tool::start();
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    let headers = [
        ("Connection", "keep-alive, X-Aegis-Actor, X-Dropped"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Authorization", "Basic eDp5"),
        ("Proxy-Connection", "keep-alive"),
        ("TE", "trailers"),
        ("X-Dropped", "x"),
    ];
    let answer = gateway.client().request("GET", "/crm/contacts/1", &headers, b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = tool.only();
    assert!(!seen.header("connection").join(",").to_ascii_lowercase().contains("aegis"), "{}", seen.head);
    for name in ["keep-alive", "proxy-authorization", "proxy-connection", "te"] {
        assert!(seen.header(name).is_empty(), "{}", seen.head);
    }
    assert_eq!(seen.header("x-aegis-actor"), ["dev"]);
}

/// What was judged, and what frames a request, must reach the tool: a caller that asks to have it dropped is refused.
#[test]
fn connection_may_not_name_what_was_judged() {
    let tool = Tool::start();
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), OPEN).start();
    for named in
        ["host", "keep-alive, content-type", "x-forwarded-for", "a,b,c,d,e,f,g,h,i,j", "Mcp-Session-Id"]
    {
        let answer = gateway.client().request("GET", "/crm/contacts/1", &[("Connection", named)], b"");
        assert_eq!(answer.status, 400, "{named}: {}", answer.text());
    }
    assert_eq!((tool.count(), gateway.records_of("decision").len()), (0, 0));
}

/// Of eight places one is for strangers: others are refused without waiting for their bodies.
#[test]
fn strangers_do_not_take_the_places_of_those_who_are_known() {
    let tool = Tool::start();
    // No body is waited for too long here: who is answered was turned away.
    let limited = "gateway: {listen: [{address: \"127.0.0.1:0\"}], max_concurrent_requests: 8, timeouts: {body_ms: 3600000}}";
    let config = format!("{limited}\n{}", Route::section(&[Route::crm(tool.address).closed()]));
    let gateway = Gateway::with(&config, "rules: [{name: all, match: {}, approval: auto}]").start();
    let mut strangers: Vec<_> = (0..6).map(|_| gateway.client()).collect();
    for stranger in &mut strangers {
        stranger.send(b"POST /crm/contacts HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{");
        stranger.stream().set_nonblocking(true).unwrap();
    }
    let told = eventually("a stranger that is turned away", || {
        let mut first = [0; 12];
        let read = |stranger: &mut Client| std::io::Read::read(stranger.stream(), &mut first).ok();
        strangers.iter_mut().find_map(read).map(|_| String::from_utf8_lossy(&first).into_owned())
    });
    assert_eq!(told, "HTTP/1.1 401");
    // A place is left, and one who is told to go on is let in.
    let refused = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n";
    let mut client = gateway.client();
    client.send(refused);
    assert!(client.read_until(b"\r\n").unwrap().starts_with(b"HTTP/1.1 404 "));
}
