//! What is refused of routes, and how it is told.

use crate::config::tests::problems_of;

/// A route that is sound, with changes: the value of a key, or further keys.
fn route(changes: &[(&str, &str)]) -> String {
    let mut keys = vec![
        ("name", "files"),
        ("match", "{path_prefix: /files}"),
        ("protocol", "mcp"),
        ("capability_prefix", "files"),
        ("upstream", "{addresses: [127.0.0.1:9000]}"),
    ];
    for (key, value) in changes {
        keys.retain(|(known, _)| known != key);
        keys.push((key, value));
    }
    let written: Vec<String> = keys.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", written.join(", "))
}

/// Problems of routes, without their places.
fn of_routes(routes: &[String]) -> String {
    let text = format!("routes:\n  - {}\n", routes.join("\n  - "));
    let problems = problems_of(&text, &[]);
    let lines: Vec<&str> = problems.lines().map(|line| line.splitn(4, ':').nth(3).unwrap().trim()).collect();
    lines.join("\n")
}

/// A key of an mcp route, its value, and what is said about it.
const ROUTES: &[(&str, &str, &str)] = &[
    ("name", "\"a b\"", "routes[0].name: a route's name has letters, digits, _ and - only"),
    ("match", "{path_prefix: files}", "routes[0].match.path_prefix: the path does not start with /"),
    ("match", "{path_prefix: /a/../b}", "routes[0].match.path_prefix: the path holds a dot segment"),
    ("match", "{path_prefix: /a//b}", "routes[0].match.path_prefix: not in normal form; write it as /a/b"),
    (
        "match",
        "{path_prefix: /a;b}",
        "routes[0].match.path_prefix: the path holds a semicolon, which servers read in different ways",
    ),
    (
        "match",
        "{path_prefix: /a, host: \"x:80\"}",
        "routes[0].match.host: not a host's name without port, such as tools.example",
    ),
    (
        "capability_prefix",
        "Files",
        "routes[0].capability_prefix: not the beginning of a capability name; one to seven parts joined by dots, each a lower-case letter followed by lower-case letters, digits or _",
    ),
    (
        "response",
        "{redact: [/a, customer/ssn]}",
        "routes[0].response.redact[1]: not a JSON pointer to something inside the answer: it must start with /; write it as /customer/ssn or /items/*/price",
    ),
    (
        "response",
        "{redact: [\"\"]}",
        "routes[0].response.redact[0]: not a JSON pointer to something inside the answer: it must start with /; write it as /customer/ssn or /items/*/price",
    ),
    (
        "response",
        "{redact: [\"/a~2\"]}",
        "routes[0].response.redact[0]: not a JSON pointer: ~ stands only in ~0 (for ~) and ~1 (for /); write it as /customer/ssn or /items/*/price",
    ),
    ("response", "{redact: [/a, /a]}", "routes[0].response.redact[1]: the pointer stands twice in the list"),
    ("response", "{max_bytes: 0}", "routes[0].response.max_bytes: must be at least 1, found 0"),
    ("upstream", "{addresses: []}", "routes[0].upstream.addresses: must not be empty"),
    (
        "upstream",
        "{addresses: [localhost]}",
        "routes[0].upstream.addresses[0]: not host:port; write it as 127.0.0.1:9000, [::1]:9000 or tools.internal:9000",
    ),
    (
        "upstream",
        "{addresses: [\"x:0\"]}",
        "routes[0].upstream.addresses[0]: not host:port; write it as 127.0.0.1:9000, [::1]:9000 or tools.internal:9000",
    ),
    (
        "upstream",
        "{addresses: [\"x:1\"], path: mcp}",
        "routes[0].upstream.path: the path does not start with /",
    ),
    (
        "upstream",
        "{addresses: [\"x:1\"], path: \"/m?a=1\"}",
        "routes[0].upstream.path: a path has no query and no fragment",
    ),
    (
        "upstream",
        "{addresses: [\"x:1\"], host: \"a b\"}",
        "routes[0].upstream.host: not a host, with or without a port",
    ),
    (
        "upstream",
        "{addresses: [\"x:1\"], headers: {\"a b\": x}}",
        "routes[0].upstream.headers[\"a b\"]: not a header's name",
    ),
    (
        "upstream",
        "{addresses: [\"x:1\"], headers: {Host: x}}",
        "routes[0].upstream.headers.Host: the Host header is set by upstream.host",
    ),
    (
        "upstream",
        "{addresses: [\"x:1\"], headers: {X-Aegis-Actor: x}}",
        "routes[0].upstream.headers.X-Aegis-Actor: the gateway sets this header itself",
    ),
    (
        "upstream",
        "{addresses: [\"x:1\"], headers: {A: x, a: y}}",
        "routes[0].upstream.headers.a: this header is written twice",
    ),
    (
        "upstream",
        "{addresses: [\"x:1\"], headers: {A: \"x\\ny\"}}",
        "routes[0].upstream.headers.A: the value has characters that a header cannot carry (line breaks, or letters beyond ASCII)",
    ),
    (
        "upstream",
        "{addresses: [\"x:1\"], headers: {A: \"\"}}",
        "routes[0].upstream.headers.A: the secret is empty",
    ),
    (
        "upstream",
        "{addresses: [\"x:1\"], headers: {A: {env: NO}}}",
        "routes[0].upstream.headers.A: the environment variable NO is not set",
    ),
    (
        "upstream",
        "{addresses: [\"x:1\"], headers: {A: {file: no}}}",
        "routes[0].upstream.headers.A: the file no cannot be read: no such file",
    ),
    ("strip_prefix", "true", "routes[0].strip_prefix: only for http routes"),
    ("operations", "[]", "routes[0].operations: only for http routes"),
    ("openapi", "a.yaml", "routes[0].openapi: only for http routes"),
    ("call", "{name: /a, arguments: /b}", "routes[0].call: only for tool_call routes"),
    ("resource", "\"{a\"", "routes[0].resource: a brace is not closed"),
    ("resource", "\"{}\"", "routes[0].resource: a variable needs a name of letters, digits, _, - and ."),
    (
        "tools",
        "{a: files}",
        "routes[0].tools.a: not a capability name: two to eight parts joined by dots, each a lower-case letter followed by lower-case letters, digits or _, 128 bytes at most (such as \"files.read_file\")",
    ),
    ("tools", "{a: crm.x}", "routes[0].tools.a: not below the route's capability_prefix files"),
    (
        "tools",
        "{a: files.x, b-c: files.x}",
        "routes[0].tools.b-c: the tool \"a\" has this capability already",
    ),
    (
        "anonymous",
        "{id: x, type: robot}",
        "routes[0].anonymous.type: expected human, ai-agent, ai-copilot or automation, found \"robot\"",
    ),
];

#[test]
fn routes_are_judged_one_by_one() {
    for (key, value, expected) in ROUTES {
        assert_eq!(of_routes(&[route(&[(key, value)])]), *expected, "{key}: {value}");
    }
}

#[test]
fn keys_of_other_protocols_are_refused() {
    let http = [("protocol", "http"), ("operations", "[]")];
    let with = |more: &[(&'static str, &'static str)]| of_routes(&[route(&[&http, more].concat())]);
    assert_eq!(with(&[]), "");
    assert_eq!(with(&[("resource", "x")]), "routes[0].resource: only for mcp routes");
    assert_eq!(with(&[("denial", "{mcp: tool_error}")]), "routes[0].denial.mcp: only for mcp routes");
    assert_eq!(with(&[("denial", "{help: x}")]), "");
    assert_eq!(with(&[("tools", "{a: files.b}")]), "routes[0].tools: only for mcp and tool_call routes");
    assert_eq!(
        with(&[("upstream", "{addresses: [\"x:1\"], path: /x}")]),
        "routes[0].upstream.path: only for mcp and tool_call routes: http routes keep the client's path"
    );
    let call = |call: &'static str| of_routes(&[route(&[("protocol", "tool_call"), ("call", call)])]);
    assert_eq!(call("{name: /tool, arguments: /input}"), "");
    assert_eq!(
        call("{name: tool, arguments: /input}"),
        "routes[0].call.name: not a JSON pointer; write it as /tool or /call/name"
    );
    assert_eq!(
        call("{name: /a, arguments: /a}"),
        "routes[0].call.arguments: name and arguments must stand in different places"
    );
}

#[test]
fn operations_are_judged_one_by_one() {
    let cases: &[(&str, &str)] = &[
        ("{method: GET, path: /files/a, capability: files.a}", ""),
        (
            "{method: get, path: /files/a, capability: files.a}",
            "routes[0].operations[0].method: not an HTTP method in capitals; write it as GET",
        ),
        (
            "{method: \"GET,PUT\", path: /files/a, capability: files.a}",
            "routes[0].operations[0].method: not an HTTP method in capitals; write one method, such as GET",
        ),
        (
            "{method: GET, path: /files/a, capability: crm.a}",
            "routes[0].operations[0].capability: not below the route's capability_prefix files",
        ),
        (
            "{method: GET, path: /files/a, capability: files.unmapped}",
            "routes[0].operations[0].capability: files.unmapped is what the route calls something else (reserved: unmapped, tunnel, resources.read, prompts.get)",
        ),
        (
            "{method: GET, path: /other, capability: files.a}",
            "routes[0].operations[0].path: not under the route's path_prefix /files: it would never be matched",
        ),
        (
            "{method: GET, path: files, capability: files.a}",
            "routes[0].operations[0].path: the path must start with /",
        ),
        (
            "{method: GET, path: \"/files/{a}-{b}\", capability: files.a}",
            "routes[0].operations[0].path: a segment has more than one {variable}",
        ),
        (
            "{method: GET, path: \"/files/{}\", capability: files.a}",
            "routes[0].operations[0].path: a variable needs a name of letters, digits, _, - and .",
        ),
        (
            "{method: GET, path: \"/files/{a}/{a}\", capability: files.a}",
            "routes[0].operations[0].path: the variable {a} stands twice in the path",
        ),
        (
            "{method: GET, path: /files//a, capability: files.a}",
            "routes[0].operations[0].path: the path has an empty segment",
        ),
        (
            "{method: GET, path: \"/files/%20\", capability: files.a}",
            "routes[0].operations[0].path: the path is written decoded and without query: no ?, #, %, \\ or ;",
        ),
        (
            "{method: GET, path: /files/a, capability: a}",
            "routes[0].operations[0].capability: not a capability name: two to eight parts joined by dots, each a lower-case letter followed by lower-case letters, digits or _, 128 bytes at most (such as \"files.read_file\")",
        ),
        (
            "{method: GET, path: \"/files/{a}\", capability: files.a, resource: \"x:{b}\"}",
            "routes[0].operations[0].resource: the path has no variable {b}",
        ),
        (
            "{method: GET, path: \"/files/{a}\", capability: files.a}, {method: GET, path: \"/files/{b}/\", capability: files.b}",
            "routes[0].operations[1].path: the same method and path as in line 2: it would never be matched",
        ),
        (
            "{method: GET, path: \"/files/{a}\", capability: files.a}, {method: PUT, path: \"/files/{b}\", capability: files.b}",
            "",
        ),
    ];
    judge_operations(cases);
}

fn judge_operations(cases: &[(&str, &str)]) {
    for (operations, expected) in cases {
        let operations = format!("[{operations}]");
        assert_eq!(
            of_routes(&[route(&[("protocol", "http"), ("operations", &operations)])]),
            *expected,
            "{operations}"
        );
    }
}

#[test]
fn operations_that_share_paths_are_refused_where_neither_is_the_narrower() {
    let cases: &[(&str, &str)] = &[
        (
            "{method: GET, path: \"/files/{a}/c\", capability: files.a}, {method: GET, path: \"/files/b/{c}\", capability: files.b}",
            "routes[0].operations[1].path: some paths are this and /files/{a}/c in line 2, and neither is narrower at every segment: which one is meant depends on who reads; write what they share as an operation too: GET /files/b/c",
        ),
        (
            "{method: GET, path: \"/files/{a}.json\", capability: files.a}, {method: GET, path: \"/files/v{b}\", capability: files.b}",
            "routes[0].operations[1].path: some paths are this and /files/{a}.json in line 2, and neither is narrower at every segment: which one is meant depends on who reads; leave one of them out",
        ),
        (
            "{method: GET, path: \"/files/{a}/c\", capability: files.a}, {method: GET, path: \"/files/b/{c}\", capability: files.b}, {method: GET, path: /files/b/c, capability: files.b}",
            "",
        ),
        (
            "{method: GET, path: \"/files/{a}/c\", capability: files.a}, {method: PUT, path: \"/files/b/{c}\", capability: files.b}",
            "",
        ),
        (
            "{method: GET, path: \"/files/{a}\", capability: files.a}, {method: GET, path: /files/search, capability: files.b}, {method: GET, path: \"/{x}/{y}\", capability: files.c}",
            "",
        ),
    ];
    judge_operations(cases);
}

#[test]
fn routes_must_not_get_in_each_others_way() {
    let named = |name: &str, matches: &str, prefix: &str| {
        route(&[("name", name), ("match", matches), ("capability_prefix", prefix)])
    };
    let pair = |first: (&str, &str), second: (&str, &str)| {
        of_routes(&[named("one", first.0, first.1), named("two", second.0, second.1)])
    };
    let reached = "routes[1].match: this route can never be reached: \"one\" in line 2 takes every request of it first; put the narrower path first";
    assert_eq!(pair(("{path_prefix: /a}", "a"), ("{path_prefix: /a/b}", "b")), reached);
    assert_eq!(pair(("{path_prefix: /a}", "a"), ("{path_prefix: /a, host: x}", "b")), reached);
    assert_eq!(pair(("{path_prefix: /, host: X}", "a"), ("{path_prefix: /a, host: x}", "b")), reached);
    assert_eq!(pair(("{path_prefix: /a}", "a"), ("{path_prefix: /ab}", "b")), "");
    assert_eq!(pair(("{path_prefix: /a/b}", "a"), ("{path_prefix: /a}", "b")), "");
    assert_eq!(pair(("{path_prefix: /a, host: x}", "a"), ("{path_prefix: /a}", "b")), "");

    let overlap = |other: &str| {
        format!(
            "routes[1].capability_prefix: overlaps with capability_prefix {other} of \"one\" in line 2: one capability would name two tools"
        )
    };
    assert_eq!(pair(("{path_prefix: /a}", "a"), ("{path_prefix: /b}", "a")), overlap("a"));
    assert_eq!(pair(("{path_prefix: /a}", "a.b"), ("{path_prefix: /b}", "a")), overlap("a.b"));
    assert_eq!(pair(("{path_prefix: /a}", "a"), ("{path_prefix: /b}", "ab")), "");

    let twice = [named("one", "{path_prefix: /a}", "a"), named("one", "{path_prefix: /b}", "b")];
    assert_eq!(of_routes(&twice), "routes[1].name: the route in line 2 has this name already");
}
