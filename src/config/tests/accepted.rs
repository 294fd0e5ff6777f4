//! What is accepted, and what it becomes.

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use crate::config::tests::{load_with, problems_of};
use crate::config::{
    Durability, LogFormat, McpDenial, Mode, Protocol, Response, Secret, SessionLimits, Stage, schema,
};
use crate::model::call::PrincipalKind;
use crate::model::call::Scope;
use crate::model::decision::Outcome;
use crate::model::document::Document;
use crate::model::document::shape::{check, unsupported_keywords};
use crate::model::json::CaseEqualKeys;
use crate::model::pointer::Pointer;

const QUICKSTART: &str = include_str!("../../../config/quickstart.yaml");
const FULL: &str = include_str!("../../../config/full.yaml");

#[test]
fn the_samples_load_and_fit_the_schema() {
    for sample in [QUICKSTART, FULL] {
        assert_eq!(problems_of(sample, &[]), "");
        let document = Document::parse("sample.yaml", sample).unwrap();
        assert!(check(&document, &schema()).is_empty());
        assert!(jsonschema::is_valid(&schema(), &document.to_json()));
    }
}

#[test]
fn the_full_sample_has_every_key() {
    fn keys(schema: &serde_json::Value, root: &serde_json::Value, path: &str, found: &mut Vec<String>) {
        let target = schema
            .get("$ref")
            .and_then(|r| r.as_str())
            .map(|r| root.pointer(r.trim_start_matches('#')).unwrap());
        for schema in [Some(schema), target].into_iter().flatten() {
            for alternative in schema["anyOf"].as_array().into_iter().flatten() {
                keys(alternative, root, path, found);
            }
            if let Some(items) = schema.get("items") {
                keys(items, root, path, found);
            }
            for (key, schema) in schema["properties"].as_object().into_iter().flatten() {
                // The three spellings of a secret, wherever one stands, are one kind of value.
                if key != "env" && key != "file" {
                    found.push(format!("{path}.{key}"));
                    keys(schema, root, &format!("{path}.{key}"), found);
                }
            }
        }
    }
    fn written(value: &serde_json::Value, path: &str, found: &mut Vec<String>) {
        for element in value.as_array().into_iter().flatten() {
            written(element, path, found);
        }
        for (key, value) in value.as_object().into_iter().flatten() {
            found.push(format!("{path}.{key}"));
            written(value, &format!("{path}.{key}"), found);
        }
    }
    let (mut known, mut shown) = (Vec::new(), Vec::new());
    keys(&schema(), &schema(), "", &mut known);
    written(&Document::parse("full.yaml", FULL).unwrap().to_json(), "", &mut shown);
    let missing: Vec<_> = known.iter().filter(|key| !shown.contains(key)).collect();
    assert!(known.len() > 70 && missing.is_empty(), "{} keys, not shown: {missing:?}", known.len());
}

#[test]
fn the_schema_is_wholly_understood_and_described() {
    let schema = schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(unsupported_keywords(&schema).is_empty(), "{:?}", unsupported_keywords(&schema));
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        assert!(!name.starts_with("Raw"), "{name}");
        for (key, property) in definition["properties"].as_object().into_iter().flatten() {
            assert!(property["description"].is_string(), "{name}.{key} has no description");
        }
    }
    assert_eq!(schema["$defs"]["Gateway"]["properties"]["max_body_bytes"]["default"], 1_048_576);
}

#[test]
fn an_empty_mapping_is_all_defaults() {
    for text in ["{}", "control:\ngateway:\nroutes:\npolicy:\nholds:\naudit:\nstore:\ntelemetry:\n"] {
        let config = load_with(text, &[]).unwrap();
        assert_eq!(config.stage, Stage::Unknown);
        assert_eq!(config.data_dir, Path::new("/etc/aegis/aegis-data"));
        assert_eq!(config.control.listen.to_string(), "127.0.0.1:8000");
        assert_eq!(config.gateway.listen[0].address.to_string(), "127.0.0.1:8080");
        assert_eq!(config.gateway.max_body_bytes, 1_048_576);
        assert_eq!(config.gateway.json.max_depth, 64);
        assert_eq!(config.gateway.json.case_equal_keys, CaseEqualKeys::Refuse);
        assert_eq!(config.gateway.timeouts.stream_idle, None);
        assert_eq!(
            (config.policy.rules, config.policy.default, config.policy.watch),
            (None, Outcome::Deny, true)
        );
        let idle = Duration::from_secs(86_400);
        assert_eq!(config.policy.sessions, SessionLimits { max: 10_000, max_per_actor: 256, idle });
        assert_eq!((config.audit.durability, config.audit.reserve_percent), (Durability::Disk, 5));
        assert_eq!(config.audit.redact, ["password", "secret", "token", "api_key", "authorization"]);
        assert_eq!(config.telemetry.log_format, LogFormat::Text);
        assert!(config.routes.is_empty() && config.control.keys.is_empty());
    }
}

#[test]
fn the_full_sample_becomes_what_it_says() {
    let config = load_with(FULL, &[]).unwrap();
    assert_eq!(config.data_dir, Path::new("/etc/aegis/aegis-data"));
    assert_eq!(config.policy.rules.as_deref(), Some(Path::new("/etc/aegis/policies/quickstart.yaml")));
    let bot = &config.control.keys[1];
    assert_eq!(bot.scopes, [Scope::GovernancePropose, Scope::GovernanceRead]);
    assert_eq!((bot.actor.id.as_str(), bot.actor.kind), ("agent-001", PrincipalKind::AiAgent));
    assert_eq!(bot.hash.0[31], 2);
    assert_eq!(bot.expires_at.unwrap().to_rfc3339(), "2030-01-01T00:00:00.000000Z");

    let files = &config.routes[0];
    assert_eq!(files.path_prefix.segments, ["mcp", "files"]);
    assert_eq!(files.upstream.headers.len(), 3);
    let value =
        |name: &str| files.upstream.headers.iter().find(|header| header.name == name).unwrap().value.clone();
    assert_eq!(value("authorization").reveal(), "Bearer hunter2");
    assert_eq!(value("x-tool-key").reveal(), "key-hunter2");
    assert_eq!(files.response.max_bytes, Some(4_194_304));
    assert_eq!(
        files.response.redact,
        ["/structuredContent/customer/ssn", "/content/*/_meta/trace"]
            .map(|text| Pointer::parse(text).unwrap())
    );
    assert_eq!(config.routes[1].response, Response::default());
    assert!(files.allow_paths.semicolon && files.allow_paths.encoded_slash);
    assert!(
        matches!(&files.protocol, Protocol::Mcp { denial: McpDenial::ToolError, tools, resource: Some(_) }
        if tools["delete-file"].as_str() == "files.remove")
    );
    let Protocol::Http { operations, .. } = &config.routes[1].protocol else { panic!("not http") };
    let names: Vec<&str> = operations.iter().map(|operation| operation.capability.as_str()).collect();
    assert_eq!(
        names,
        [
            "crm.contacts.read",
            "crm.contacts.delete",
            "crm.list_contacts",
            "crm.contacts.create",
            "crm.contacts.search",
            "crm.contacts.update",
            "crm.contacts.card",
        ]
    );
    assert_eq!(config.routes[1].upstream.addresses[0].to_string(), "crm.internal:9001");
    assert!(matches!(&config.routes[2].protocol, Protocol::ToolCall { name, .. } if name == "/tool"));
    assert_eq!(
        (config.routes[2].upstream.addresses[0].to_string().as_str(), config.routes[2].mode),
        ("[::1]:9002", Mode::Enforce)
    );
}

#[test]
fn a_key_is_its_actor_in_the_documented_order() {
    let actor = |extra: &str| {
        let hash = format!("sha256:{}", "a".repeat(64));
        let text = format!("control: {{keys: [{{id: bot, hash: \"{hash}\"{extra}}}]}}");
        load_with(&text, &[]).unwrap().control.keys[0].actor.id.clone()
    };
    assert_eq!(actor(""), "bot");
    assert_eq!(actor(", actors: [agent-7]"), "agent-7");
    assert_eq!(actor(", actors: [\"agent-*\"]"), "bot");
    assert_eq!(actor(", actors: [a, b]"), "bot");
    assert_eq!(actor(", actors: [a], actor: {id: z}"), "z");
}

#[test]
fn secrets_are_never_shown() {
    let config = load_with(FULL, &[]).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    assert_eq!(format!("{:?}", Secret::new("hunter2".to_owned())), "Secret(***)");
    // A secret that stands where something else belongs is not repeated.
    let text = "control: {keys: [{id: a, hash: hunter2, scopes: [hunter2], expires_at: hunter2}], listen: hunter2}\n\
                gateway: {max_body_bytes: hunter2, hosts: [\"hunter2!\"], origins: [hunter2]}\n";
    let problems = problems_of(text, &[("AEGIS_ROUTES__0__UPSTREAM__HEADERS__X", "[hunter2")]);
    assert!(!problems.is_empty() && !problems.contains("hunter2"), "{problems}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC*") {
        let _ = load_with(&text, &[]);
    }

    /// Damaged samples: a line lost, doubled, or cut.
    #[test]
    fn damaged_samples_never_panic(line in 0_usize..300, cut in 0_usize..60, kind in 0_u8..3) {
        let mut lines: Vec<String> = FULL.lines().map(str::to_owned).collect();
        let line = line % lines.len();
        match kind {
            0 => { lines.remove(line); }
            1 => lines.insert(line, lines[line].clone()),
            _ => lines[line] = lines[line].chars().take(cut).collect(),
        }
        let _ = load_with(&lines.join("\n"), &[]);
    }

    /// Any value for any variable.
    #[test]
    fn arbitrary_overrides_never_panic(name in "(CONTROL|ROUTES|GATEWAY)(__(0|1|9|LISTEN|KEYS|UPSTREAM|HEADERS|X)){1,4}", value in "\\PC{0,20}") {
        let _ = load_with(FULL, &[(&format!("AEGIS_{name}"), &value)]);
    }
}

#[test]
fn sessions_are_bounded_as_it_is_written() {
    let config =
        load_with("policy: {sessions: {max: 1000000, max_per_actor: 1, idle_s: 2592000}}", &[]).unwrap();
    let idle = Duration::from_secs(2_592_000);
    assert_eq!(config.policy.sessions, SessionLimits { max: 1_000_000, max_per_actor: 1, idle });
    for (sessions, expected) in [
        ("max: 0", "policy.sessions.max: must be from 1 to 1000000, found 0"),
        ("max: 1000001", "policy.sessions.max: must be from 1 to 1000000, found 1000001"),
        ("max_per_actor: 0", "policy.sessions.max_per_actor: must be from 1 to 1000000, found 0"),
        ("idle_s: 0", "policy.sessions.idle_s: must be from 1 to 2592000, found 0"),
        ("idle_s: 2592001", "policy.sessions.idle_s: must be from 1 to 2592000, found 2592001"),
        ("idle: 5", "policy.sessions.idle: unknown key; did you mean \"idle_s\"?"),
    ] {
        let told = load_with(&format!("policy: {{sessions: {{{sessions}}}}}"), &[]).unwrap_err().to_string();
        assert!(told.contains(expected), "{told}");
    }
}
