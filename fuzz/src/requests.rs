//! What agents send: paths, queries, and bodies of the three protocols.

use std::collections::HashMap;
use std::collections::HashSet;

use aegis_gateway::extract::{
    Extracted, McpEra, McpExtractor, McpHead, McpInput, Operation, OperationsExtractor, OperationsInput,
    ResourceTemplate, ToolCallExtractor, parse_query,
};
use aegis_gateway::model::call::{CapabilityName, PathTemplate};
use aegis_gateway::model::json::{CaseEqualKeys, Json, NormalPath, PathAllowance, Reader};

/// The normal form of a path is a fixed point, and has nothing left in it that two servers could read differently. The
/// first byte says what the route allows.
pub fn path(data: &[u8]) {
    let Some((flags, raw)) = split_text(data) else { return };
    let allow = PathAllowance { semicolon: flags & 1 != 0, encoded_slash: flags & 2 != 0 };
    let Ok(normal) = NormalPath::parse(raw, allow) else { return };
    let spelling = normal.spelling();
    let again = NormalPath::parse(spelling, allow).expect("a normal form is accepted");
    assert_eq!(again.spelling(), spelling, "not a fixed point");
    assert_eq!(again.segments(), normal.segments(), "the spelling means another path");
    assert!(spelling.starts_with('/') && !spelling.contains("//"), "empty segments are left");
    assert!(spelling.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\'));
    assert!(allow.semicolon || !spelling.contains(';'));
    let dots = |segment: &str| segment == "." || segment == "..";
    assert!(!normal.segments().iter().any(|segment| segment.is_empty() || dots(segment)));
    assert_eq!(normal.spelling_after(0), spelling);
}

/// A query that is read has every key once.
pub fn query(data: &[u8]) {
    let Some((flags, raw)) = split_text(data) else { return };
    let case = if flags & 1 == 0 { CaseEqualKeys::Refuse } else { CaseEqualKeys::Allow };
    let Ok(Json::Object(members)) = parse_query(raw, case) else { return };
    let fold = |key: &str| if case == CaseEqualKeys::Refuse { key.to_lowercase() } else { key.to_owned() };
    let keys: HashSet<String> = members.iter().map(|(key, _)| fold(key.as_str())).collect();
    assert_eq!(keys.len(), members.len(), "a key stands twice");
    assert!(members.iter().all(|(_, value)| matches!(value, Json::String(_))));
}

/// An MCP request is read, or refused with a JSON-RPC form or for its HTTP method. The first line is `+` or `-` (in a session of
/// the caller's or not) and the HTTP method; then come header lines up to an empty one; the rest is the body. What is
/// accepted of the stateless era has one `Mcp-Method`, the method of the body, and an `Mcp-Name` that in plain text is the name.
pub fn mcp(data: &[u8]) {
    let mut rest = data;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (line, behind) = rest.split_at(end);
        rest = &behind[1..];
        std::str::from_utf8(line).ok()
    };
    let Some(first) = line() else { return };
    let mut headers = Vec::new();
    while let Some((name, value)) = line().and_then(|line| line.split_once(':')) {
        headers.push((name.to_ascii_lowercase(), value));
    }
    let mut head = McpHead::default();
    head.in_session = first.starts_with('+');
    for (name, value) in &headers {
        head.note(name, value.as_bytes());
    }
    let extractor = McpExtractor {
        route: "files".to_owned(),
        prefix: "files".to_owned(),
        tools: HashMap::new(),
        resource_hidden: false,
        resource: ResourceTemplate::parse("{arguments.path}").ok(),
    };
    let (method, reader) = (first.get(1..).unwrap_or_default(), Reader::default());
    let input = McpInput { method, head: &head, content_type: Some("application/json"), body: rest };
    match extractor.extract(&reader, input) {
        Ok(extracted) => {
            in_one_namespace(&extracted);
            if head.era() == McpEra::Stateless {
                mirrored(&headers, &reader.parse(rest).expect("an accepted body is read again"));
            }
        }
        Err(error) => {
            assert!((400..500).contains(&error.status) && (error.rpc.is_some() || error.status == 405));
        }
    }
}

/// An accepted message of the stateless era says in its headers what it says in its body.
fn mirrored(headers: &[(String, &str)], message: &Json<'_>) {
    let values = |wanted: &str| {
        let same = |name: &str| name.replace('_', "-") == wanted;
        headers.iter().filter(|(name, _)| same(name)).map(|(_, value)| value.trim_ascii()).collect::<Vec<_>>()
    };
    let method = message.member("method").and_then(Json::as_str).expect("an accepted message has a method");
    let required = message.member("id").is_some();
    let said = values("mcp-method");
    assert!(said == [method] || (said.is_empty() && !required), "Mcp-Method is not the method");
    let param = |key: &str| message.member("params").and_then(|params| params.member(key)?.as_str());
    let named = match method {
        "tools/call" | "prompts/get" => param("name"),
        "resources/read" => param("uri"),
        _ => None,
    };
    match values("mcp-name")[..] {
        [] => assert!(named.is_none(), "Mcp-Name is missing"),
        [value] if value.starts_with("=?base64?") => assert!(named.is_some()),
        [value] => assert_eq!(Some(value), named, "Mcp-Name is not the name"),
        _ => panic!("Mcp-Name stands twice"),
    }
}

/// A REST request becomes a call of a known operation or of none. Line by line: method, path, query; the rest is the body.
pub fn operations(data: &[u8]) {
    let mut parts = data.splitn(4, |byte| *byte == b'\n');
    let mut line = || parts.next().and_then(|line| std::str::from_utf8(line).ok());
    let (Some(method), Some(path), Some(query)) = (line(), line(), line()) else { return };
    let body = parts.next().unwrap_or_default();
    let Ok(path) = NormalPath::parse(path, PathAllowance::default()) else { return };
    let operation = |method: &str, path: &str, capability: &str| Operation {
        method: method.to_owned(),
        path: PathTemplate::parse(path).expect("a good template"),
        capability: CapabilityName::parse(capability).expect("a good name"),
        resource_hidden: false,
        resource: ResourceTemplate::parse("contact:{id}").ok(),
    };
    let extractor = OperationsExtractor::new(
        "files",
        vec![
            operation("GET", "/contacts/{id}", "files.contacts.read"),
            operation("GET", "/contacts/search", "files.contacts.search"),
            operation("DELETE", "/contacts/{id}", "files.contacts.delete"),
        ],
    );
    let content_type = Some("application/json");
    let input = OperationsInput { method, path: &path, query: Some(query), content_type, body };
    match extractor.extract(&Reader::default(), input) {
        Ok(extracted) => in_one_namespace(&extracted),
        Err(error) => assert!((400..500).contains(&error.status)),
    }
}

/// The body of a tool-call route becomes a call or is refused.
pub fn tool_call(data: &[u8]) {
    let extractor = ToolCallExtractor {
        route: "files".to_owned(),
        prefix: "files".to_owned(),
        name: "/tool".to_owned(),
        arguments: "/input".to_owned(),
        tools: HashMap::new(),
    };
    match extractor.extract(&Reader::default(), Some("application/json"), data) {
        Ok(extracted) => in_one_namespace(&extracted),
        Err(error) => assert!((400..500).contains(&error.status)),
    }
}

/// Whatever an agent sends, it cannot name a capability outside the route's prefix.
fn in_one_namespace(extracted: &Extracted<'_>) {
    let name = match extracted {
        Extracted::Call { call, .. } => call.action.capability(),
        Extracted::Message { name, .. } => name.as_ref().map(CapabilityName::as_str),
    };
    if let Some(name) = name {
        assert!(name.starts_with("files."), "a capability of another route");
        assert!(CapabilityName::parse(name).is_ok(), "a capability that could not be written in a policy");
    }
}

/// The first byte, and the rest as text.
fn split_text(data: &[u8]) -> Option<(u8, &str)> {
    let (flags, rest) = data.split_first()?;
    Some((*flags, std::str::from_utf8(rest).ok()?))
}
