//! What fits a schema, and how a misfit is told.

use proptest::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::model::document::shape::{check, nearest, unsupported_keywords};
use crate::model::document::{Document, Problems};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is looked at")]
struct Sample {
    name: String,
    #[schemars(range(min = 1, max = 64))]
    depth: Option<u32>,
    ratio: Option<f64>,
    mode: Option<Mode>,
    secret: Option<Text>,
    headers: Option<std::collections::BTreeMap<String, Text>>,
    list: Option<Vec<Inner>>,
    is_on: Option<bool>,
    #[schemars(length(min = 1, max = 3))]
    few: Option<Vec<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// One.
    Enforce,
    /// Two.
    Shadow,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is looked at")]
enum Text {
    Plain(String),
    File(FileText),
    Env(EnvText),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is looked at")]
struct FileText {
    file: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is looked at")]
struct EnvText {
    env: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is looked at")]
struct Inner {
    connect_ms: u64,
    read_ms: Option<u64>,
}

fn schema() -> Value {
    serde_json::to_value(schemars::schema_for!(Sample)).unwrap()
}

fn problems(text: &str) -> String {
    let document = Document::parse("a.yaml", text).unwrap();
    let list = check(&document, &schema()).into_iter().map(|misfit| misfit.problem).collect();
    Problems::from_list(list).map_or_else(String::new, |problems| problems.to_string())
}

#[test]
fn each_misfit_is_named_with_its_place() {
    let cases = [
        ("{name: x, depth: 1, mode: shadow, secret: {env: X}, headers: {A: b}, is_on: true}", ""),
        ("{name: x, depth: null, mode: null, secret: null}", ""),
        ("{}", "a.yaml:1:1: missing key \"name\""),
        ("[]", "a.yaml:1:1: expected a mapping, found a list"),
        ("{name: 5}", "a.yaml:1:8: name: expected a string, found an integer; put it in quotes"),
        ("{name: [a]}", "a.yaml:1:8: name: expected a string, found a list"),
        ("{nam: x}", "a.yaml:1:2: nam: unknown key; did you mean \"name\"?"),
        (
            "{name: x, zzz: 1}",
            "a.yaml:1:11: zzz: unknown key; known keys: name, depth, ratio, mode, secret, headers, list, is_on, few",
        ),
        ("{name: x, isOn: true}", "a.yaml:1:11: isOn: unknown key; did you mean \"is_on\"?"),
        ("{name: x, depth: 0}", "a.yaml:1:18: depth: must be from 1 to 64, found 0"),
        ("{name: x, depth: 65}", "a.yaml:1:18: depth: must be from 1 to 64, found 65"),
        ("{name: x, depth: hunter2}", "a.yaml:1:18: depth: expected an integer, found a string"),
        ("{name: x, depth: 1.5}", "a.yaml:1:18: depth: expected an integer, found a number"),
        ("{name: x, ratio: 1}", ""),
        (
            "{name: x, mode: shadwo}",
            "a.yaml:1:17: mode: expected enforce or shadow, found \"shadwo\"; did you mean \"shadow\"?",
        ),
        ("{name: x, mode: 3}", "a.yaml:1:17: mode: expected enforce or shadow, found 3"),
        ("{name: x, is_on: on}", "a.yaml:1:18: is_on: expected true or false, found a string"),
        ("{name: x, secret: 5}", "a.yaml:1:19: secret: expected a string or a mapping, found an integer"),
        ("{name: x, secret: {fil: x}}", "a.yaml:1:20: secret.fil: unknown key; did you mean \"file\"?"),
        (
            "{name: x, secret: {env: 7}}",
            "a.yaml:1:25: secret.env: expected a string, found an integer; put it in quotes",
        ),
        ("{name: x, secret: {env: X, file: Y}}", "a.yaml:1:20: secret.env: unknown key; known keys: file"),
        (
            "{name: x, headers: {A-b: [1]}}",
            "a.yaml:1:26: headers.A-b: expected a string or a mapping, found a list",
        ),
        (
            "{name: x, list: [{connect_ms: 1}, {conect_ms: 2, read: 3}]}",
            "a.yaml:1:36: list[1].conect_ms: unknown key; did you mean \"connect_ms\"?\na.yaml:1:50: list[1].read: unknown key; did you mean \"read_ms\"?",
        ),
        ("{name: x, few: []}", "a.yaml:1:16: few: must not be empty"),
        ("{name: x, few: [a, b, c, d]}", "a.yaml:1:16: few: must have at most 3 entries, has 4"),
        (
            "{depth: x, mode: y, list: [{}]}",
            "a.yaml:1:1: missing key \"name\"\na.yaml:1:9: depth: expected an integer, found a string\na.yaml:1:18: mode: expected enforce or shadow, found \"y\"\na.yaml:1:28: list[0]: missing key \"connect_ms\"",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(problems(text), expected, "{text}");
    }
}

#[test]
fn the_nearest_word_is_near() {
    let known = ["connect_ms", "read_ms", "headers", "host"];
    assert_eq!(nearest("conect_ms", known), Some("connect_ms"));
    assert_eq!(nearest("connectMs", known), Some("connect_ms"));
    assert_eq!(nearest("CONNECT-MS", known), Some("connect_ms"));
    assert_eq!(nearest("hosts", known), Some("host"));
    assert_eq!(nearest("banana", known), None);
    assert_eq!(nearest("", known), None);
}

#[test]
fn keywords_that_would_not_be_enforced_are_found() {
    assert!(unsupported_keywords(&schema()).is_empty());
    let odd = serde_json::json!({"properties": {"a": {"pattern": "x"}}, "anyOf": [{"not": {}}]});
    assert_eq!(unsupported_keywords(&odd).into_iter().collect::<Vec<_>>(), ["not", "pattern"]);
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..70).prop_map(Value::from),
        Just(Value::from(0.5)),
        prop_oneof![Just("enforce"), Just("shadow"), Just("x")].prop_map(Value::from),
    ];
    let key = || {
        prop_oneof![
            Just("name"),
            Just("depth"),
            Just("ratio"),
            Just("mode"),
            Just("secret"),
            Just("headers"),
            Just("list"),
            Just("few"),
            Just("is_on"),
            Just("file"),
            Just("env"),
            Just("connect_ms"),
            Just("read_ms"),
            Just("zzz")
        ]
        .prop_map(str::to_owned)
    };
    leaf.prop_recursive(3, 30, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(key(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// The walk and a complete validator agree on what fits.
    #[test]
    fn the_walk_agrees_with_a_validator(mut value in value(), has_name in any::<bool>()) {
        if let (true, Some(map)) = (has_name, value.as_object_mut()) {
            map.insert("name".to_owned(), "x".into());
        }
        let schema = schema();
        let document = Document::parse("a.yaml", &value.to_string()).unwrap();
        let misfits = check(&document, &schema);
        prop_assert_eq!(misfits.is_empty(), jsonschema::is_valid(&schema, &value), "{} {:?}", value, misfits);
    }
}
