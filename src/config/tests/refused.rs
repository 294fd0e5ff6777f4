//! What is refused, and how it is told. Texts are written in lines so that places can be read off.

use crate::config::tests::problems_of;
use crate::config::unbuilt::{UNBUILT, When};

#[test]
fn every_kind_of_mistake_is_reported_at_once_with_its_place() {
    let text = "\
stage: prd
store: {sqlite: {}, postgres: {}}
control:
  listen: localhost:8000
  keys:
    - {id: a, hash: abc, scopes: [governance:propse]}
gateway:
  max_body_bytes: 16777217
  timeouts: {headr_ms: 5, idle_ms: 0}
  listen: [{address: 127.0.0.1:8080, transparent: true}]
routes:
  - name: files
    match: {path_prefix: /files}
    protocol: mcp
    capability_prefix: files
    upstream: {addresses: [\"127.0.0.1:9000\"], conect_ms: 5}
    mode: of
  - name: all
    match: {path_prefix: /}
    protocol: http
    capability_prefix: all
    upstream: {addresses: [\"127.0.0.1:9001\"]}
  - name: all
    match: {path_prefix: /x/}
    protocol: tool_call
    capability_prefix: all.x
    upstream: {addresses: [\"http://127.0.0.1:9001\"]}
policy: {rules: 5}
";
    let expected = "\
gateway.yaml:1:8: stage: expected dev, staging, prod or unknown, found \"prd\"; did you mean \"prod\"?
gateway.yaml:2:21: store.postgres: not in this version; remove the key
gateway.yaml:4:11: control.listen: not an IP address with a port; write 127.0.0.1
gateway.yaml:6:21: control.keys[0].hash: expected sha256: and 64 hexadecimal digits, the SHA-256 of the key's text; sha256sum makes them
gateway.yaml:6:35: control.keys[0].scopes[0]: unknown scope; did you mean \"governance:propose\"?
gateway.yaml:8:19: gateway.max_body_bytes: must be from 1 to 16777216, found 16777217
gateway.yaml:9:14: gateway.timeouts.headr_ms: unknown key; did you mean \"header_ms\"?
gateway.yaml:9:36: gateway.timeouts.idle_ms: must be from 1 to 86400000, found 0
gateway.yaml:10:38: gateway.listen[0].transparent: not in this version; remove the key
gateway.yaml:16:47: routes[0].upstream.conect_ms: unknown key; did you mean \"connect_ms\"?
gateway.yaml:17:11: routes[0].mode: expected enforce, shadow or off, found \"of\"; did you mean \"off\"?
gateway.yaml:18:5: routes[1]: an http route needs operations or openapi (an empty list of operations makes every request unmapped)
gateway.yaml:23:5: routes[2]: a tool_call route needs call: {name: /tool, arguments: /input}
gateway.yaml:23:11: routes[2].name: the route in line 18 has this name already
gateway.yaml:24:12: routes[2].match: this route can never be reached: \"all\" in line 18 takes every request of it first; put the narrower path first
gateway.yaml:24:26: routes[2].match.path_prefix: not in normal form; write it as /x
gateway.yaml:26:24: routes[2].capability_prefix: overlaps with capability_prefix all of \"all\" in line 18: one capability would name two tools
gateway.yaml:27:28: routes[2].upstream.addresses[0]: not host:port; leave the scheme out, and put a path under path
gateway.yaml:28:17: policy.rules: expected a string, found an integer; put it in quotes";
    assert_eq!(problems_of(text, &[]), expected);
}

#[test]
fn keys_are_judged_one_by_one() {
    let hash = |digit: char| format!("\"sha256:{}\"", digit.to_string().repeat(64));
    let keys = |keys: &[String]| {
        let text = format!("control:\n  keys:\n    - {}\n", keys.join("\n    - "));
        let problems = problems_of(&text, &[]);
        problems.lines().map(|line| line.splitn(4, ':').nth(3).unwrap().trim()).collect::<Vec<_>>().join("\n")
    };
    let key = |more: &str| keys(&[format!("{{id: a, hash: {}{more}}}", hash('a'))]);
    assert_eq!(key(""), "");
    assert_eq!(key(", scopes: [admin, audit:read]"), "");
    assert_eq!(
        key(", scopes: [root]"),
        "control.keys[0].scopes[0]: unknown scope; known scopes: admin, governance:propose, governance:read, audit:read, holds:approve, capabilities:manage, policies:manage, grants:manage, metrics:read"
    );
    let both = |strong: &str| {
        format!(
            "control.keys[0].scopes: governance:propose and {strong} in one key let its holder decide on its own calls; use two keys, or say force: true"
        )
    };
    for strong in ["admin", "holds:approve", "capabilities:manage", "policies:manage", "grants:manage"] {
        assert_eq!(key(&format!(", scopes: [\"governance:propose\", \"{strong}\"]")), both(strong));
        assert_eq!(key(&format!(", scopes: [\"governance:propose\", \"{strong}\"], force: true")), "");
    }
    assert_eq!(key(", scopes: [\"governance:propose\", \"audit:read\"]"), "");
    assert_eq!(
        key(", expires_at: tomorrow"),
        "control.keys[0].expires_at: not a time such as 2027-01-31T00:00:00Z (RFC 3339)"
    );
    assert_eq!(key(", actors: [\"\"]"), "control.keys[0].actors[0]: a pattern must not be empty");
    assert_eq!(keys(&["{id: a, hash: \"sha256:abc\"}".to_owned()]).lines().count(), 1);

    let three: Vec<String> =
        ['a', 'b', 'c'].map(|digit| format!("{{id: a, hash: {}}}", hash(digit))).to_vec();
    assert_eq!(keys(&three[..2]), "");
    assert_eq!(
        keys(&three),
        "control.keys[2].id: the third key with this id; two may share one while the new one replaces the old"
    );
    let same = [format!("{{id: a, hash: {}}}", hash('a')), format!("{{id: b, hash: {}}}", hash('A'))];
    assert_eq!(
        keys(&same),
        "control.keys[1].hash: the same key as in line 3: a caller could not be told apart"
    );
}

#[test]
fn listeners_and_lists_are_judged() {
    let cases = [
        ("gateway: {listen: []}", "gateway.yaml:1:19: gateway.listen: must not be empty"),
        (
            "gateway: {listen: [{address: 127.0.0.1:1}, {address: 127.0.0.1:1}]}",
            "gateway.yaml:1:54: gateway.listen[1].address: this address is listed twice",
        ),
        (
            "gateway: {listen: [{address: 127.0.0.1:8000}]}",
            "gateway.yaml:1:19: gateway.listen: the same address as control.listen",
        ),
        (
            "telemetry: {listen: 127.0.0.1:8080}",
            "gateway.yaml:1:21: telemetry.listen: the same address as another listener",
        ),
        ("telemetry: {listen: 127.0.0.1:0}\ncontrol: {listen: 127.0.0.1:0}", ""),
        ("control: {listen: 0.0.0.0:8000}", ""),
        (
            "gateway: {hosts: [\"a b\"]}",
            "gateway.yaml:1:19: gateway.hosts[0]: not a host; write it as tools.example or tools.example:8080",
        ),
        ("gateway: {hosts: [A.example, \"[::1]\", \"[::1]:80\", \"x:80\"]}", ""),
        (
            "gateway: {origins: [app.example]}",
            "gateway.yaml:1:21: gateway.origins[0]: not an origin; write it as https://app.example",
        ),
        (
            "gateway: {origins: [\"https://app.example/\"]}",
            "gateway.yaml:1:21: gateway.origins[0]: not an origin; write it as https://app.example",
        ),
        ("audit: {redact: [\" \"]}", "gateway.yaml:1:18: audit.redact[0]: a name must not be empty"),
        (
            "audit: {on_failure: allow}",
            "gateway.yaml:1:21: audit.on_failure: not in this version; leave allow out",
        ),
        (
            "audit: {on_failure: ignore}",
            "gateway.yaml:1:21: audit.on_failure: expected deny, found \"ignore\"",
        ),
        ("version: 2", "gateway.yaml:1:10: version: must be from 1 to 1, found 2"),
        ("", "gateway.yaml:1:1: expected a mapping, found nothing (null)"),
        ("[]", "gateway.yaml:1:1: expected a mapping, found a list"),
        ("routes: [null]", "gateway.yaml:1:10: routes[0]: expected a mapping, found nothing (null)"),
        (
            "gateway: {max_body_bytes: 1048576}\naudit: {segment_bytes: 2228223}",
            "gateway.yaml:2:24: audit.segment_bytes: too small for the record of a call with gateway.max_body_bytes; at least \
             2228224, or shorter bodies",
        ),
        ("a: 1\na: 2", "gateway.yaml:2:1: the key \"a\" is written twice; the first one is at line 1"),
    ];
    for (text, expected) in cases {
        assert_eq!(problems_of(text, &[]), expected, "{text}");
    }
}

#[test]
fn every_key_of_a_later_version_is_refused_as_such() {
    for (pattern, when) in UNBUILT {
        let value = match when {
            When::Written => "null".to_owned(),
            When::Begins(start) => format!("\"{start}/run/x.sock\""),
            When::Is(word) => word.to_owned(),
        };
        let mut text = value;
        for step in pattern.split('.').rev() {
            text = match step.strip_suffix("[]") {
                Some(key) => format!("{{{key}: [{text}]}}"),
                None => format!("{{{step}: {text}}}"),
            };
        }
        let problems = problems_of(&text, &[]);
        let path = pattern.replace("[]", "[0]");
        let refused =
            problems.lines().filter(|line| line.contains(&format!(": {path}: not in this version;")));
        assert_eq!(refused.count(), 1, "{text}: {problems}");
        let others =
            problems.lines().filter(|line| line.contains(&path) && !line.contains("not in this version"));
        assert_eq!(others.count(), 0, "{text}: {problems}");
    }
}
