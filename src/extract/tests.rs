//! What requests turn out to be: names, resources and parameters of calls, and what is refused.

use std::collections::HashMap;

use proptest::prelude::*;

use crate::extract::{
    ExtractError, Extracted, McpExtractor, McpHead, McpInput, Operation, OperationsExtractor,
    OperationsInput, ResourceTemplate, TemplateError, ToolCallExtractor, parse_query, rpc_code,
};
use crate::model::call::{Action, CapabilityName, Lookup, PathTemplate, ToolCall};
use crate::model::decision::ReasonCode;
use crate::model::json::{CaseEqualKeys, Json, NormalPath, PathAllowance, Reader};

fn named(text: &str) -> CapabilityName {
    CapabilityName::parse(text).unwrap()
}

fn tools() -> HashMap<String, CapabilityName> {
    HashMap::from([("Poubelle!".to_owned(), named("files.remove"))])
}

fn mcp(resource: Option<&str>) -> McpExtractor {
    let resource = resource.map(|template| ResourceTemplate::parse(template).unwrap());
    McpExtractor {
        route: "files".to_owned(),
        prefix: "files".to_owned(),
        tools: tools(),
        resource,
        resource_hidden: false,
    }
}

fn read<'a>(extractor: &McpExtractor, body: &'a str) -> Result<Extracted<'a>, ExtractError> {
    extractor.extract(&Reader::default(), posted(&McpHead::default(), body.as_bytes()))
}

/// Capability (or the tool's own name in parentheses) and resource of a call.
fn told(call: &ToolCall<'_>) -> (String, String) {
    let action = match &call.action {
        Action::Named(name) => name.to_string(),
        Action::Verbatim(text) => format!("verbatim {text}"),
        Action::Tunnel(name) => format!("tunnel {name}"),
        Action::Shared(name) => format!("shared {name}"),
        Action::Unnamed { tool, prefix } => format!("({prefix}: {tool})"),
    };
    (action, call.resource.to_string())
}

/// A POST of `body`.
fn posted<'h, 'a>(head: &'h McpHead<'h>, body: &'a [u8]) -> McpInput<'h, 'a> {
    McpInput { method: "POST", head, content_type: Some("application/json"), body }
}

#[test]
fn tool_calls_are_named_and_about_something() {
    let call = |tool: &str, arguments: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}"{arguments}}}}}"#)
    };
    for (template, tool, arguments, capability, resource) in [
        (None, "read_file", "", "files.read_file", "files"),
        (None, "readHTTPFile", ",\"arguments\":{}", "files.read_http_file", "files"),
        (None, "Poubelle!", "", "files.remove", "files"),
        (None, "\\u0072ead", "", "files.read", "files"),
        (None, "l\u{f6}schen", "", "(files: l\u{f6}schen)", "files"),
        (None, "", "", "(files: )", "files"),
        (Some("{arguments.path}"), "read", ",\"arguments\":{\"path\":\"/a\"}", "files.read", "/a"),
        (Some("{path}:{n}"), "read", ",\"arguments\":{\"path\":\"/a\",\"n\":1.50}", "files.read", "/a:1.50"),
        (Some("{arguments.a.b}"), "read", ",\"arguments\":{\"a\":{\"b\":true}}", "files.read", "true"),
        (Some("{arguments.path}"), "read", ",\"arguments\":{\"path\":null}", "files.read", "files"),
        (Some("{arguments.path}"), "read", "", "files.read", "files"),
    ] {
        let body = call(tool, arguments);
        let Ok(Extracted::Call { call, rpc_id, tool_result }) = read(&mcp(template), &body) else {
            panic!("{body}")
        };
        assert_eq!(told(&call), (capability.to_owned(), resource.to_owned()), "{body}");
        assert!(tool_result && matches!(rpc_id, Some(Json::Number(_))), "{body}");
    }
    for arguments in ["{\"path\":[]}", "{\"path\":{}}", "[]", "\"x\"", "null"] {
        let body = call("read", &format!(",\"arguments\":{arguments}"));
        let error = read(&mcp(Some("{arguments.path}")), &body).unwrap_err();
        assert_eq!(error.rpc.unwrap().code, rpc_code::INVALID_PARAMS, "{arguments}");
    }
}

/// A list is judged by the capabilities that calls would have.
#[test]
fn listed_tools_are_named_as_their_calls_are() {
    for (resource, known) in [(None, Some("files")), (Some("{arguments.path}"), None)] {
        let extractor = mcp(resource);
        for tool in ["read_file", "readFile", "Poubelle!", "l\u{f6}schen"] {
            let body =
                format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}"}}}}"#);
            let Ok(Extracted::Call { call, .. }) = read(&extractor, &body) else { panic!("{tool}") };
            let listed = extractor.listed(tool);
            assert_eq!(listed.action, call.action);
            assert_eq!((listed.known_resource(), call.known_resource()), (known, Some("files")), "{tool}");
            assert_eq!(listed.parameters.lookup("path"), Lookup::Unknowable);
        }
    }
}

#[test]
fn refusals_of_messages_answer_under_their_id() {
    for (body, code, id) in [
        ("{", rpc_code::PARSE_ERROR, "null"),
        ("[]", rpc_code::INVALID_REQUEST, "null"),
        (r#"{"jsonrpc":"2.0","id":"\u0061","method":"x"}"#, rpc_code::METHOD_NOT_FOUND, r#""\u0061""#),
        (r#"{"jsonrpc":"2.0","id":1.50,"method":"server/discover"}"#, rpc_code::HEADER_MISMATCH, "1.50"),
        (r#"{"jsonrpc":"2.0","id":1,"result":null}"#, rpc_code::INVALID_REQUEST, "1"),
        (r#"{"jsonrpc":"2.0","method":"tools/call"}"#, rpc_code::INVALID_REQUEST, "null"),
    ] {
        let rpc = read(&mcp(None), body).unwrap_err().rpc.unwrap();
        assert_eq!((rpc.code, rpc.id.as_str()), (code, id), "{body}");
    }
}

fn operations() -> OperationsExtractor {
    let operation = |method: &str, path: &str, capability: &str, resource: Option<&str>| Operation {
        method: method.to_owned(),
        path: PathTemplate::parse(path).unwrap(),
        capability: named(capability),
        resource_hidden: false,
        resource: resource.map(|template| ResourceTemplate::parse(template).unwrap()),
    };
    OperationsExtractor::new(
        "crm",
        vec![
            operation("GET", "/crm/{kind}/{id}", "crm.read", Some("{kind}:{id}")),
            operation("GET", "/crm/contacts/{id}", "crm.contacts.read", Some("contact:{id}")),
            operation("GET", "/crm/contacts/search", "crm.contacts.search", None),
            operation("POST", "/crm/contacts", "crm.contacts.create", None),
        ],
    )
}

fn operate<R>(
    method: &str,
    target: &str,
    content_type: Option<&str>,
    body: &[u8],
    look: impl FnOnce(&ToolCall<'_>) -> R,
) -> Result<R, ExtractError> {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let path = NormalPath::parse(path, PathAllowance::default()).unwrap();
    let input = OperationsInput { method, path: &path, query, content_type, body };
    match operations().extract(&Reader::default(), input)? {
        Extracted::Call { call, rpc_id: None, tool_result: false } => Ok(look(&call)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_most_literal_operation_is_meant() {
    for (method, target, capability, resource) in [
        ("GET", "/crm/contacts/42", "crm.contacts.read", "contact:42"),
        ("GET", "/crm/contacts/search", "crm.contacts.search", "/crm/contacts/search"),
        ("GET", "/crm/contacts/search/", "crm.contacts.search", "/crm/contacts/search/"),
        ("GET", "/crm/contacts/%73earch", "crm.contacts.search", "/crm/contacts/search"),
        ("GET", "/crm/leads/a%20b", "crm.read", "leads:a b"),
        ("POST", "//crm//contacts", "crm.contacts.create", "/crm/contacts"),
        ("post", "/crm/contacts", "crm.unmapped", "/crm/contacts"),
        ("HEAD", "/crm/contacts/42", "crm.unmapped", "/crm/contacts/42"),
        ("GET", "/crm/contacts", "crm.unmapped", "/crm/contacts"),
        ("GET", "/crm/contacts/1/2", "crm.unmapped", "/crm/contacts/1/2"),
    ] {
        let call = operate(method, target, None, b"", told).unwrap();
        assert_eq!(call, (capability.to_owned(), resource.to_owned()), "{method} {target}");
    }
}

#[test]
fn a_name_is_found_only_where_it_is_the_only_one() {
    let json = Some("application/json");
    for (target, content_type, body, name, found) in [
        ("/crm/contacts/7", None, "", "id", "\"7\""),
        ("/crm/contacts/7?limit=5", None, "", "limit", "\"5\""),
        ("/crm/contacts/7?id=8", None, "", "id", "unknowable"),
        ("/crm/contacts/7", json, "{\"id\":8}", "id", "unknowable"),
        ("/crm/contacts/7", json, "{\"amount\":1.50}", "amount", "1.50"),
        ("/crm/contacts/7", Some("application/vnd.x+json; a=b"), "{\"amount\":1}", "amount", "1"),
        // A list may mean anything to the tool, so what it does not hold by name cannot be known.
        ("/crm/contacts/7", json, "[{\"amount\":5000}]", "amount", "unknowable"),
        ("/crm/contacts/7?amount=1", json, "{\"amount\":2}", "body.amount", "2"),
        ("/crm/contacts/7?amount=1", json, "{\"amount\":2}", "query.amount", "\"1\""),
        ("/crm/contacts/7?amount=1", json, "{\"amount\":2}", "path.id", "\"7\""),
        ("/crm/contacts/7", json, "{\"amount\":2}", "query.amount", "absent"),
        (
            "/crm/contacts/7",
            Some("application/json; charset=utf-7"),
            "{\"amount\":2}",
            "body.amount",
            "unknowable",
        ),
        ("/crm/contacts/7", Some("application/json; Charset=\"UTF-8\""), "{\"amount\":2}", "amount", "2"),
        ("/crm/contacts/7", Some("text/plain"), "amount=1", "amount", "unknowable"),
        ("/crm/contacts/7", None, "{\"amount\":1}", "amount", "unknowable"),
        // The tool may find another id in what we cannot read.
        ("/crm/contacts/7", Some("text/plain"), "x", "id", "unknowable"),
        ("/crm/contacts/7", None, "", "amount", "absent"),
    ] {
        let told = operate("GET", target, content_type, body.as_bytes(), |call| {
            match call.parameters.lookup(name) {
                Lookup::Found(Json::String(text)) => format!("{:?}", text.as_str()),
                Lookup::Found(Json::Number(number)) => number.text.to_owned(),
                Lookup::Found(other) => other.type_name().to_owned(),
                Lookup::Absent => "absent".to_owned(),
                Lookup::Unknowable => "unknowable".to_owned(),
            }
        });
        assert_eq!(told.unwrap(), found, "{name} in {target} with {body}");
    }
    let error = operate("POST", "/crm/contacts", json, b"{\"a\":1,\"A\":2}", |_| ()).unwrap_err();
    assert_eq!((error.status, error.code), (400, ReasonCode::InvalidJson));
}

#[test]
fn queries_are_read_one_way_or_refused() {
    for (raw, expected) in [
        ("", Some(vec![])),
        ("a=1&b", Some(vec![("a", "1"), ("b", "")])),
        ("a=x%20y+z&&", Some(vec![("a", "x y z")])),
        ("a=b=c", Some(vec![("a", "b=c")])),
        ("a%5B%5D=1", Some(vec![("a[]", "1")])),
        ("a=1&a=2", None),
        ("a=1&%41=2", None),
        ("a;b", None),
        ("a=%0", None),
        ("a=%00", None),
        ("a=%c3%28", None),
        ("a=\u{e9}", None),
    ] {
        let found = parse_query(raw, CaseEqualKeys::Refuse).ok();
        let found = found.as_ref().map(|query| match query {
            Json::Object(members) => {
                members.iter().map(|(key, value)| (key.as_str(), value.as_str().unwrap())).collect()
            }
            other => panic!("{other:?}"),
        });
        assert_eq!(found, expected, "{raw}");
    }
    assert!(parse_query("a=1&A=2", CaseEqualKeys::Allow).is_ok());
}

#[test]
fn tool_calls_stand_where_the_pointers_lead() {
    let extractor = ToolCallExtractor {
        route: "call".to_owned(),
        prefix: "call".to_owned(),
        name: "/function/name".to_owned(),
        arguments: "/function/arguments".to_owned(),
        tools: tools(),
    };
    for (body, expected) in [
        (r#"{"function":{"name":"sendMail","arguments":{"to":"a"}}}"#, Ok("call.send_mail")),
        (r#"{"function":{"name":"Poubelle!"}}"#, Ok("files.remove")),
        (r#"{"function":{"name":"\u00e9"}}"#, Ok("(call: \u{e9})")),
        (r#"{"function":{"name":1}}"#, Err(ReasonCode::InvalidMessage)),
        (r#"{"name":"x"}"#, Err(ReasonCode::InvalidMessage)),
        // Arguments as text would be read by the tool, not by the rules.
        (r#"{"function":{"name":"x","arguments":"{}"}}"#, Err(ReasonCode::InvalidMessage)),
        (r#"{"function":{"name":"x","name":"y"}}"#, Err(ReasonCode::InvalidJson)),
    ] {
        let found = extractor.extract(&Reader::default(), Some("application/json"), body.as_bytes());
        let found = found.map_err(|error| error.code).map(|extracted| match extracted {
            Extracted::Call { call, .. } => told(&call).0,
            other => panic!("{other:?}"),
        });
        assert_eq!(found, expected.map(str::to_owned), "{body}");
    }
    let error = extractor.extract(&Reader::default(), Some("text/json"), b"{}").unwrap_err();
    assert_eq!((error.status, error.code), (415, ReasonCode::UnsupportedMediaType));
}

#[test]
fn templates_are_checked_when_they_are_written() {
    for (text, error) in [
        ("{", TemplateError::UnclosedBrace),
        ("a}b", TemplateError::UnclosedBrace),
        ("a}{b}", TemplateError::UnclosedBrace),
        ("{}", TemplateError::BadName),
        ("{a b}", TemplateError::BadName),
        ("{a..b}", TemplateError::BadName),
    ] {
        assert_eq!(ResourceTemplate::parse(text), Err(error), "{text}");
    }
}

proptest! {
    /// Whatever comes, reading it ends in a call, a message or a refusal of the 4xx kind that repeats no argument.
    #[test]
    fn nothing_makes_extraction_panic(body in prop::collection::vec(any::<u8>(), 0..200), query in "[ -~]{0,60}") {
        let reader = Reader::default();
        let json = Some("application/json");
        let head = McpHead::default();
        let path = NormalPath::parse("/crm/contacts/1", PathAllowance::default()).unwrap();
        let input = OperationsInput { method: "GET", path: &path, query: Some(&query), content_type: json, body: &body };
        for result in [mcp(None).extract(&reader, McpInput { content_type: json, ..posted(&head, &body) }), operations().extract(&reader, input)] {
            if let Err(error) = result {
                prop_assert!((400..500).contains(&error.status));
            }
        }
    }
}
