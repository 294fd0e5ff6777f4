//! Schemas of parameters: what they refuse of calls, and which are refused themselves.

use serde_json::{Map, Value, json};

use crate::model::call::{Body, Parameters};
use crate::model::json::Reader;
use crate::policy::governance::ParameterSchema;

fn compile(schema: Value) -> Result<ParameterSchema, String> {
    let Value::Object(schema) = schema else { panic!("no object") };
    ParameterSchema::compile(&schema).map_err(|error| format!("{}: {}", error.pointer, error.message))
}

fn check(schema: &ParameterSchema, parameters: &str) -> String {
    let parameters = Parameters::Flat(Reader::default().parse(parameters.as_bytes()).unwrap());
    schema
        .check(&parameters)
        .map_or_else(|mismatch| format!("{} {}", mismatch.pointer, mismatch.keyword), |()| "fits".into())
}

#[test]
fn mismatches_name_place_and_keyword_and_no_value() {
    let schema = compile(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["path"],
        "properties": {
            "path": {"type": "string", "pattern": "^/[a-z/]+$", "maxLength": 20},
            "count": {"type": "integer", "minimum": 1, "maximum": 9_007_199_254_740_993_u64},
            "share": {"type": "number", "multipleOf": 0.5},
            "list": {"type": "array", "items": {"$ref": "#/$defs/item"}, "uniqueItems": true},
            "mode": {"enum": ["a", "b"]},
        },
        "additionalProperties": false,
        "$defs": {"item": {"type": "object", "required": ["a/b"]}},
    }))
    .unwrap();
    for (parameters, answer) in [
        (r#"{"path":"/a/b","count":5,"share":1.5,"list":[{"a/b":1},{"a/b":2}],"mode":"a"}"#, "fits"),
        (r#"{}"#, "/path required"),
        (r#"{"path":5}"#, "/path type"),
        (r#"{"path":"secret"}"#, "/path pattern"),
        (r#"{"path":"/aaaaaaaaaaaaaaaaaaaaaaaaaaa"}"#, "/path maxLength"),
        (r#"{"path":"/a","count":1.5}"#, "/count type"),
        // Without anything behind the point it is an integer to a schema.
        (r#"{"path":"/a","count":2.0}"#, "fits"),
        (r#"{"path":"/a","count":0}"#, "/count minimum"),
        (r#"{"path":"/a","count":9007199254740993}"#, "fits"),
        (r#"{"path":"/a","count":9007199254740994}"#, "/count maximum"),
        (r#"{"path":"/a","share":0.7}"#, "/share multipleOf"),
        (r#"{"path":"/a","list":[{"a/b":1},{}]}"#, "/list/1/a~1b required"),
        (r#"{"path":"/a","list":[{"a/b":1},{"a/b":1}]}"#, "/list uniqueItems"),
        (r#"{"path":"/a","mode":"secret"}"#, "/mode enum"),
        (r#"{"path":"/a","secret":"secret"}"#, " additionalProperties"),
        (r#"[]"#, " type"),
    ] {
        assert_eq!(check(&schema, parameters), answer, "{parameters}");
    }
}

#[test]
fn http_operations_are_checked_by_sections() {
    let schema = compile(json!({
        "properties": {"path": {"properties": {"id": {"pattern": "^[0-9]+$"}}}, "body": {"type": "object"}},
        "required": ["body"],
    }))
    .unwrap();
    let reader = Reader::default();
    let sections = |id: &'static str, body| Parameters::Sections {
        path: reader.parse(id.as_bytes()).unwrap(),
        query: reader.parse(b"{}").unwrap(),
        body,
    };
    let object = || Body::Json(reader.parse(b"{}").unwrap());
    assert_eq!(schema.check(&sections(r#"{"id":"7"}"#, object())), Ok(()));
    let mismatch = schema.check(&sections(r#"{"id":"x"}"#, object())).unwrap_err();
    assert_eq!(mismatch.to_string(), "/path/id does not meet `pattern` of its schema");
    let opaque = schema.check(&sections("{}", Body::Opaque { sha256: "00".into() })).unwrap_err();
    assert_eq!((opaque.pointer.as_str(), opaque.keyword.as_str()), ("/body", "required"));
    assert_eq!(schema.check(&sections("{}", Body::Absent)).unwrap_err().pointer, "/body");
}

#[test]
fn schemas_that_reach_out_or_have_no_end_are_refused() {
    let nested = |depth: usize| (0..depth).fold(json!({}), |inner, _| json!({"not": inner}));
    let doubling: Map<String, Value> = (0..30)
        .map(|number| {
            let next = json!({"$ref": format!("#/$defs/d{}", number + 1)});
            (format!("d{number}"), json!({"allOf": [next, next]}))
        })
        .chain([("d30".to_owned(), json!({}))])
        .collect();
    for (schema, words) in [
        (json!({"$ref": "https://example.com/schema.json"}), "/$ref: a reference to elsewhere"),
        (
            json!({"properties": {"a": {"$ref": "file:///etc/passwd"}}}),
            "/properties/a/$ref: a reference to elsewhere",
        ),
        (json!({"$ref": "other.json#/a"}), "a reference to elsewhere"),
        (json!({"$ref": "#anchor"}), "a reference to elsewhere"),
        (json!({"$ref": "#/$defs/none"}), "leads nowhere"),
        (json!({"$id": "https://example.com/", "type": "object"}), "/$id: a schema here has no"),
        (json!({"$dynamicRef": "#x"}), "dynamic references"),
        (json!({"$schema": "http://json-schema.org/draft-07/schema#"}), "another draft"),
        (json!({"type": "strnig"}), "/type: no JSON Schema"),
        (json!({"pattern": "("}), "no JSON Schema"),
        (json!({"pattern": "(?=a)b"}), "no JSON Schema"),
        (json!({"pattern": "(a)\\1"}), "no JSON Schema"),
        (json!({"pattern": "a{1000}{1000}"}), "no JSON Schema"),
        (json!({"allOf": [{"$ref": "#/allOf/0"}]}), "leads back to itself"),
        (
            json!({"$defs": {"n": {"properties": {"a": {"$ref": "#/$defs/n"}}}}, "$ref": "#/$defs/n"}),
            "leads back to itself",
        ),
        (json!({"$defs": doubling, "$ref": "#/$defs/d0"}), "more than 20000 nodes"),
        (json!({"description": "x".repeat(65 * 1024)}), "longer than 65536 bytes"),
        (nested(40), "deeper than 32 levels"),
    ] {
        let error = compile(schema.clone()).expect_err(&schema.to_string());
        assert!(error.contains(words), "{schema}: {error}");
    }
    compile(nested(30)).unwrap();
    compile(json!({})).unwrap();
}

#[test]
fn hostile_parameters_are_checked_in_the_end() {
    let schema =
        compile(json!({"properties": {"a": {"pattern": "^(a+)+$"}, "b": {"uniqueItems": true}}})).unwrap();
    let long = format!(
        r#"{{"a":"{}!","b":[{}]}}"#,
        "a".repeat(100_000),
        (0..20_000).map(|n| n.to_string()).collect::<Vec<_>>().join(",")
    );
    assert_eq!(check(&schema, &long), "/a pattern");
    let names = format!(r#"{{"a":"aa","{}":1}}"#, "k".repeat(10_000));
    assert_eq!(check(&schema, &names), "fits");
    let strict = compile(json!({"additionalProperties": {"type": "string"}})).unwrap();
    assert!(check(&strict, &names).len() < 200, "the name of a parameter is cut off");
}
