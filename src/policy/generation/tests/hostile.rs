//! Names and values that want to be more than that.

use serde_json::json;

use crate::policy::cedar::{Effect, FindingType, findings, read};
use crate::policy::generation::tests::support::{
    activated, allows, allows_of, definitions, entity, made, made_of, record,
};
use crate::policy::generation::{EntityRef, GenerationStatus};

const HOSTILE: [&str; 16] = [
    "",
    "\"",
    "\\",
    "\\\"",
    "\"); permit (principal, action, resource); //",
    "a\", action, resource) when { true || \"",
    "::\"x\"::",
    "a\nb\r\t\0c",
    "// comment",
    "/* */ @id(\"x\")",
    "\u{202e}txt.exe",
    "\u{feff}\u{200b}а",
    "?principal",
    "*\\*",
    "\\u{41}",
    "日本語 😀",
];

#[test]
fn hostile_ids_stay_ids() {
    for (number, id) in HOSTILE.into_iter().enumerate() {
        let mut one = record("1", id);
        one.does = entity("Action", &format!("{id}{number}"));
        one.on = entity("Gateway", id);
        let generated = made(json!({}), &[one.clone()]);
        assert_eq!(generated.status, GenerationStatus::Generated, "{id:?}: {generated:?}");
        let engine = activated(&generated);
        assert_eq!(engine.policy_count(), 1, "{id:?}");
        assert!(allows(&engine, &one), "{id:?}");
        for other in ["", "x", "principal"].into_iter().filter(|other| *other != id) {
            assert!(
                !allows(&engine, &{
                    let mut two = one.clone();
                    two.who = Some(entity("Agent", other));
                    two
                }),
                "{id:?} {other:?}"
            );
            assert!(
                !allows(&engine, &{
                    let mut two = one.clone();
                    two.on = entity("Gateway", other);
                    two
                }),
                "{id:?} {other:?}"
            );
        }
        for text in definitions(&generated) {
            assert!(text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)), "{text}");
            let policy = read(&text).unwrap();
            assert_eq!(policy.effect(), Effect::Permit, "{text}");
            assert!(text.ends_with("\nwhen { context.tenant == \"acme\" };\n"), "{text}");
            // Some of them look like others, which is told; nothing else is odd.
            let told = findings(&policy);
            let harmless = [FindingType::Valid, FindingType::SuspiciousText];
            assert!(told.iter().all(|found| harmless.contains(&found.kind)), "{told:?}");
        }
    }
}

#[test]
fn a_policy_is_about_one_tenant_whatever_it_is_called() {
    for mode in ["none", "enum"] {
        for tenant in HOSTILE {
            let mut one = record("1", "a");
            one.args = Some(json!({ "path": "/srv/a" }).to_string());
            let generated = made_of(tenant, json!({ "arguments": mode }), &[one.clone()], None);
            assert_eq!(generated.status, GenerationStatus::Generated, "{tenant:?}: {generated:?}");
            let engine = activated(&generated);
            assert_eq!(engine.policy_count(), 1, "{tenant:?}");
            assert!(allows_of(tenant, &engine, &one), "{tenant:?}");
            for other in ["acme", "a", &format!("{tenant}x")] {
                assert!(!allows_of(other, &engine, &one), "{tenant:?} {other:?}");
            }
            let definition = &definitions(&generated)[0];
            assert_eq!(definition.matches("context.tenant == ").count(), 1, "{definition}");
        }
    }
}

#[test]
fn hostile_arguments_stay_arguments() {
    for mode in ["enum", "prefix"] {
        for value in HOSTILE {
            let mut one = record("1", "a");
            one.args =
                Some(json!({ value: value, "__entity": { "type": "Agent", "id": value } }).to_string());
            let generated = made(json!({ "arguments": mode }), &[one.clone()]);
            assert_eq!(generated.status, GenerationStatus::Generated, "{value:?}: {generated:?}");
            let engine = activated(&generated);
            assert!(allows(&engine, &one), "{value:?}");
            let mut two = one.clone();
            two.who = Some(entity("Agent", "b"));
            assert!(!allows(&engine, &two), "{value:?}");
            if mode == "enum" {
                two = one.clone();
                two.args = Some(json!({ value: format!("{value}!") }).to_string());
                assert!(!allows(&engine, &two), "{value:?}");
            }
        }
    }
}

#[test]
fn what_is_no_entity_is_none() {
    for text in [
        "Agent",
        "Agent::\"",
        "Agent::a",
        "Agent::\"a\"b\"",
        "a b::\"c\"",
        "::\"c\"",
        "in::\"c\"",
        "Agent::\"\\q\"",
    ] {
        assert_eq!(EntityRef::parse(text), None, "{text}");
    }
    assert_eq!(EntityRef::new("Agent", &"x".repeat(5000)), None);
    assert_eq!(EntityRef::new("Agent", &"\u{1f600}".repeat(500)), None);
    assert_eq!(EntityRef::parse(" N::Agent::\"a\\\"::\\\"b\" "), Some(entity("N::Agent", "a\"::\"b")));
}

proptest::proptest! {
    #[test]
    fn entities_are_read_back(id in ".*|[\\x00-\\x7f]{0,20}") {
        if let Some(entity) = EntityRef::new("A::B", &id) {
            proptest::prop_assert_eq!(EntityRef::parse(&entity.to_string()), Some(entity));
        }
    }

    /// Cedar reads the same id from the text: the permission is for it, and for nobody else.
    #[test]
    fn any_id_stays_an_id(id in "\\PC{0,12}|[\\x00-\\x7f]{0,12}", value in "\\PC{0,12}|[\\x00-\\x7f\"\\\\*]{0,12}", number: i64) {
        let mut one = record("1", &id);
        one.args = Some(json!({ "value": value, "name": { value.clone(): true }, "number": number }).to_string());
        let generated = made(json!({ "arguments": "enum" }), &[one.clone()]);
        proptest::prop_assert_eq!(generated.status, GenerationStatus::Generated);
        let engine = activated(&generated);
        proptest::prop_assert!(allows(&engine, &one));
        let mut two = one.clone();
        two.who = Some(entity("Agent", &format!("{id}x")));
        proptest::prop_assert!(!allows(&engine, &two));
    }
}
