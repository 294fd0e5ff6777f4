//! `aegis explain`: why, rule by rule, and what an approval would need.

use serde_json::{Value, json};

use crate::support::golden;
use crate::verbs::folder::Folder;

const RULES: &str = r#"rules:
  - {name: deletes, match: {type: "*.delete*"}, approval: block}
  - {name: docs, match: {type: "files.*", target: "/docs/*"}, approval: auto}
  - {name: bots, match: {type: "files.*", agent: "bot-*"}, approval: auto}
  - {name: small, match: {type: files.pay}, conditions: {param_lte: {amount: 100}, param_eq: {currency: EUR}}, approval: auto}
  - {name: large, match: {type: files.pay}, approval: escalate, risk_level: high}
  - {name: contacts, match: {type: crm.contacts.read}, conditions: {param_eq: {path.id: "7"}}, approval: auto}
  - {name: writes, match: {type: "*.write*"}, approval: approve}
"#;

const CONFIG: &str = r#"control:
  listen: 127.0.0.1:0
  keys: [{id: key-1, hash: "sha256:0000000000000000000000000000000000000000000000000000000000000001", tenant: acme, actor: {id: nightly, type: automation}}]
routes:
  - {name: files, match: {path_prefix: /files}, protocol: mcp, capability_prefix: files, upstream: {addresses: ["127.0.0.1:9"]}, anonymous: {id: dev}}
  - {name: crm, match: {path_prefix: /crm}, protocol: http, capability_prefix: crm, operations: [], upstream: {addresses: ["127.0.0.1:9"]}, mode: shadow}
policy: {rules: rules.yaml}
holds: {escalation: {roles: [risk_lead, security_lead]}}
"#;

fn folder(request: &str) -> Folder {
    Folder::with(&[("gateway.yaml", CONFIG), ("rules.yaml", RULES), ("request.json", request)])
}

fn explained(request: &str) -> Value {
    let ran = folder(request).run(&["explain", "--config", "gateway.yaml", "request.json", "--json"]);
    assert_eq!((ran.code, ran.errors.as_str()), (0, ""), "{request}");
    serde_json::from_str(&ran.said).unwrap()
}

#[test]
fn each_rule_says_why_it_did_not_decide() {
    let request = r#"{"capability": "files.pay", "actor": "ann", "resource": "contact:7", "parameters": {"amount": 101, "currency":
        "EUR"}, "at": "2026-07-15T12:00:00Z"}"#;
    let ran = folder(request).run(&["explain", "--config", "gateway.yaml", "request.json"]);
    assert_eq!((ran.code, ran.errors.as_str()), (0, ""));
    golden("verbs/explain.txt", &ran.said);
    golden("verbs/explain.json", &(serde_json::to_string_pretty(&explained(request)).unwrap() + "\n"));
}

#[test]
fn callers_are_who_the_configuration_says() {
    let anonymous = explained(r#"{"capability": "files.write_file", "resource": "/x"}"#);
    assert_eq!((&anonymous["actor"]["id"], &anonymous["route"]["anonymous"]), (&json!("dev"), &json!(true)));
    assert!(
        anonymous["approval_needs"].as_str().unwrap().contains("only while its request waits"),
        "{anonymous}"
    );
    let keyed = explained(r#"{"capability": "files.write_file", "agent": "nightly", "resource": "/x"}"#);
    assert_eq!((&keyed["tenant"], &keyed["actor"]["type"]), (&json!("acme"), &json!("automation")));
    assert!(keyed["approval_needs"].as_str().unwrap().ends_with("within 5 min 0 s"), "{keyed}");
    let told = explained(
        r#"{"capability": "files.write_file", "agent": "nightly", "type": "human", "tenant": "other"}"#,
    );
    assert_eq!((&told["tenant"], &told["actor"]["type"]), (&json!("other"), &json!("human")));
    assert_eq!(told["resource"], "files", "the route's name, as in a call");
}

#[test]
fn parameters_of_an_operation_are_apart() {
    let asked = |id: &str| {
        explained(&format!(
            r#"{{"capability": "crm.contacts.read", "actor": "ann", "resource": "contact:7", "parameters": {{"path": {{"id": "{id}"}}}}}}"#
        ))
    };
    assert_eq!(
        (&asked("7")["matched_rule"], &asked("8")["matched_rule"]),
        (&json!("contacts"), &json!("<default>"))
    );
    assert_eq!(asked("7")["route"]["mode"], "shadow");
}

#[test]
fn a_tunnel_needs_a_rule_that_names_it() {
    let said = explained(r#"{"capability": "crm.tunnel", "actor": "bot-1", "route": "crm"}"#);
    assert_eq!((&said["outcome"], &said["matched_rule"]), (&json!("DENY"), &json!("<default>")));
    let open = folder(r#"{"capability": "crm.tunnel", "actor": "a"}"#);
    open.write("rules.yaml", "rules: [{name: all, approval: auto}]\n");
    let ran = open.run(&["explain", "--config", "gateway.yaml", "request.json"]);
    assert!(ran.said.contains("tunnel: DENY") && ran.said.contains("\"all\": decides"), "{}", ran.said);
}

#[test]
fn a_capability_of_no_route_is_said_to_be_one() {
    let ran = folder(r#"{"capability": "mail.send", "actor": "ann"}"#).run(&[
        "explain",
        "--config",
        "gateway.yaml",
        "request.json",
    ]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.said.contains("route: none makes this capability") && ran.said.contains("no rule matches"),
        "{}",
        ran.said
    );
}

#[test]
fn mistakes_of_a_request_have_places() {
    for (request, told) in [
        ("{\"capability\": \"Files\"}", "request.json:1:16: capability: "),
        ("{\"capability\": \"files.x\", \"actor\": \"a\",\n\"agent\": \"b\"}", "request.json:2:1: agent: "),
        ("{\"capability\": \"files.x\", \"type\": \"robot\"}", "request.json:1:35: type: "),
        ("{\"capability\": \"files.x\", \"at\": \"noon\"}", "request.json:1:33: at: "),
        ("{\"capability\": \"files.x\", \"route\": \"fils\"}", "it has: files, crm"),
        ("{\"capability\": \"crm.x\"}", "names no actor"),
        ("{\"capabilty\": \"files.x\"}", "did you mean \"capability\"?"),
        ("{", "request.json:"),
    ] {
        let ran = folder(request).run(&["explain", "--config", "gateway.yaml", "request.json"]);
        assert_eq!((ran.code, ran.said.as_str()), (64, ""), "{request}");
        assert!(ran.errors.contains(told), "{told} in:\n{}", ran.errors);
    }
}

/// Claims are what they are of a token: until when it is good says nothing of its caller.
#[test]
fn cedar_sees_the_claims_that_are_told_of_a_token() {
    let request =
        r#"{"capability": "files.pay", "actor": "ann", "claims": {"level": 3, "exp": 1, "jti": "x"}}"#;
    let folder = folder(request);
    folder.write(
        "gateway.yaml",
        &CONFIG.replace("policy: {", "policy: {cedar: {engine: main, directory: p}, "),
    );
    let explained = || {
        let ran = folder.run(&["explain", "--config", "gateway.yaml", "request.json", "--json"]);
        serde_json::from_str::<Value>(&ran.said).unwrap()["code"].clone()
    };
    for (tag, code) in [("level", "cedar_allowed"), ("exp", "cedar_denied"), ("jti", "cedar_denied")] {
        let policy = format!("permit(principal, action, resource) when {{ principal.hasTag(\"{tag}\") }};\n");
        folder.write("p/a.cedar", &policy);
        folder.write("rules.yaml", "rules: []\n");
        assert_eq!(explained(), code, "{tag}");
    }
}

#[test]
fn a_configuration_that_is_not_sound_is_told_first() {
    let folder = folder("{}");
    folder.write("gateway.yaml", "stag: dev\n");
    let ran = folder.run(&["explain", "--config", "gateway.yaml", "request.json"]);
    assert_eq!(ran.code, 64);
    assert!(ran.errors.starts_with("gateway.yaml:1:1: stag"), "{}", ran.errors);
}

/// Capabilities, policies and statuses of files take part; what the API adds is known to the running gateway alone.
#[test]
fn governance_of_files_takes_part() {
    let objects = r#"capabilities: [{name: files.pay, risk_level: critical}, {name: files.read, risk_level: low}]
policies: [{name: payments, rules: [{capability: files.*, outcome: ALLOW, condition: "context.environment == 'production'"}]}]
actors: [{actor: ann, status: suspended, reason: leave}]
"#;
    let config = CONFIG
        .replace(
            "policy: {rules: rules.yaml}",
            "policy: {governance: objects.yaml, capabilities: required, risk: {enabled: true}}",
        )
        .replace("capability_prefix: files,", "capability_prefix: files, environment: production,");
    for (capability, actor, outcome, code, engine) in [
        ("files.read", "bob", "ALLOW", "policy_allowed", "policies"),
        ("files.pay", "bob", "REQUIRE_CONFIRMATION", "approval_required", "risk"),
        ("files.other", "bob", "DENY", "capability_unknown", "capabilities"),
        ("files.read", "ann", "DENY", "actor_suspended", "status"),
    ] {
        let request = json!({"capability": capability, "actor": actor, "resource": "x"}).to_string();
        let files = [("gateway.yaml", &*config), ("objects.yaml", objects), ("request.json", &request)];
        let ran =
            Folder::with(&files).run(&["explain", "--config", "gateway.yaml", "request.json", "--json"]);
        assert_eq!((ran.code, ran.errors.as_str()), (0, ""), "{request}");
        let said: Value = serde_json::from_str(&ran.said).unwrap();
        assert_eq!((&said["outcome"], &said["code"]), (&json!(outcome), &json!(code)), "{said}");
        let findings = said["findings"].as_array().unwrap();
        assert!(findings.iter().any(|finding| finding["engine"] == engine), "{said}");
    }
}
