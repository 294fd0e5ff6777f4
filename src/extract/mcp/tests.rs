//! The stateless era: what agrees with its headers passes, everything else is refused.

use std::collections::HashMap;

use data_encoding::BASE64;
use proptest::prelude::*;

use crate::extract::mcp::mirrored::decode;
use crate::extract::{Extracted, McpEra, McpExtractor, McpHead, McpInput, MessageKind, rpc_code};
use crate::model::json::{Reader, write_json_string};

const VERSION: (&str, &str) = ("mcp-protocol-version", "2026-07-28");

fn extractor() -> McpExtractor {
    McpExtractor {
        route: "files".to_owned(),
        prefix: "files".to_owned(),
        tools: HashMap::new(),
        resource: None,
        resource_hidden: false,
    }
}

fn head<'h>(headers: &[(&'h str, &'h str)]) -> McpHead<'h> {
    let mut head = McpHead::default();
    for (name, value) in headers {
        head.note(name, value.as_bytes());
    }
    head
}

fn quoted(text: &str) -> String {
    let mut quoted = Vec::new();
    write_json_string(text, &mut quoted);
    String::from_utf8(quoted).unwrap()
}

/// A request of the stateless era; `params` are members before `_meta`, each with a comma behind it.
fn request(method: &str, params: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":7,"method":{},"params":{{{params}"_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}}}}"#,
        quoted(method)
    )
}

/// What a POST of `body` comes to: the kind of its message (`None` for a call), or HTTP status and JSON-RPC code.
fn posted(headers: &[(&str, &str)], body: &str) -> Result<Option<MessageKind>, (u16, i32)> {
    let head = head(headers);
    let input = McpInput {
        method: "POST",
        head: &head,
        content_type: Some("application/json"),
        body: body.as_bytes(),
    };
    match extractor().extract(&Reader::default(), input) {
        Ok(Extracted::Message { kind, .. }) => Ok(Some(kind)),
        Ok(Extracted::Call { .. }) => Ok(None),
        Err(error) => Err((error.status, error.rpc.unwrap().code)),
    }
}

#[test]
fn each_method_is_served_in_its_era() {
    let not_found = |status| Err((status, rpc_code::METHOD_NOT_FOUND));
    let other = Ok(Some(MessageKind::Other));
    for (method, session, stateless) in [
        ("tools/list", Ok(Some(MessageKind::ToolList)), Ok(Some(MessageKind::ToolList))),
        ("prompts/list", other, other),
        ("resources/list", other, other),
        ("resources/templates/list", other, other),
        ("completion/complete", other, other),
        ("server/discover", not_found(400), other),
        ("subscriptions/listen", not_found(400), Ok(Some(MessageKind::Stream))),
        ("initialize", other, not_found(404)),
        ("ping", other, not_found(404)),
        ("logging/setLevel", other, not_found(404)),
        ("resources/subscribe", other, not_found(404)),
        ("resources/unsubscribe", other, not_found(404)),
        ("tasks/list", other, not_found(404)),
        ("tasks/get", not_found(400), not_found(404)),
        ("sampling/createMessage", not_found(400), not_found(404)),
        ("", not_found(400), not_found(404)),
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#);
        assert_eq!(posted(&[("mcp-protocol-version", "2025-11-25")], &body), session, "{method}");
        assert_eq!(posted(&[VERSION, ("mcp-method", method)], &request(method, "")), stateless, "{method}");
    }
}

#[test]
fn headers_must_say_what_the_body_says() {
    let call = request("tools/call", "\"name\":\"r\u{e9}ad\",");
    let list = request("tools/list", "");
    let (calls, lists) = (("mcp-method", "tools/call"), ("mcp-method", "tools/list"));
    let named = ("mcp-name", "=?base64?csOpYWQ=?=");
    let mismatch = Err((400, rpc_code::HEADER_MISMATCH));
    for (headers, body, outcome) in [
        (&[VERSION, calls, named][..], &call, Ok(None)),
        (&[VERSION, ("mcp-method", "\t tools/call "), named], &call, Ok(None)),
        (&[VERSION, named], &call, mismatch),
        (&[VERSION, calls], &call, mismatch),
        (&[VERSION, calls, ("mcp-name", "r\u{e9}ad")], &call, mismatch),
        (&[VERSION, calls, ("mcp-name", "=?BASE64?csOpYWQ=?=")], &call, mismatch),
        (&[VERSION, ("mcp-method", "=?base64?dG9vbHMvY2FsbA==?="), named], &call, mismatch),
        (&[VERSION, calls, named, named], &call, mismatch),
        (&[VERSION, calls, calls, named], &call, mismatch),
        (&[VERSION, VERSION, calls, named], &call, mismatch),
        (&[VERSION, calls, named, ("mcp_name", "x")], &call, mismatch),
        (&[VERSION, calls, ("mcp_name", "=?base64?csOpYWQ=?=")], &call, mismatch),
        (&[VERSION, ("mcp_method", "tools/call"), named], &call, mismatch),
        (
            &[VERSION, ("mcp-method", "tasks/get"), ("mcp-name", "7")],
            &request("tasks/get", "\"taskId\":\"7\","),
            Err((404, rpc_code::METHOD_NOT_FOUND)),
        ),
        (&[VERSION, lists], &list, Ok(Some(MessageKind::ToolList))),
        (&[VERSION, ("mcp-method", "TOOLS/LIST")], &list, mismatch),
        (&[VERSION, lists, ("mcp-name", "tools")], &list, mismatch),
        (&[VERSION, lists, ("mcp-name", "")], &list, mismatch),
        (
            &[VERSION, lists, ("mcp-param-a", "1"), ("mcp-param-b_c", "2")],
            &list,
            Ok(Some(MessageKind::ToolList)),
        ),
        (
            &[VERSION, lists, ("mcp-param-a", "1"), ("mcp-param-b", "1"), ("mcp-param-a", "1")],
            &list,
            mismatch,
        ),
        (&[VERSION, lists, ("mcp-param-b_c", "1"), ("mcp-param-b-c", "2")], &list, mismatch),
        (&[VERSION, lists, ("mcp_param-a", "1")], &list, mismatch),
    ] {
        assert_eq!(posted(headers, body), outcome, "{headers:?} {body}");
    }
}

#[test]
fn head_and_body_name_one_version() {
    let lists = ("mcp-method", "tools/list");
    let claiming = |meta: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"_meta":{meta}}}}}"#)
    };
    let claim =
        |version: &str| claiming(&format!("{{\"io.modelcontextprotocol/protocolVersion\":{version}}}"));
    for (headers, body, outcome) in [
        (&[VERSION, lists][..], claim("\"2026-07-28\""), Ok(Some(MessageKind::ToolList))),
        (&[VERSION, lists], claim("\"2026-07\\u002d28\""), Ok(Some(MessageKind::ToolList))),
        (&[VERSION, lists], claim("\"2025-11-25\""), Err((400, rpc_code::HEADER_MISMATCH))),
        (&[VERSION, lists], claim("null"), Err((400, rpc_code::HEADER_MISMATCH))),
        (&[VERSION, lists], claiming("{}"), Err((400, rpc_code::INVALID_PARAMS))),
        (&[VERSION, lists], claiming("[]"), Err((400, rpc_code::INVALID_PARAMS))),
        (&[VERSION], claiming("{}"), Err((400, rpc_code::INVALID_PARAMS))),
        (&[("mcp-protocol-version", "v999")], claim("\"v999\""), Err((400, rpc_code::UNSUPPORTED_VERSION))),
        (&[("mcp-protocol-version", "v999")], claim("\"2026-07-28\""), Err((400, rpc_code::HEADER_MISMATCH))),
        (
            &[("mcp-protocol-version", "2025-11-25")],
            claim("\"2026-07-28\""),
            Err((400, rpc_code::HEADER_MISMATCH)),
        ),
        (&[], claim("\"2026-07-28\""), Err((400, rpc_code::HEADER_MISMATCH))),
    ] {
        assert_eq!(posted(headers, &body), outcome, "{headers:?} {body}");
    }
}

/// Servers tell a stateless client only of stateless versions in `server/discover`, so a list with more would contradict them.
#[test]
fn a_client_is_told_of_the_versions_it_can_go_by() {
    let supported = |body: &str| {
        let head = head(&[("mcp-protocol-version", "v9")]);
        let body = body.as_bytes();
        let input = McpInput { method: "POST", head: &head, content_type: Some("application/json"), body };
        extractor().extract(&Reader::default(), input).unwrap_err().rpc.unwrap().data.unwrap()
    };
    assert_eq!(
        supported(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#),
        r#"{"supported":["2026-07-28","2025-11-25","2025-06-18","2025-03-26"],"requested":"v9"}"#
    );
    assert_eq!(
        supported(&request("server/discover", "").replace("2026-07-28", "v9")),
        r#"{"supported":["2026-07-28"],"requested":"v9"}"#
    );
}

#[test]
fn messages_without_an_answer() {
    let cancelled = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
    let call = r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"read"}}"#;
    let response = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    let named = ("mcp-method", "notifications/cancelled");
    for (headers, body, outcome) in [
        // Which headers go with a notification is left open: none are needed, but they must not be wrong.
        (&[VERSION][..], cancelled, Ok(Some(MessageKind::CallsOff))),
        (&[VERSION, named], cancelled, Ok(Some(MessageKind::CallsOff))),
        (&[VERSION, ("mcp-method", "tools/call")], cancelled, Err((400, rpc_code::HEADER_MISMATCH))),
        (&[VERSION, named, ("mcp-name", "x")], cancelled, Err((400, rpc_code::HEADER_MISMATCH))),
        (
            &[VERSION, ("mcp-method", "tools/call"), ("mcp-name", "read")],
            call,
            Err((403, rpc_code::INVALID_REQUEST)),
        ),
        (&[], call, Err((403, rpc_code::INVALID_REQUEST))),
        (&[VERSION], response, Err((400, rpc_code::INVALID_REQUEST))),
    ] {
        assert_eq!(posted(headers, body), outcome, "{headers:?} {body}");
    }
}

#[test]
fn encoded_values_are_read_in_one_way_only() {
    for (value, meant) in [
        ("us-west1", Some("us-west1")),
        ("", Some("")),
        ("a\tb", Some("a\tb")),
        ("=?base64?SGVsbG8=?=", Some("Hello")),
        ("=?base64??=", Some("")),
        ("=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=", Some("=?base64?literal?=")),
        ("=?base64?SGVsbG8=", Some("=?base64?SGVsbG8=")),
        ("SGVsbG8=?=", Some("SGVsbG8=?=")),
        ("=?base64?=", Some("=?base64?=")),
        ("=?base64?SGVsbG8?=", None),
        ("=?base64?SGVs!!!bG8=?=", None),
        ("=?base64?SGVsbG9=?=", None),
        ("=?base64?SGVsbG8=\t?=", None),
        ("=?base64?_w==?=", None),
        ("=?base64?/w==?=", None),
        ("\u{e9}", None),
        ("a\u{7f}", None),
    ] {
        assert_eq!(decode(value.as_bytes()).as_deref(), meant, "{value:?}");
    }
}

#[test]
fn only_the_version_alone_makes_the_era() {
    for (headers, era) in [
        (&[VERSION][..], McpEra::Stateless),
        (&[VERSION, VERSION], McpEra::Session),
        (&[("mcp_protocol_version", "2026-07-28")], McpEra::Session),
        (&[("mcp-protocol-version", "2025-11-25")], McpEra::Session),
        (&[], McpEra::Session),
    ] {
        assert_eq!(head(headers).era(), era, "{headers:?}");
    }
}

proptest! {
    /// What is accepted has headers that decode to exactly what the body says.
    #[test]
    fn accepted_headers_decode_to_the_body(
        method in prop::sample::select(vec!["tools/call", "prompts/get", "resources/read", "tools/list"]),
        said in prop::sample::select(vec!["tools/call", "prompts/get", "resources/read", "tools/list"]),
        name in prop_oneof!["[ -~]{0,6}", "\\PC{0,4}"],
        named in prop_oneof!["[ -~]{0,6}", "\\PC{0,4}", "=\\?base64\\?[A-Za-z0-9+/]{0,8}={0,2}\\?="],
        encodes in any::<bool>(),
        agrees in any::<bool>(),
    ) {
        let said = if agrees { method } else { said };
        let named = if agrees { name.clone() } else { named };
        let value = if encodes { format!("=?base64?{}?=", BASE64.encode(named.as_bytes())) } else { named };
        let member = if method == "resources/read" { "uri" } else { "name" };
        let body = request(method, &format!("\"{member}\":{},", quoted(&name)));
        let outcome = posted(&[VERSION, ("mcp-method", said), ("mcp-name", &value)], &body);
        let decoded = decode(value.as_bytes().trim_ascii());
        let equal = said == method && method != "tools/list" && decoded.as_deref() == Some(&name);
        prop_assert_eq!(outcome.is_ok(), equal, "{:?}: {} for {:?}", outcome, value, name);
        prop_assert!(!(agrees && encodes && method != "tools/list") || equal);
    }
}
