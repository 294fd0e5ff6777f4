//! The tool receives exactly the bytes that were judged, and nothing that two readers could read differently.

use serde_json::json;

use crate::support::{Gateway, Route, Tool, refused_json};

const OPEN: &str = "version: 1\nrules: [{name: all, approval: auto}]\n";

/// The default limit.
const LIMIT: usize = 1_048_576;

fn gateway(tool: &Tool) -> Gateway {
    let routes =
        [Route::mcp("files", tool.address), Route::crm(tool.address), Route::tool_call("call", tool.address)];
    Gateway::with(&Route::section(&routes), OPEN).start()
}

fn head(path: &str, more: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: application/json\r\n{more}\r\n")
}

fn chunked(pieces: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for piece in pieces {
        bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

/// A JSON body of exactly `length` bytes.
fn json_of(length: usize) -> Vec<u8> {
    let mut body = b"{\"a\":\"".to_vec();
    body.resize(length - 2, b'x');
    body.extend_from_slice(b"\"}");
    body
}

fn with_length(body: &[u8]) -> Vec<u8> {
    [head("/crm/contacts", &format!("Content-Length: {}\r\n", body.len())).as_bytes(), body].concat()
}

fn with_chunks(pieces: &[&[u8]]) -> Vec<u8> {
    [head("/crm/contacts", "Transfer-Encoding: chunked\r\n").as_bytes(), &chunked(pieces)].concat()
}

#[test]
fn the_judged_bytes_arrive_with_a_length_of_ours() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    // Spelled oddly on purpose: what is forwarded is never written anew.
    let odd = "{ \"b\" : 1.50,\r\n\t\"\\u0061\":\"\\/é\" }\n".as_bytes();
    let bytes: Vec<&[u8]> = odd.chunks(1).collect();
    let large = json_of(LIMIT);
    let halves: Vec<&[u8]> = large.chunks(30_000).collect();
    for (what, request, body) in [
        ("length", with_length(odd), odd),
        ("one chunk", with_chunks(&[odd]), odd),
        ("a chunk per byte", with_chunks(&bytes), odd),
        ("the limit, with a length", with_length(&large), &large[..]),
        ("the limit, in chunks", with_chunks(&halves), &large),
        ("nothing, with a length", with_length(b""), b""),
    ] {
        let before = tool.count();
        let mut client = gateway.client();
        client.send(&request);
        let answer = client.answer().unwrap();
        assert_eq!(answer.status, 200, "{what}: {}", answer.text());
        assert_eq!(tool.count(), before + 1, "{what}");
        let seen = tool.seen().pop().unwrap();
        assert!(seen.body == body, "{what}: {} bytes instead of {}", seen.body.len(), body.len());
        assert_eq!(seen.header("content-length"), [body.len().to_string()], "{what}");
        assert!(seen.header("transfer-encoding").is_empty(), "{what}");
    }
}

/// Long and short bodies in turn, on one connection, which must serve the next after each; the last are beyond the default.
#[test]
fn long_bodies_arrive_whole_and_leave_the_connection_usable() {
    let tool = Tool::start();
    let config = format!(
        "version: 1\ndata_dir: data\ncontrol: {{listen: \"127.0.0.1:0\"}}\naudit: {{durability: process}}\n\
         policy: {{rules: rules.yaml}}\n\
         gateway: {{listen: [{{address: \"127.0.0.1:0\"}}], max_body_bytes: 8388608}}\n{}",
        Route::section(&[Route::crm(tool.address)])
    );
    let gateway = Gateway::configured(&config).file("rules.yaml", OPEN).start();
    let mut client = gateway.client();
    for length in [65_536, 65_537, 300, 102_400, 524_288, 1_048_576, 20, 8_388_608] {
        let body = json_of(length);
        let pieces: Vec<&[u8]> = body.chunks(50_000).collect();
        for (how, request) in [("length", with_length(&body)), ("chunks", with_chunks(&pieces))] {
            client.send(&request);
            let answer = client.answer().unwrap_or_else(|| panic!("{length} by {how}: closed"));
            assert_eq!(answer.status, 200, "{length} by {how}: {}", answer.text());
            let seen = tool.seen().pop().unwrap();
            assert!(seen.body == body, "{length} by {how}: {} bytes arrived", seen.body.len());
            assert_eq!(seen.header("content-length"), [length.to_string()], "{how}");
        }
    }
    assert_eq!((tool.count(), tool.connections()), (16, 1));
    // Every one of them is in the ledger, whole.
    assert_eq!(gateway.records_of("decision").len(), 16);
    assert!(gateway.verify().status.success());
}

/// A long body whose tool fails is answered like a short one, and the tool was asked once.
#[test]
fn a_long_call_that_fails_is_answered_once() {
    let tool = Tool::answering(|_, stream| drop(stream.shutdown(std::net::Shutdown::Both)));
    let gateway = gateway(&tool);
    let mut client = gateway.client();
    client.send(&with_length(&json_of(200_000)));
    let answer = client.answer().unwrap();
    assert_eq!((answer.status, &answer.json()["code"]), (502, &json!("upstream_failed")));
    assert_eq!(tool.count(), 1);
}

#[test]
fn an_empty_chunked_body_arrives_with_a_length_of_ours() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let mut client = gateway.client();
    client.send(&with_chunks(&[]));
    assert_eq!(client.answer().unwrap().status, 200);
    let seen = tool.only();
    assert_eq!(
        (seen.header("content-length"), seen.header("transfer-encoding").len()),
        (vec!["0".to_owned()], 0)
    );
}

#[test]
fn a_body_may_come_in_any_pieces_and_after_100_continue() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let body = b"{\"name\":\"Ann\"}";
    let mut client = gateway.client();
    for request in [with_length(body), with_chunks(&[&body[..5], &body[5..]])] {
        for byte in request {
            client.send(&[byte]);
        }
        assert_eq!(client.answer().unwrap().status, 200);
    }
    let expecting = head("/crm/contacts", "Content-Length: 14\r\nExpect: 100-continue\r\n");
    client.send(expecting.as_bytes());
    // Not before the interim answer: that is what the caller waits for.
    let interim = client.read_until(b"\r\n\r\n").unwrap();
    assert!(interim.starts_with(b"HTTP/1.1 100"), "{}", String::from_utf8_lossy(&interim));
    assert_eq!(tool.count(), 2);
    client.send(body);
    assert_eq!(client.answer().unwrap().status, 200);
    let seen = tool.seen();
    assert!(seen.iter().all(|seen| seen.body == body && seen.header("expect").is_empty()), "{seen:?}");
}

#[test]
fn a_body_over_the_limit_is_413_and_never_a_prefix() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let large = json_of(LIMIT + 1);
    let pieces: Vec<&[u8]> = large.chunks(8_192).collect();
    for (what, request) in [
        ("length", with_length(&large)),
        ("chunks", with_chunks(&pieces)),
        ("announced only", head("/crm/contacts", "Content-Length: 1048577\r\n").into_bytes()),
        (
            "expected",
            head("/crm/contacts", "Content-Length: 1048577\r\nExpect: 100-continue\r\n").into_bytes(),
        ),
        ("absurd", head("/crm/contacts", "Content-Length: 18446744073709551615\r\n").into_bytes()),
    ] {
        let mut client = gateway.client();
        let _refused_early = client.try_send(&request);
        let first = client.read_until(b"\r\n").unwrap_or_default();
        assert!(first.starts_with(b"HTTP/1.1 413 "), "{what}: {}", String::from_utf8_lossy(&first));
    }
    assert_eq!(tool.count(), 0);
}

/// A caller that sends all it has before it reads finds the answer.
#[test]
fn the_answer_to_a_body_that_is_refused_unread_is_not_lost() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let large = json_of(8 * LIMIT);
    let pieces: Vec<&[u8]> = large.chunks(65_536).collect();
    for request in [with_length(&large), with_chunks(&pieces)] {
        let mut client = gateway.client();
        client.send(&request);
        let answer = client.answer().unwrap();
        assert_eq!((answer.status, &answer.json()["code"]), (413, &json!("body_too_large")));
        assert!(client.is_closed());
    }
    assert_eq!(tool.count(), 0);
}

#[test]
fn ambiguous_json_is_refused_on_every_protocol_and_recorded() {
    let tool = Tool::start();
    let gateway = gateway(&tool);
    let mut client = gateway.client();
    let mut refused = 0;
    for (what, body) in refused_json() {
        for (path, rpc) in [("/files", true), ("/crm/contacts", false), ("/call", false)] {
            let answer = client.request("POST", path, &[("Content-Type", "application/json")], &body);
            assert_eq!(answer.status, 400, "{what} on {path}: {}", answer.text());
            let said = answer.json();
            if rpc {
                assert_eq!((&said["jsonrpc"], &said["id"]), (&json!("2.0"), &json!(null)), "{what}: {said}");
                assert_eq!(said["error"]["code"], -32700, "{what}: {said}");
                assert_eq!(said["error"]["data"]["code"], "invalid_json", "{what}: {said}");
            } else {
                assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
                assert_eq!(said["type"], "urn:aegis:invalid-json", "{what}: {said}");
            }
            refused += 1;
        }
    }
    // The same connection serves the next request.
    assert_eq!(client.post_json("/crm/contacts", "{\"a\":1}").status, 200);
    assert_eq!(tool.count(), 1);
    let records = gateway.records_of("refusal");
    assert_eq!(records.len(), refused);
    assert!(records.iter().all(|record| record["code"] == "invalid_json" && record["actor"] == "dev"));
    assert!(gateway.verify().status.success());
}

#[test]
fn what_the_configuration_lets_through_is_let_through() {
    let tool = Tool::start();
    let json = "gateway: {listen: [{address: \"127.0.0.1:0\"}], max_body_bytes: 40, \
                json: {max_depth: 2, case_equal_keys: allow}}\n";
    let routes = format!("{json}{}", Route::section(&[Route::crm(tool.address)]));
    let gateway = Gateway::with(&routes, OPEN).start();
    for (body, status) in [
        (r#"{"a":1,"A":2}"#.to_owned(), 200),
        (r#"{"a":1,"a":2}"#.to_owned(), 400),
        (r#"{"a":[1]}"#.to_owned(), 200),
        (r#"{"a":[[1]]}"#.to_owned(), 400),
        (format!("{:40}", "{}"), 200),
        (format!("{:41}", "{}"), 413),
    ] {
        assert_eq!(gateway.client().post_json("/crm/contacts", &body).status, status, "{body}");
    }
}

#[test]
fn a_compressed_body_is_refused_and_an_opaque_one_is_bound_by_its_digest() {
    let tool = Tool::start();
    let rules = "version: 1\nrules:\n- {name: small, match: {type: crm.contacts.create}, \
                 conditions: {param_lt: {amount: 10}}, approval: auto}\n- {name: all, approval: auto}\n";
    let gateway = Gateway::with(&Route::section(&[Route::crm(tool.address)]), rules).start();
    let mut client = gateway.client();
    for coding in ["gzip", "br", "deflate, gzip", "GZIP", "identity, gzip"] {
        let headers = [("Content-Type", "application/json"), ("Content-Encoding", coding)];
        let answer = client.request("POST", "/crm/contacts", &headers, b"{\"amount\":1}");
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("invalid_request")), "{coding}");
    }
    // A condition that reads a body which is no JSON cannot be told: denied, not passed over to the next rule.
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = client.request("POST", "/crm/contacts", &headers, b"amount=1");
    assert_eq!((answer.status, &answer.json()["code"]), (403, &json!("indeterminate")));
    assert_eq!(tool.count(), 0);
    let answer = client.request("PUT", "/crm/contacts/1", &headers, b"a=\xff\0");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(tool.only().body, b"a=\xff\0");
    let arguments = &gateway.records_of("decision").pop().unwrap()["arguments"];
    assert_eq!(arguments["body_sha256"].as_str().map(str::len), Some(64), "{arguments}");
}

/// Two media types: what is judged as the one could be read by the tool as the other, so neither is believed.
#[test]
fn of_two_content_types_neither_is_believed() {
    let tool = Tool::start();
    let rules = "version: 1\nrules:\n- {name: small, match: {type: crm.contacts.create}, \
                 conditions: {param_lt: {amount: 10}}, approval: auto}\n- {name: all, approval: auto}\n";
    let routes =
        [Route::mcp("files", tool.address), Route::crm(tool.address), Route::tool_call("call", tool.address)];
    let gateway = Gateway::with(&Route::section(&routes), rules).start();
    for types in [["application/json", "text/plain"], ["text/plain", "application/json"]] {
        for (path, status) in [("/crm/contacts", 403), ("/call", 415), ("/files", 415)] {
            let headers = types.map(|media_type| ("Content-Type", media_type));
            let body = br#"{"jsonrpc":"2.0","id":1,"method":"ping","tool":"x","amount":1}"#;
            let answer = gateway.client().request("POST", path, &headers, body);
            assert_eq!(answer.status, status, "{types:?} on {path}: {}", answer.text());
        }
    }
    assert_eq!(tool.count(), 0);
}

#[test]
fn a_body_too_large_is_recorded_for_callers_that_are_known_and_no_others() {
    let tool = Tool::start();
    let known = Gateway::in_front_of(tool.address, crate::decisions::RULES).start();
    let body = vec![b' '; LIMIT + 1];
    let send = |target| {
        let mut client = known.client();
        client.send(
            format!("POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(),
        );
        client.answer().unwrap().status
    };
    assert_eq!((send("/crm/contacts"), send("/elsewhere")), (413, 404));
    let refusals = known.records_of("refusal");
    assert_eq!(refusals.len(), 1);
    assert_eq!((&refusals[0]["code"], &refusals[0]["actor"]), (&"body_too_large".into(), &"dev".into()));
    assert_eq!(tool.count(), 0);
}
