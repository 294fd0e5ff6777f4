//! Sentences, asked about calls.

use serde_json::json;

use crate::policy::cedar::{Engine, FindingType};
use crate::policy::generation::tests::support::{activated, allows, entity, record, time};
use crate::policy::generation::{EntityTypes, Generated, GenerationConfig, translate};

fn translated(text: &str) -> Generated {
    let config = json!({ "content": { "rawText": text }, "resource": { "arn": "g" } });
    let Ok(GenerationConfig::Sentences(config)) =
        GenerationConfig::read(&config, time("2026-11-22T00:00:00Z"))
    else {
        panic!("{text}")
    };
    translate(&config, &EntityTypes::in_namespace(None).unwrap(), None)
}

fn said(text: &str) -> Engine {
    let generated = translated(text);
    assert!(generated.assets.iter().all(|asset| asset.definition.is_some()), "{generated:?}");
    activated(&generated)
}

fn is_allowed(engine: &Engine, arguments: &str) -> bool {
    let mut one = record("1", "a");
    one.args = Some(arguments.to_owned());
    one.groups = vec![entity("Group", "g")];
    allows(engine, &one)
}

#[test]
fn what_a_sentence_allows_is_what_it_says() {
    for (condition, allowed, denied) in [
        (
            "path starts with /srv/",
            vec![r#"{"path":"/srv/a"}"#],
            vec![r#"{"path":"/srv/../etc"}"#, r#"{"path":"/etc"}"#, "{}", r#"{"path":1}"#],
        ),
        ("path starts with \"/a/../\"", vec![r#"{"path":"/a/../b"}"#], vec![r#"{"path":"/b"}"#]),
        (
            "n is at most 5 and n >= 2",
            vec![r#"{"n":5}"#, r#"{"n":2}"#],
            vec![r#"{"n":6}"#, r#"{"n":1}"#, r#"{"n":"3"}"#, "{}"],
        ),
        ("n is more than 5", vec![r#"{"n":6}"#], vec![r#"{"n":5}"#]),
        ("n is below 5", vec![r#"{"n":4}"#], vec![r#"{"n":5}"#]),
        ("n is above 5", vec![r#"{"n":6}"#], vec![r#"{"n":5}"#]),
        ("n is at least 5", vec![r#"{"n":5}"#], vec![r#"{"n":4}"#]),
        ("n is less than 5", vec![r#"{"n":4}"#], vec![r#"{"n":5}"#]),
        (
            "a.b is true",
            vec![r#"{"a":{"b":true}}"#],
            vec![r#"{"a":{"b":false}}"#, r#"{"a":{}}"#, r#"{"a.b":true}"#, "{}"],
        ),
        ("\"a.b\" is \"true\"", vec![r#"{"a.b":"true"}"#], vec![r#"{"a.b":true}"#]),
        ("r is not eu", vec![r#"{"r":"us"}"#], vec![r#"{"r":"eu"}"#, "{}"]),
        ("r is not one of eu, us", vec![r#"{"r":"ap"}"#], vec![r#"{"r":"us"}"#, "{}"]),
    ] {
        let engine = said(&format!("allow agent a to call files.read when {condition}"));
        allowed
            .iter()
            .for_each(|arguments| assert!(is_allowed(&engine, arguments), "{condition}: {arguments}"));
        denied
            .iter()
            .for_each(|arguments| assert!(!is_allowed(&engine, arguments), "{condition}: {arguments}"));
    }
}

#[test]
fn what_a_sentence_denies_is_denied_where_the_argument_is_missing_too() {
    let all = "allow everyone to call files.read. ";
    let engine = said(&format!("{all}deny group g to call files.read when r is not eu"));
    assert!(is_allowed(&engine, r#"{"r":"eu"}"#));
    assert!(!is_allowed(&engine, r#"{"r":"us"}"#) && !is_allowed(&engine, "{}"));
    let engine =
        said(&format!("{all}deny any agent to call files.read when path starts with /srv/ and n > 5"));
    assert!(is_allowed(&engine, r#"{"path":"/srv/x","n":5}"#));
    assert!(!is_allowed(&engine, r#"{"path":"/srv/../x","n":6}"#));
    // What cannot be compared denies.
    assert!(!is_allowed(&engine, r#"{"path":"/srv/x","n":"6"}"#));
}

#[test]
fn what_is_not_of_the_grammar_is_not_guessed_at() {
    for sentence in [
        "allow",
        "please allow agent a to call x.y",
        "allow a to call x.y",
        "allow agent to call x.y",
        "allow agent a call x.y",
        "allow agent a to call",
        "allow agent a to call x.y and",
        "allow agent a to call x.y,",
        "allow agent a to call everything",
        "allow agent a to call .x",
        "allow any group to call x.y",
        "allow members of agent a to call x.y",
        "allow agent a to call x.y when",
        "allow agent a to call x.y when n",
        "allow agent a to call x.y when n is",
        "allow agent a to call x.y when n is 1.5",
        "allow agent a to call x.y when n is 99999999999999999999",
        "allow agent a to call x.y when n is one of 1, b",
        "allow agent a to call x.y when n < b",
        "allow agent a to call x.y when n is not at least 5",
        "allow agent a to call x.y when n is 1 or m is 2",
        "allow agent a to call x.y when n..m is 1",
        "allow agent a to call x.y when n contains b",
        "allow agent a to call x.y unless n is 1",
        "allow agent \"a to call x.y",
        "permit (principal, action, resource)",
    ] {
        let generated = translated(sentence);
        assert_eq!(generated.assets.len(), 1, "{sentence}");
        let asset = &generated.assets[0];
        assert_eq!(asset.definition, None, "{sentence}");
        assert_eq!(asset.findings[0].kind, FindingType::NotTranslatable, "{sentence}");
        assert_eq!(asset.raw_text_fragment.as_deref(), Some(sentence));
    }
    assert_eq!(translated(" \n ; ").status_reasons, ["The text has no sentence."]);
}

proptest::proptest! {
    /// Whatever is written: each sentence is one asset, and what stands in quotes stays a text.
    #[test]
    fn any_text_is_understood_or_not(text in "(allow|deny|agent|to|call|when|is|x\\.y|[\" ,.;\\PC]){0,20}") {
        for asset in translated(&text).assets {
            proptest::prop_assert!(asset.definition.is_some() != (asset.findings[0].kind == FindingType::NotTranslatable));
        }
    }

    #[test]
    fn names_in_quotes_stay_names(name in "[^\"\\r\\n]{1,20}") {
        let engine = said(&format!("allow agent \"{name}\" to call files.read"));
        let mut one = record("1", &name);
        proptest::prop_assert!(allows(&engine, &one));
        one.who = Some(entity("Agent", &format!("{name}x")));
        proptest::prop_assert!(!allows(&engine, &one));
    }
}
