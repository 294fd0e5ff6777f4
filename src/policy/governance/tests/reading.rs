//! One object: what is refused of it, and what is made of it.

use serde_json::{Value, json};

use crate::model::call::CapabilityName;
use crate::model::decision::{Outcome, RateLimit, Restriction, RiskLevel};
use crate::model::document::Document;
use crate::model::document::shape::unsupported_keywords;
use crate::policy::governance::tests::support::{DEFAULTS, problems, sound};
use crate::policy::governance::{
    CapabilityPattern, Content, Defaults, Kind, ObjectKey, SharedLimit, Standing, file_schema, read, schema,
};

#[test]
fn defaults_are_filled_in() {
    for (kind, text, written) in [
        (
            Kind::Capability,
            "{name: files.read, risk_level: low}",
            json!({"name": "files.read", "description": "", "risk_level": "low", "parameter_schema": null, "tags": [], "tenant": null}),
        ),
        (
            Kind::Policy,
            "{name: p, rules: [{capability: '*', outcome: DENY}]}",
            json!({"name": "p", "description": "", "enabled": true, "tenant": null, "rules": [
                {"capability": "*", "condition": null, "outcome": "DENY", "priority": 0, "accepts_critical": false, "constraints": {}}]}),
        ),
        (
            Kind::Grant,
            "{actor: bot, capability: files.read, constraints: {time_window: {start: '09:00', end: '17:00'}}}",
            json!({"actor": "bot", "capability": "files.read", "expires_at": null, "tenant": "acme",
                "constraints": {"time_window": {"start": "09:00", "end": "17:00", "timezone": "UTC"}}}),
        ),
        (
            Kind::Actor,
            "{actor: 'agent:soc-1', status: suspended}",
            json!({"actor": "agent:soc-1", "status": "suspended", "reason": "", "trust": null, "tenant": "acme"}),
        ),
        (Kind::KillSwitch, "{active: true}", json!({"active": true, "reason": "", "tenant": null})),
    ] {
        let read_once = sound(kind, text, DEFAULTS);
        assert_eq!(read_once.written, written, "{text}");
        // What is kept reads again as the same, under whichever defaults.
        let other = Defaults { tenant: "other", ..DEFAULTS };
        let again = sound(kind, &written.to_string(), other);
        assert_eq!((&again.key, &again.written), (&read_once.key, &read_once.written), "{text}");
    }
}

#[test]
fn keys_say_whose_an_object_is() {
    let deployment = sound(Kind::Policy, "{name: p, rules: [{capability: '*', outcome: ALLOW}]}", DEFAULTS);
    assert_eq!(deployment.key, ObjectKey { kind: Kind::Policy, tenant: None, name: "pol_1".into() });
    let own = sound(Kind::Capability, "{name: a.b, risk_level: low, tenant: beta}", DEFAULTS);
    assert_eq!(
        own.key,
        ObjectKey { kind: Kind::Capability, tenant: Some("beta".into()), name: "a.b".into() }
    );
    let named = Defaults { actor: Some("bot"), ..DEFAULTS };
    let grant = sound(Kind::Grant, "{capability: a.b}", named);
    assert_eq!(grant.key, ObjectKey::grant("acme", "bot", "a.b"));
    assert_eq!(grant.written["actor"], "bot");
    let repeated = sound(Kind::Grant, "{actor: bot, capability: a.b, tenant: beta}", named);
    assert_eq!(repeated.key, ObjectKey::grant("beta", "bot", "a.b"));
    let document = Document::parse("body", "{actor: eve, capability: a.b}").unwrap();
    let refused = read(Kind::Grant, &document, named).unwrap_err().to_string();
    assert!(refused.contains("actor: another actor than the path names"), "{refused}");
    let strange = Defaults { actor: Some("a b"), ..DEFAULTS };
    let document = Document::parse("body", "{capability: a.b}").unwrap();
    assert!(read(Kind::Grant, &document, strange).is_err(), "a path may not name what is no id");
}

#[test]
fn contents_are_made() {
    let text = "{name: data.drop, risk_level: critical, tags: [destructive, policy_change, x], parameter_schema: {type: object}}";
    let Content::Capability(capability) = sound(Kind::Capability, text, DEFAULTS).content else { panic!() };
    assert_eq!(capability.risk_level, RiskLevel::Critical);
    assert!(capability.destructive && capability.policy_change && capability.schema.is_some());

    assert_eq!(capability.shared_limit, None);
    for (then, restriction) in [
        ("", Restriction::Escalate),
        (", then: ESCALATE", Restriction::Escalate),
        (", then: REQUIRE_CONFIRMATION", Restriction::RequireConfirmation),
        (", then: DENY", Restriction::Deny),
    ] {
        let text = format!(
            "{{name: a.b, risk_level: low, shared_limit: {{max_requests: 100000, window_seconds: 2678400{then}}}}}"
        );
        let written = sound(Kind::Capability, &text, DEFAULTS);
        assert_eq!(written.written["shared_limit"]["then"], Outcome::from(restriction).as_str());
        let Content::Capability(capability) = written.content else { panic!() };
        let rate = RateLimit { max_requests: 100_000, window_s: 2_678_400 };
        assert_eq!(capability.shared_limit, Some(SharedLimit { rate, then: restriction }));
    }

    let text = "{name: p, enabled: false, rules: [{capability: files.*, condition: 'true', outcome: ESCALATE, priority: 7, \
                constraints: {max_response_bytes: 10, redact_response: [/a/b], read_only: true, monitoring: true}}, \
                {capability: files.read, outcome: ALLOW, accepts_critical: true}]}";
    let Content::Policy(policy) = sound(Kind::Policy, text, DEFAULTS).content else { panic!() };
    let [first, second] = policy.rules.as_slice() else { panic!() };
    assert!(!policy.enabled && second.accepts_critical);
    assert_eq!((first.outcome, first.priority), (Outcome::Escalate, 7));
    assert_eq!(first.capability, CapabilityPattern::Below("files".into()));
    assert_eq!(first.condition.as_ref().map(|condition| condition.text()), Some("true"));
    let obligations = &first.obligations;
    assert_eq!((obligations.max_response_bytes, obligations.redact_response.len()), (Some(10), 1));
    assert!(obligations.read_only && obligations.monitoring && obligations.rate_limit.is_none());

    let text = "{actor: bot, capability: a.b, expires_at: '2027-01-31T00:00:00Z', constraints: {rate_limit: {max_requests: 5, \
                window_seconds: 60}, time_window: {start: '22:00', end: '06:00', timezone: Europe/Berlin}}}";
    let Content::Grant(grant) = sound(Kind::Grant, text, DEFAULTS).content else { panic!() };
    assert_eq!(grant.rate_limit, Some(RateLimit { max_requests: 5, window_s: 60 }));
    assert_eq!(grant.time_window.as_ref().map(|window| window.text()), Some("22:00-06:00 Europe/Berlin"));
    assert_eq!(grant.expires_at.map(|time| time.to_rfc3339()), Some("2027-01-31T00:00:00.000000Z".into()));

    let Content::Actor(status) =
        sound(Kind::Actor, "{actor: bot, status: revoked, trust: 0.68}", DEFAULTS).content
    else {
        panic!()
    };
    assert_eq!((status.standing, status.trust), (Standing::Revoked, Some(6_800)));
}

/// Every mistake is told, each with its place: line, column, field.
#[test]
fn all_mistakes_are_told_at_once() {
    let text = "\
name: ''
enabeld: true
rules:
- {capability: Files.Read, outcome: MAYBE, condition: 'parameters.a = 1'}
- {capability: files.*, outcome: ALLOW, accepts_critical: true, priority: 2000000}
- outcome: DENY
  condition: foo.bar == 1
- {capability: a.b, outcome: DENY, constraints: {redact_response: [x], max_response_bytes: 0}, priority: high}
";
    let shown = problems(Kind::Policy, text);
    for line in [
        "body:1:7: name: must not be empty",
        "body:2:1: enabeld: unknown key; did you mean \"enabled\"?",
        "body:4:16: rules[0].capability: neither a capability's name nor a pattern of some",
        "rules[0].outcome: expected ALLOW, REQUIRE_CONFIRMATION, ESCALATE or DENY, found \"MAYBE\"",
        "rules[0].condition: line 1, column 14 of the condition: no CEL: a single `=`; to compare, write ==",
        "rules[1].accepts_critical: only for a capability that is named exactly",
        "rules[1].priority: must be at most 1000000",
        "rules[2]: missing key \"capability\"",
        "rules[2].condition: line 1, column 1 of the condition: unknown variable `foo`",
        "rules[3].constraints.redact_response[0]: not a JSON pointer",
        "rules[3].constraints.max_response_bytes: must be at least 1",
        "rules[3].priority: expected an integer, found a string",
    ] {
        assert!(shown.contains(line), "missing: {line}\n{shown}");
    }
    assert_eq!(shown.lines().count(), 12, "{shown}");
}

/// Objects, and words of why each is refused.
const REFUSED: &[(Kind, &str, &str)] = &[
    (Kind::Capability, "{name: telemetry, risk_level: low}", "name: not a capability name"),
    (
        Kind::Capability,
        "{name: a.b, risk_level: extreme}",
        "risk_level: expected low, medium, high or critical",
    ),
    (
        Kind::Capability,
        "{name: a.b, risk_level: low, parameter_schema: {$ref: 'http://x/y'}}",
        "parameter_schema.$ref: a reference to elsewhere",
    ),
    (
        Kind::Capability,
        "{name: a.b, risk_level: low, parameter_schema: {properties: {x: {type: strin}}}}",
        "parameter_schema.properties.x.type: no JSON Schema",
    ),
    (Kind::Capability, "{name: a.b, risk_level: low, parameter_schema: []}", "parameter_schema: expected"),
    (Kind::Capability, "{name: a.b, risk_level: low, tenant: ''}", "tenant: must not be empty"),
    (Kind::Capability, "{name: a.b, risk_level: low, tags: [1]}", "tags[0]: expected a string"),
    (
        Kind::Capability,
        "{name: a.b, risk_level: low, shared_limit: {max_requests: 0, window_seconds: 1}}",
        "shared_limit.max_requests: must be from 1 to 100000",
    ),
    (
        Kind::Capability,
        "{name: a.b, risk_level: low, shared_limit: {max_requests: 1, window_seconds: 2678401}}",
        "shared_limit.window_seconds: must be from 1 to 2678400",
    ),
    (
        Kind::Capability,
        "{name: a.b, risk_level: low, shared_limit: {max_requests: 1}}",
        "missing key \"window_seconds\"",
    ),
    (
        Kind::Capability,
        "{name: a.b, risk_level: low, shared_limit: {max_requests: 1, window_seconds: 1, then: ALLOW}}",
        "shared_limit.then: expected REQUIRE_CONFIRMATION, ESCALATE or DENY",
    ),
    (Kind::Policy, "{name: p, rules: []}", "rules: a policy has 1 to 1000 rules"),
    (Kind::Policy, "{name: p}", "missing key \"rules\""),
    (Kind::Policy, "[]", "expected a mapping"),
    (
        Kind::Policy,
        "{name: \" p\", rules: [{capability: a.b, outcome: DENY}]}",
        "name: has control characters, or blanks at its ends",
    ),
    (
        Kind::Policy,
        "{name: p, rules: [{capability: a.b, outcome: DENY, accepts_critical: true}]}",
        "only for a rule whose outcome is ALLOW",
    ),
    (Kind::Policy, "{name: p, rules: [{capability: a.b, outcome: DENY, priority: -1}]}", "priority: must be"),
    (Kind::Grant, "{capability: a.b}", "missing key \"actor\""),
    (Kind::Grant, "{actor: 'a b', capability: a.b}", "actor: not an actor's id"),
    (Kind::Grant, "{actor: a, capability: a.*}", "capability: not a capability name"),
    (Kind::Grant, "{actor: a, capability: a.b, expires_at: tomorrow}", "expires_at: not an RFC 3339 time"),
    (
        Kind::Grant,
        "{actor: a, capability: a.b, constraints: {rate_limit: {max_requests: 0, window_seconds: 1}}}",
        "max_requests: must be from 1 to 100000",
    ),
    (
        Kind::Grant,
        "{actor: a, capability: a.b, constraints: {rate_limit: {max_requests: 1}}}",
        "missing key \"window_seconds\"",
    ),
    (
        Kind::Grant,
        "{actor: a, capability: a.b, constraints: {time_window: {start: '9', end: '17:00'}}}",
        "time_window.start: not a time of day",
    ),
    (
        Kind::Grant,
        "{actor: a, capability: a.b, constraints: {time_window: {start: '09:00', end: '09:00'}}}",
        "time_window.end: the window starts when it ends",
    ),
    (
        Kind::Grant,
        "{actor: a, capability: a.b, constraints: {time_window: {start: '09:00', end: '10:00', timezone: Mars}}}",
        "time_window.timezone: not a zone",
    ),
    (Kind::Actor, "{actor: a, status: dead}", "status: expected active, suspended or revoked"),
    (Kind::Actor, "{actor: a, status: active, trust: 1.5}", "trust: must be"),
    (Kind::KillSwitch, "{active: yes please}", "active: expected true or false"),
    (Kind::KillSwitch, "{reason: x}", "missing key \"active\""),
];

#[test]
fn objects_are_refused_with_reasons() {
    let mut wrong = Vec::new();
    for (kind, text, words) in REFUSED.iter().copied() {
        let shown = problems(kind, text);
        if !shown.contains(words) {
            wrong.push(format!("{text}: {shown}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let long = format!("{{active: true, reason: {}}}", "x".repeat(1025));
    assert!(problems(Kind::KillSwitch, &long).contains("longer than 1024 bytes"));
}

/// Objects as AGP publishes them are not those of this API: they are refused by name, never taken for something else.
#[test]
fn published_objects_of_other_shape_are_refused() {
    let capability = json!({
        "capability": "telemetry.query", "description": "Query security telemetry", "allowed_roles": ["soc_analyst"],
        "environment": ["production"], "risk_level": "low", "constraints": {"max_results": 500}, "approval_required": false,
    });
    let shown = problems(Kind::Capability, &capability.to_string());
    for key in ["capability", "allowed_roles", "environment", "constraints", "approval_required"] {
        assert!(shown.contains(&format!("{key}: unknown key")), "{key}: {shown}");
    }
    let update = json!({
        "event_id": "evt-20260305-001", "event_type": "policy_update", "schema_version": "1.0",
        "payload": {"policy_id": "enterprise_governance", "version": "2026.03.05"}, "signature": "ed25519-signature",
    });
    let shown = problems(Kind::Policy, &update.to_string());
    assert!(shown.contains("payload: unknown key") && shown.contains("missing key \"rules\""), "{shown}");
}

#[test]
fn the_published_names_are_judged_as_proposed() {
    let text = include_str!("../../../../tests/golden/governance/capability_id_vectors.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 18);
    for case in cases {
        let name = case["id"].as_str().unwrap();
        assert_eq!(Value::Bool(CapabilityName::parse(name).is_ok()), case["proposed"], "{name:?}");
    }
}

#[test]
fn patterns_end_at_dots() {
    let matches = |pattern: &str, name| CapabilityPattern::parse(pattern).unwrap().matches(name);
    for (pattern, name, expected) in [
        ("*", "a.b", true),
        ("files.*", "files.read", true),
        ("files.*", "files.admin.purge", true),
        ("files.*", "filesystem.read", false),
        ("files.*", "files", false),
        ("files.*", "files.", false),
        ("files.admin.*", "files.admin.purge", true),
        ("files.admin.*", "files.read", false),
        ("files.read", "files.read", true),
        ("files.read", "files.read_all", false),
    ] {
        assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
    }
    for refused in
        ["", "files", "files.re*", "*.read", "files.*.read", ".*", "Files.*", "**", "files..*", " files.*"]
    {
        assert_eq!(CapabilityPattern::parse(refused), None, "{refused}");
    }
}

#[test]
fn schemas_say_nothing_that_is_not_obeyed() {
    for schema in Kind::ALL.into_iter().map(schema).chain([file_schema()]) {
        let unknown = unsupported_keywords(&schema);
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
