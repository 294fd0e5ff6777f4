//! Configurations: defaults, limits, messages.

use serde_json::{Value, json};

use crate::model::time::Timestamp;
use crate::policy::generation::tests::support::{entity, time};
use crate::policy::generation::{
    ArgumentMode, ConfigError, EntityTypes, GenerationConfig, Granularity, ObserveMode, ResourceMode, Window,
};

const NOW: &str = "2026-11-22T12:00:00Z";

fn read(config: &Value) -> Result<GenerationConfig, ConfigError> {
    GenerationConfig::read(config, time(NOW))
}

#[test]
fn an_empty_configuration_has_every_default() {
    let Ok(GenerationConfig::Observed(config)) = read(&json!({})) else { panic!() };
    assert_eq!(config.window.end(), time("2026-11-23T00:00:00Z"));
    assert_eq!(config.window.start(), time("2026-10-23T00:00:00Z"));
    for now in ["2026-11-22T00:00:00Z", "2026-11-22T23:59:59.999999Z"] {
        assert_eq!(Window::usual(time(now)), config.window, "{now}");
    }
    assert_ne!(Window::usual(time("2026-11-23T00:00:00Z")), config.window);
    assert_eq!((config.granularity, config.observe_mode), (Granularity::Principal, ObserveMode::Enforce));
    assert_eq!((config.arguments, config.resources), (ArgumentMode::None, ResourceMode::Exact));
    assert_eq!((config.min_count, config.max_policies), (1, 200));
    assert_eq!((config.include_denied, config.compare_to_engine), (false, true));
    assert_eq!((config.principals, config.actions, config.name), (None, None, None));
}

#[test]
fn what_is_written_is_taken() {
    let written = json!({
        "source": "audit",
        "name": "nightly",
        "window": { "start": "2026-11-01T00:00:00Z", "end": "2026-11-02T00:00:00+01:00" },
        "principals": ["Agent::\"a\\u{e9}\""],
        "actions": ["N::Action::\"x___y\""],
        "granularity": "role",
        "observe_mode": "log_only",
        "arguments": "prefix",
        "resource_generalization": "any",
        "compare_to_engine": false,
    });
    let Ok(GenerationConfig::Observed(config)) = read(&written) else { panic!() };
    assert_eq!(config.principals.unwrap().first(), Some(&entity("Agent", "aé")));
    assert_eq!(config.actions.unwrap().first(), Some(&entity("N::Action", "x___y")));
    assert_eq!(config.window.end(), Timestamp::parse_rfc3339("2026-11-01T23:00:00Z").unwrap());
    assert_eq!((config.granularity, config.observe_mode), (Granularity::Role, ObserveMode::LogOnly));
    assert_eq!((config.arguments, config.resources), (ArgumentMode::Prefix, ResourceMode::Any));
    assert!(!config.compare_to_engine);
}

#[test]
fn what_cannot_be_used_is_refused_with_its_name() {
    let sentences = |more: Value| {
        let mut config = json!({ "content": { "rawText": "x" }, "resource": { "arn": "g" } });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    };
    for (config, said) in [
        (json!([]), "expected an object"),
        (json!({ "windw": 1 }), "unknown field `windw`"),
        (json!({ "source": "openapi" }), "unknown variant `openapi`, expected `audit` or `text`"),
        (json!({ "source": "text" }), "missing field `content`"),
        (json!({ "min_count": 0 }), "min_count is 0; expected 1 to 1000000"),
        (json!({ "max_policies": 1001 }), "max_policies is 1001; expected 1 to 1000"),
        (json!({ "max_policies": -1 }), "invalid value"),
        (json!({ "granularity": "team" }), "unknown variant `team`"),
        (json!({ "arguments": "all" }), "unknown variant `all`"),
        (json!({ "principals": [] }), "principals names 0; expected 1 to 1000"),
        (json!({ "principals": ["agent-001"] }), "\"agent-001\" is no entity, such as Agent::\"agent-001\""),
        (json!({ "actions": ["Action::\"a\" || true"] }), "is no entity"),
        (json!({ "name": "" }), "name has 1 to 48 bytes"),
        (json!({ "name": "a\nb" }), "no control characters"),
        (json!({ "window": { "start": "2026-11-01" , "end": NOW } }), "window.start: expected a time"),
        (json!({ "window": { "start": NOW, "end": NOW } }), "start is not before end"),
        (json!({ "window": { "start": "2026-08-24T11:59:59Z", "end": NOW } }), "longer than 90 days"),
        (json!({ "window": { "start": NOW } }), "missing field `end`"),
        (sentences(json!({ "window": 1 })), "unknown field `window`"),
        (sentences(json!({ "source": "audit" })), "not \"audit\""),
        (sentences(json!({ "content": { "rawText": "é".repeat(2001) } })), "at most 2000 characters"),
        (sentences(json!({ "resource": { "arn": "" } })), "resource.arn is empty"),
    ] {
        let error = read(&config).expect_err(&config.to_string()).to_string();
        assert!(error.starts_with("config: ") && error.contains(said), "{config}: {error}");
    }
    assert!(read(&json!({ "window": { "start": "2026-08-24T12:00:00Z", "end": NOW } })).is_ok());
    assert!(read(&sentences(json!({ "content": { "raw_text": "é".repeat(2000) } }))).is_ok());
}

#[test]
fn types_are_those_of_calls() {
    let types = EntityTypes::in_namespace(Some("AgentCore")).unwrap();
    assert_eq!((types.user.as_str(), types.agent.as_str()), ("AgentCore::OAuthUser", "AgentCore::Agent"));
    assert_eq!(EntityTypes::in_namespace(None).unwrap().user, "User");
    assert_eq!(EntityTypes::in_namespace(Some("a b")), None);
    assert_eq!(EntityTypes::in_namespace(Some("A::if")), None);
}
