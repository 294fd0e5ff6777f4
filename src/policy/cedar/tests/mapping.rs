//! What a call is in Cedar, and that nothing it holds can make it another.

use std::borrow::Cow;
use std::sync::Arc;

use proptest::prelude::*;

use crate::model::call::{
    Action, Body, CallContext, CapabilityName, Claim, DecisionRequest, Parameters, Principal, PrincipalKind,
    ToolCall,
};
use crate::model::json::{Json, NormalPath, PathAllowance, Text};
use crate::model::time::Timestamp;
use crate::policy::cedar::engine::Needed;
use crate::policy::cedar::tests::support::{engine, json};
use crate::policy::cedar::{Asked, CedarQuestion, EngineOptions, Unmapped, Vocabulary, check_prefix};

fn named(name: &str) -> Action<'static> {
    Action::Named(CapabilityName::parse(name).unwrap())
}

fn call<'a>(action: Action<'a>, parameters: Parameters<'a>) -> ToolCall<'a> {
    let (resource, description) = (Cow::Borrowed("files"), Cow::Borrowed(""));
    ToolCall { action, resource, resource_hidden: false, parameters, description }
}

fn someone(id: &str) -> Principal {
    let list = |names: &[&str]| names.iter().map(|name| Arc::from(*name)).collect::<Vec<_>>().into();
    Principal {
        groups: list(&["eng", "ops"]),
        roles: list(&["admin"]),
        ..Principal::new("acme", id, PrincipalKind::AiAgent)
    }
}

/// Somebody with these claims.
fn claiming(claims: &[(&str, &str)]) -> Principal {
    let claim = |(name, value): &(&str, &str)| Claim { name: (*name).into(), value: (*value).into() };
    Principal { claims: claims.iter().map(claim).collect(), ..someone("a") }
}

fn map_with(
    namespace: Option<&str>,
    principal: &Principal,
    call: &ToolCall<'_>,
    path: Option<&NormalPath<'_>>,
) -> Result<Asked, Unmapped> {
    let context = CallContext { route: "files", ..CallContext::default() };
    let request = DecisionRequest { context, session: Some("s-1"), ..DecisionRequest::new(principal, call) };
    let now = Timestamp::parse_rfc3339("2026-11-23T06:19:54.123456Z").unwrap();
    Vocabulary::new(namespace).unwrap().map(&CedarQuestion { request, path, now })
}

fn map(principal: &Principal, call: &ToolCall<'_>) -> Asked {
    map_with(None, principal, call, None).unwrap()
}

fn with_arguments<'a>(arguments: &'a str) -> ToolCall<'a> {
    call(named("files.read_file"), Parameters::Flat(json(arguments)))
}

/// Whether a permit with that scope and condition lets the call through. A policy that fails is a failure of the test.
fn permits(asked: &Asked, scope: &str, condition: &str) -> bool {
    let text = format!("permit({scope}) when {{ {condition} }};");
    let verdict = engine(EngineOptions::default(), &[&text]).authorize(asked);
    assert!(verdict.errors.is_empty(), "{text}: {:?}", verdict.errors);
    verdict.allowed
}

const ANY: &str = "principal, action, resource";

#[test]
fn tool_calls_are_named_by_prefix_and_tool() {
    let asked = map(&someone("agent-001"), &with_arguments("{\"path\": \"/srv/a\", \"n\": 2}"));
    assert_eq!(asked.principal(), "Agent::\"agent-001\"");
    assert_eq!(asked.action(), "Action::\"files___read_file\"");
    assert_eq!(asked.resource(), "Gateway::\"files\"");
    assert!(asked.dropped().is_empty());
    for scope in [
        "principal == Agent::\"agent-001\", action == Action::\"files___read_file\", resource == Gateway::\"files\"",
        "principal in Group::\"ops\", action in Action::\"CallTool\", resource is Gateway",
        "principal in Role::\"admin\", action in [Action::\"Mcp\"], resource",
    ] {
        assert!(permits(&asked, scope, "true"), "{scope}");
    }
    for condition in [
        "context.input.path == \"/srv/a\" && context.input.n == 2",
        "context.agent == \"agent-001\" && context.tenant == \"acme\" && context.session == \"s-1\"",
        "context.system.now == datetime(\"2026-11-23T06:19:54.123Z\")",
        "context[\"system\"][\"now\"] < datetime(\"2026-12-01\")",
        "{c: context}.c.system.now < datetime(\"2026-12-01\")",
        "context has system.now",
        "principal.id == \"agent-001\" && principal.kind == \"ai-agent\" && !(principal has person)",
        "principal in Group::\"ops\" && principal in [Role::\"x\", Role::\"admin\"]",
        "principal is Agent in Group::\"eng\" && !(principal in Group::\"admin\")",
        "action in Action::\"CallTool\" && [true].contains(action in Action::\"Mcp\")",
        "principal in principal && resource in resource",
        "[principal, resource].contains(principal) && {p: principal}.p.id == \"agent-001\"",
        "(if true then principal else resource).kind == \"ai-agent\"",
        "Agent::\"agent-001\" has tenant && Agent::\"agent-001\".tenant == \"acme\"",
        "principal[\"id\"] == context.agent",
        "principal.hasTag(\"tenant\") && principal.getTag(\"tenant\") == \"acme\"",
    ] {
        assert!(permits(&asked, ANY, condition), "{condition}");
    }
    assert!(!permits(&asked, "principal in Group::\"admin\", action, resource", "true"));
}

#[test]
fn kinds_of_callers_have_types() {
    for (kind, namespace, expected) in [
        (PrincipalKind::AiAgent, None, "Agent::\"a\""),
        (PrincipalKind::AiCopilot, None, "Agent::\"a\""),
        (PrincipalKind::Automation, None, "Service::\"a\""),
        (PrincipalKind::Human, None, "User::\"a\""),
        (PrincipalKind::Human, Some("AgentCore"), "AgentCore::OAuthUser::\"a\""),
        (PrincipalKind::Human, Some("Acme::Tools"), "Acme::Tools::User::\"a\""),
    ] {
        let asked =
            map_with(namespace, &Principal::new("t", "a", kind), &with_arguments("{}"), None).unwrap();
        assert_eq!(asked.principal(), expected);
    }
    let asked = map_with(Some("AgentCore"), &someone("a"), &with_arguments("{}"), None).unwrap();
    assert_eq!(asked.action(), "AgentCore::Action::\"files___read_file\"");
    assert_eq!(asked.resource(), "AgentCore::Gateway::\"files\"");
    assert!(permits(
        &asked,
        "principal in AgentCore::Group::\"eng\", action in AgentCore::Action::\"CallTool\", resource",
        "true"
    ));
    for wrong in ["", "a b", "if", "A::", "A\"", "__cedar"] {
        assert!(Vocabulary::new(Some(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn operations_are_named_by_path() {
    let body = Body::Json(json("{\"amount\": 12.5}"));
    let parameters = Parameters::Sections { path: json("{\"id\": \"42\"}"), query: json("{}"), body };
    let operation = call(named("crm.update_contact"), parameters);
    let every = PathAllowance { semicolon: true, encoded_slash: true };
    for (raw, resource, above) in [
        ("/v1/contacts/42", "Http::\"/v1/contacts/42\"", "Http::\"/v1/contacts\""),
        ("/v1//%63ontacts/42/", "Http::\"/v1/contacts/42\"", "Http::\"/v1\""),
        ("/v1/contacts%2F42", "Http::\"/v1/contacts%2F42\"", "Http::\"/v1\""),
        ("/a%22::b", "Http::\"/a\\\"::b\"", "Gateway::\"files\""),
        ("/", "Http::\"/\"", "Gateway::\"files\""),
    ] {
        let path = NormalPath::parse(raw, every).unwrap();
        let asked = map_with(None, &someone("a"), &operation, Some(&path)).unwrap();
        assert_eq!(
            (asked.action().as_str(), asked.resource().as_str()),
            ("Action::\"crm.update_contact\"", resource)
        );
        let scope = format!("principal, action == Action::\"crm.update_contact\", resource in {above}");
        assert!(permits(&asked, &scope, "context.input.body.amount == decimal(\"12.5\")"), "{raw}");
        assert!(permits(&asked, ANY, "context.input.path.id == \"42\" && !(context.input.query has id)"));
        assert!(!permits(&asked, "principal, action in Action::\"CallTool\", resource", "true"));
    }
    let own = ToolCall { resource: Cow::Borrowed("/v1/%61"), ..operation.clone() };
    assert_eq!(map(&someone("a"), &own).resource(), "Http::\"/v1/a\"");
    assert_eq!(map_with(None, &someone("a"), &operation, None).unwrap_err(), Unmapped::Pathless);
    let opaque = Body::Opaque { sha256: "ab".to_owned() };
    let parameters = Parameters::Sections { path: json("{}"), query: json("{}"), body: opaque };
    let upload = ToolCall { resource: Cow::Borrowed("/x"), ..call(named("crm.upload"), parameters) };
    let asked = map(&someone("a"), &upload);
    assert_eq!(asked.dropped().iter().map(ToString::to_string).collect::<Vec<_>>(), ["context.input.body"]);
    assert!(permits(&asked, ANY, "context.input.body_sha256 == \"ab\""));
    assert!(!permits(&asked, ANY, "!(context.input has body)"));
}

#[test]
fn what_cannot_be_mapped_is_refused() {
    let name = || CapabilityName::parse("files.read").unwrap();
    for (action, expected) in [
        (Action::Shared(name()), Unmapped::Nameless),
        (Action::Unnamed { tool: "löschen".into(), prefix: "files".into() }, Unmapped::Nameless),
        (named("a___b.c"), Unmapped::Ambiguous),
        (Action::Verbatim("a___b".into()), Unmapped::Ambiguous),
        (Action::Verbatim("a___b.c".into()), Unmapped::Ambiguous),
        (Action::Tunnel(name()), Unmapped::Pathless),
    ] {
        let refused = map_with(None, &someone("a"), &call(action.clone(), Parameters::none()), None);
        assert_eq!(refused.unwrap_err(), expected, "{action:?}");
    }
    for (text, action) in
        [("delete everything", "delete everything"), ("files.read", "files___read"), ("a\"b", "a\\\"b")]
    {
        let asked = map(&someone("a"), &call(Action::Verbatim(text.into()), Parameters::none()));
        assert_eq!(asked.action(), format!("Action::\"{action}\""));
    }
    assert!(check_prefix("a___b").is_err() && check_prefix("a__b.c_").is_ok());
    let crowd = Principal { groups: (0..1001).map(|n| Arc::from(n.to_string())).collect(), ..someone("a") };
    assert_eq!(map_with(None, &crowd, &with_arguments("{}"), None).unwrap_err(), Unmapped::Crowded);
}

/// Arguments that other readers of JSON for Cedar take for entities, calls or nothing.
#[test]
fn arguments_are_only_values() {
    let asked = |arguments| map(&someone("a"), &with_arguments(arguments));
    for (arguments, condition, holds) in [
        (
            "{\"who\": {\"__entity\": {\"type\": \"User\", \"id\": \"root\"}}}",
            "context.input.who == User::\"root\"",
            false,
        ),
        (
            "{\"who\": {\"__entity\": {\"type\": \"User\", \"id\": \"root\"}}}",
            "context.input.who.__entity.id == \"root\"",
            true,
        ),
        (
            "{\"__entity\": {\"type\": \"User\", \"id\": \"root\"}}",
            "context.input.__entity.type == \"User\"",
            true,
        ),
        (
            "{\"n\": {\"__extn\": {\"fn\": \"decimal\", \"arg\": \"1.0\"}}}",
            "context.input.n == decimal(\"1.0\")",
            false,
        ),
        (
            "{\"n\": {\"__extn\": {\"fn\": \"decimal\", \"arg\": \"1.0\"}}}",
            "context.input.n.__extn.fn == \"decimal\"",
            true,
        ),
        ("{\"__expr\": \"User::\\\"root\\\"\"}", "context.input.__expr == User::\"root\"", false),
        ("{\"n\": 1.0}", "context.input.n == 1", true),
        ("{\"n\": 1e0}", "context.input.n == 1", true),
        ("{\"n\": 0.25}", "context.input.n == decimal(\"0.25\")", true),
        ("{\"s\": \"User::\\\"root\\\"\"}", "context.input.s == User::\"root\"", false),
        ("{\"list\": [3, 1, 3, 2.0]}", "context.input.list == [1, 2, 3]", true),
        (
            "{\"system\": {\"now\": 1}, \"tenant\": \"x\"}",
            "context.tenant == \"acme\" && context.input.tenant == \"x\"",
            true,
        ),
        ("{\"a b\": {\"\": 1}}", "context.input[\"a b\"][\"\"] == 1", true),
    ] {
        assert_eq!(permits(&asked(arguments), ANY, condition), holds, "{arguments} {condition}");
    }
    for (arguments, dropped) in [
        ("{\"a\": null}", "context.input.a"),
        ("{\"a\": {\"b\": 1e99}}", "context.input.a.b"),
        ("{\"a\": [1, null]}", "context.input.a"),
        ("{\"a\": [[{\"b\": null}]]}", "context.input.a"),
        ("{\"a b\": 0.00001}", "context.input[\"a b\"]"),
    ] {
        let shown: Vec<String> = asked(arguments).dropped().iter().map(ToString::to_string).collect();
        assert_eq!(shown, [dropped], "{arguments}");
    }
}

#[test]
fn much_and_deep_is_dropped_not_followed() {
    let deep = format!("{{\"a\": {}1{}, \"b\": 1}}", "[".repeat(40), "]".repeat(40));
    let asked = map(&someone("a"), &with_arguments(&deep));
    assert_eq!(asked.dropped().iter().map(ToString::to_string).collect::<Vec<_>>(), ["context.input.a"]);
    assert!(permits(&asked, ANY, "context.input.b == 1"));
    let many = format!("{{\"a\": [{}], \"b\": 1}}", vec!["1"; 20_000].join(","));
    let asked = map(&someone("a"), &with_arguments(&many));
    assert_eq!(
        asked.dropped().iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["context.input", "context.input.a"]
    );
    assert!(permits(&asked, ANY, "context.tenant == \"acme\""));
    let reading = engine(
        EngineOptions::default(),
        &["permit(principal, action, resource) unless { context has input.b };"],
    );
    assert!(!reading.authorize(&asked).allowed);
    let members: Vec<String> = (0..500).map(|number| format!("\"m{number}\": null")).collect();
    let nulls = format!("{{\"a\": {{{}}}, \"b\": 1}}", members.join(","));
    let asked = map(&someone("a"), &with_arguments(&nulls));
    assert_eq!(asked.dropped().iter().map(ToString::to_string).collect::<Vec<_>>(), ["context.input.a"]);
}

#[test]
fn what_is_only_listed_may_be_seen_and_not_done() {
    let listed =
        map(&someone("a"), &call(named("files.read_file"), Parameters::Unknown { name_resource: true }));
    let open = "permit(principal, action == Action::\"files___read_file\", resource) when { context.input.path == \"x\" };";
    let engine = engine(EngineOptions::default(), &[open]);
    assert!(engine.prospect(&listed));
    assert!(!engine.authorize(&listed).allowed);
    let forbid =
        crate::policy::cedar::read("forbid(principal in Group::\"ops\", action, resource);").unwrap();
    assert!(!engine.with("f", forbid, crate::policy::cedar::Mode::Active).prospect(&listed));
}

/// The shortcut to entities gives what Cedar works out itself.
#[test]
fn entities_are_those_that_cedar_would_make() {
    for parameters in
        [Parameters::none(), Parameters::Sections { path: json("{}"), query: json("{}"), body: Body::Absent }]
    {
        let call = ToolCall { resource: Cow::Borrowed("/a/b/c"), ..call(named("x.y"), parameters) };
        let asked = map(&someone("a"), &call);
        for needed in [Needed::Ancestors, Needed::Attributes] {
            let entities = asked.entities(needed).unwrap();
            let again = cedar_policy::Entities::from_entities(entities.iter().cloned(), None).unwrap();
            assert!(entities.deep_eq(&again));
            let principal = entities.get(&"Agent::\"a\"".parse().unwrap()).unwrap();
            let with_attributes = needed == Needed::Attributes;
            assert_eq!(
                (principal.attr("id").is_some(), principal.tag("id").is_some()),
                (with_attributes, with_attributes)
            );
            assert!(entities.is_ancestor_of(&"Group::\"eng\"".parse().unwrap(), &principal.uid()));
        }
    }
}

fn tree() -> impl Strategy<Value = Json<'static>> {
    let text = "[a_\"\\\\:é ]{0,6}|__entity|__extn|type|id";
    let numbers =
        ["0", "-0", "1.5", "1e400", "9223372036854775807", "-1e-9", "12345678901234567890.5", "1.0"];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        proptest::sample::select(numbers.to_vec()).prop_map(|text| {
            Json::Number(crate::model::json::Number {
                text,
                value: crate::model::json::NumberValue::Decimal(0.0),
            })
        }),
        text.prop_map(|text| Json::String(Text::from_owned(text))),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Json::Array),
            // Also with names that come twice, which no reader lets through.
            proptest::collection::vec((text, inner), 0..5).prop_map(|members| {
                Json::Object(
                    members.into_iter().map(|(name, value)| (Text::from_owned(name), value)).collect(),
                )
            }),
        ]
    })
}

proptest! {
    /// Whatever a caller is called and sends, it is itself, and its arguments decide nothing that does not read them.
    #[test]
    fn nothing_sent_changes_who_or_what_is_judged(id in ".{0,40}", group in ".{0,20}", arguments in tree()) {
        let principal = Principal { groups: vec![Arc::from(group.as_str())].into(), ..someone(&id) };
        let call = call(named("files.read_file"), Parameters::Flat(arguments));
        let asked = map(&principal, &call);
        for (shown, name, expected) in [
            (asked.principal(), "Agent", id.as_str()),
            (asked.action(), "Action", "files___read_file"),
            (asked.resource(), "Gateway", "files"),
        ] {
            let uid: cedar_policy::EntityUid = shown.parse().unwrap();
            prop_assert_eq!(uid.type_name().to_string(), name);
            prop_assert_eq!(uid.id().unescaped(), expected);
        }
        let is_it = id == "root" || group == "root";
        let root = permits(&asked, "principal, action, resource", "principal == Agent::\"root\" || principal in Group::\"root\"");
        prop_assert_eq!(root, is_it);
        // It is decided, or refused because of what could not be said.
        let reading = engine(EngineOptions::default(), &["permit(principal, action, resource) when { context.input == context.input };"]);
        let verdict = reading.authorize(&asked);
        prop_assert!(verdict.errors.is_empty() || !asked.dropped().is_empty());
        prop_assert_eq!(verdict.allowed, asked.dropped().is_empty());
    }
}

#[test]
fn claims_are_tags_and_no_attributes_and_stand_for_nothing_the_gateway_says() {
    let call = with_arguments("{}");
    let asked = map(&claiming(&[("department", "billing"), ("odd \" name", "")]), &call);
    let anybody = "principal, action, resource";
    for condition in [
        r#"principal.hasTag("department") && principal.getTag("department") == "billing""#,
        r#"principal.hasTag("odd \" name") && principal.getTag("odd \" name") == """#,
        r#"!principal.hasTag("role") && !(principal has department)"#,
        r#"context has agent && !(context has department)"#,
    ] {
        assert!(permits(&asked, anybody, condition), "{condition}");
    }
    // What is known of the caller is not what its token says.
    let asked = map(&claiming(&[("tenant", "other"), ("id", "root"), ("kind", "human")]), &call);
    for condition in [
        r#"principal.getTag("tenant") == "acme" && principal.tenant == "acme" && context.tenant == "acme""#,
        r#"principal.getTag("id") == "a" && principal.id == "a""#,
        r#"principal.getTag("kind") == "ai-agent""#,
    ] {
        assert!(permits(&asked, anybody, condition), "{condition}");
    }
}
