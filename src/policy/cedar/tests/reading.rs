//! What is read, and what is said of what cannot be.

use proptest::prelude::*;

use crate::policy::cedar::tests::support::asked;
use crate::policy::cedar::{
    CedarSchema, Effect, Engine, FindingType, Mode, PolicyFile, findings, formatted, read, read_files,
    string_literal,
};

/// The first problem of `text`: message, hint, offset, length, line, column.
fn problem(text: &str) -> (String, Option<String>, usize, usize, u32, u32) {
    let problem = read(text).unwrap_err().into_list().remove(0);
    (problem.message, problem.help, problem.offset, problem.length, problem.line, problem.column)
}

#[test]
fn a_policy_is_read_with_its_text() {
    let text =
        "@id(\"not mine\")\nforbid(principal, action, resource)\nunless { principal is Agent }; // why\n";
    let policy = read(text).unwrap();
    assert_eq!(&**policy.text(), text);
    assert_eq!((policy.effect(), policy.has_conditions()), (Effect::Forbid, true));
    assert_eq!((policy.annotation("id"), policy.annotation("x")), (Some("not mine"), None));
}

#[test]
fn problems_have_places_and_hints() {
    let (message, help, offset, _, line, column) = problem("permit(principal, action, resource)");
    assert_eq!((message.as_str(), offset, line, column), ("unexpected end of input", 35, 1, 36));
    assert_eq!(help.as_deref(), Some("expected `;` or identifier"));
    let (message, help, offset, length, line, column) =
        problem("permit(principal, action, resource)\nwhen { \"ä\" == \"\" && context.x = 3 };");
    assert_eq!(message, "'=' is not a valid operator in Cedar");
    assert_eq!(help.as_deref(), Some("try using '==' instead"));
    assert_eq!((offset, length, line, column), (57, 13, 2, 21));
}

#[test]
fn exactly_one_static_policy_is_expected() {
    let one = "permit(principal, action, resource);";
    for (text, message, column) in [
        (
            format!("{one} forbid(principal, action, resource);"),
            "expected exactly one Cedar policy; found 2",
            38,
        ),
        (String::new(), "expected exactly one Cedar policy; found 0", 1),
        ("// nothing".to_owned(), "expected exactly one Cedar policy; found 0", 1),
        (
            "permit(principal == ?principal, action, resource);".to_owned(),
            "expected a static policy, got a template",
            21,
        ),
        (format!("{one}{one}{one}"), "expected exactly one Cedar policy; found 3", 37),
    ] {
        let found = problem(&text);
        assert_eq!((found.0.as_str(), found.5), (message, column), "{text}");
    }
}

#[test]
fn dogwood_is_refused_by_name() {
    for text in [
        "permit(principal, action, resource) when temporal { true };",
        "forbid(principal, action, resource) when guardrails{ true };",
    ] {
        assert!(problem(text).0.contains("is Dogwood"), "{text}");
    }
    assert!(read("permit(principal, action, resource) when { context.temporal };").is_ok());
}

/// None of these may overflow the stack of a thread, which is smaller than the one of the main program.
#[test]
fn deep_texts_are_refused() {
    let when = |condition: String| format!("permit(principal, action, resource) when {{ {condition} }};");
    let many = |text: &str, count| text.repeat(count);
    for condition in [
        format!("{}true{}", many("(", 10_000), many(")", 10_000)),
        format!("{}true{}", many("[", 10_000), many("]", 10_000)),
        format!("{}true{}", many("{a:", 10_000), many("}", 10_000)),
        format!("{}true", many("!", 10_000)),
        format!("{}1 == 1", many("-", 10_000)),
        many("(", 10_000),
        format!("context{}", many(".a", 10_000)),
        format!("context{}", many("[\"a\"]", 8_000)),
        format!("context has a{}", many(".a", 10_000)),
        format!("true{}", many("&&true", 9_000)),
        format!("true{}", many("||true", 9_000)),
        format!("1 == 1{}", many("+1", 10_000)),
        format!("1 == 1{}", many("*1", 10_000)),
        format!("{}true", many("if true then true else ", 2_000)),
        format!("{}true", many("if ", 10_000)),
        "x".repeat(70_000),
    ] {
        assert!(problem(&when(condition.clone())).0.starts_with("a policy has at most"), "{condition:.40}");
    }
}

#[test]
fn what_only_closes_is_refused_quickly() {
    for text in [")", "}", ";", "permit(", "\"", "@", "permit(principal, action, resource) when { true }"] {
        let _ = read(&text.repeat(900)).unwrap_err();
    }
}

/// The deepest texts that are let through can be read, taken apart, checked, laid out and dropped.
#[test]
fn what_is_deep_but_allowed_is_handled() {
    let schema = CedarSchema::read(
        "entity Agent, Gateway; action x appliesTo { principal: Agent, resource: Gateway, context: { a: Bool, n: Long } };",
    )
    .unwrap();
    let many = |text: &str, count| text.repeat(count);
    for condition in [
        format!("true{}", many("&&context.a", 490)),
        format!("true{}", many("||context.a", 490)),
        format!("0 == 1{}", many("+1", 990)),
        format!("{}context.a{}", many("(", 60), many(")", 60)),
        format!("{}context.a", many("if context.a then true else ", 60)),
        format!("{}context.n == 1{} == [true]", many("[", 60), many("]", 60)),
        format!("{}true{} == context", many("{a:", 60), many("}", 60)),
        format!("context{}", many(".a", 900)),
    ] {
        let text = format!("permit(principal, action, resource) when {{ {condition} }};");
        let policy = read(&text).unwrap_or_else(|problems| panic!("{condition:.40}: {problems}"));
        assert!(!findings(&policy).is_empty());
        let _checked = schema.validate(&policy);
        let _pretty = formatted(&policy);
    }
}

#[test]
fn files_are_read_whole_or_refused_whole() {
    let first = "// about files\n@id(\"reading\")\npermit(principal, action == Action::\"a;b\", resource);\n\n\
                 forbid(principal, action, resource) when { context.input.path like \"*;*\" };";
    let second = "permit(principal, action, resource);";
    let files = [PolicyFile { stem: "one", text: first }, PolicyFile { stem: "two", text: second }];
    let filed = read_files(&files).unwrap();
    let ids: Vec<&str> = filed.iter().map(|filed| &*filed.id).collect();
    assert_eq!(ids, ["reading", "one-2", "two-1"]);
    assert!(filed[0].policy.text().starts_with("// about files\n@id"));
    assert!(filed[1].policy.text().starts_with("forbid("));

    let wrong = "permit(principal, action, resource) when { 1 = 1 };\n@id(\"reading\")\npermit(principal, action, resource);\n\
                 @id(\"\")\npermit(principal, action, resource);\nforbid(";
    let files = [PolicyFile { stem: "one", text: first }, PolicyFile { stem: "three", text: wrong }];
    let problems: Vec<String> = read_files(&files).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "three.cedar: '=' is not a valid operator in Cedar (line 1, column 44); try using '==' instead",
            "three.cedar: the id \"reading\" is already that of a policy in one.cedar (line 2, column 1)",
            "three.cedar: an id has 1 to 128 bytes and no control characters (line 4, column 1)",
            "three.cedar: unexpected end of input (line 6, column 8); expected `)` or identifier",
        ]
    );
}

#[test]
fn schemas_find_what_does_not_agree_with_them() {
    let text = "namespace AgentCore {\n  entity OAuthUser = { id: String } tags String;\n  entity Gateway;\n  action CallTool;\n  \
                action \"R___refund\" in [CallTool] appliesTo { principal: OAuthUser, resource: Gateway, \
                context: { input: { amount: Long, orderId?: String } } };\n}";
    let schema = CedarSchema::read(text).unwrap();
    let when = |condition: &str| {
        let scope = "principal is AgentCore::OAuthUser, action == AgentCore::Action::\"R___refund\", resource is AgentCore::Gateway";
        read(&format!("permit({scope}) when {{ {condition} }};")).unwrap()
    };
    assert_eq!(schema.validate(&when("context.input.amount < 500")), Ok(vec![]));
    let problems = schema.validate(&when("context.input.amout < 500")).unwrap_err();
    let problem = problems.iter().next().unwrap();
    assert!(problem.message.contains("attribute `input.amout` in context"), "{problem}");
    assert_eq!(problem.help.as_deref(), Some("did you mean `amount`?"));
    assert!(schema.validate(&when("context.input.orderId == \"1\"")).is_err());
    let impossible =
        schema.validate(&when("context.input.amount < 500 && principal is AgentCore::Gateway")).unwrap();
    assert_eq!(impossible.iter().map(|finding| finding.kind).collect::<Vec<_>>(), [FindingType::AllowNone]);

    let json = r#"{"": {"entityTypes": {"A": {}}, "actions": {"x": {"appliesTo": {"principalTypes": ["A"], "resourceTypes": ["A"]}}}}}"#;
    assert!(CedarSchema::read(json).is_ok());
    for (text, place) in
        [("{\"\": \n x}", (2, 2)), ("entity A;\nentity B = { a: ;", (2, 17)), ("{\"\": {\"a\": 1}}", (1, 1))]
    {
        let problems = CedarSchema::read(text).unwrap_err();
        let first = problems.iter().next().unwrap();
        assert_eq!((first.line, first.column), place, "{problems}");
    }
    assert!(
        CedarSchema::read(&format!("type T = {}Long{};", "Set<".repeat(10_000), ">".repeat(10_000))).is_err()
    );
}

#[test]
fn findings_show_what_is_too_much_too_little_or_unsafe() {
    use FindingType::{AllowAll, AllowNone, DenyAll, DenyNone, UnguardedAttribute, Valid};
    for (text, kinds) in [
        ("permit(principal, action, resource);", vec![AllowAll]),
        ("permit(principal, action, resource) when { true };", vec![AllowAll]),
        ("permit(principal, action, resource) unless { false };", vec![AllowAll]),
        ("forbid(principal, action, resource);", vec![DenyAll]),
        ("permit(principal, action, resource) when { true } when { false };", vec![AllowNone]),
        ("forbid(principal, action, resource) unless { true };", vec![DenyNone]),
        ("forbid(principal, action in [], resource);", vec![DenyNone]),
        ("permit(principal is Agent, action, resource);", vec![Valid]),
        ("permit(principal, action, resource) when { context.input.a == 1 };", vec![UnguardedAttribute]),
        (
            "permit(principal, action, resource) when { context.input has a && context.input.a == 1 };",
            vec![Valid],
        ),
        (
            "permit(principal, action, resource) when { context.input has a } when { context.input.a == 1 };",
            vec![Valid],
        ),
        (
            "permit(principal, action, resource) when { context.input has a.b && context.input.a.b == 1 };",
            vec![Valid],
        ),
        (
            "permit(principal, action, resource) when { !(context.input has a) || context.input.a == 1 };",
            vec![Valid],
        ),
        (
            "permit(principal, action, resource) unless { !(context.input has a) } when { context.input.a == 1 };",
            vec![Valid],
        ),
        (
            "permit(principal, action, resource) when { context.input has a || context.input.a == 1 };",
            vec![UnguardedAttribute],
        ),
        (
            "permit(principal, action, resource) when { if context.input has a then context.input.a else context.input.b };",
            vec![UnguardedAttribute],
        ),
        (
            "permit(principal, action, resource) when { principal.hasTag(\"r\") && principal.getTag(\"r\") == \"x\" };",
            vec![Valid],
        ),
        (
            "permit(principal, action, resource) when { principal.getTag(\"r\") == \"x\" };",
            vec![UnguardedAttribute],
        ),
        (
            "permit(principal, action, resource) when { context.tenant == \"t\" && principal.id == \"a\" };",
            vec![Valid],
        ),
    ] {
        let found: Vec<FindingType> =
            findings(&read(text).unwrap()).iter().map(|finding| finding.kind).collect();
        assert_eq!(found, kinds, "{text}");
    }
}

#[test]
fn the_formatter_keeps_comments_and_meaning() {
    let policy = read("// why\npermit(principal==Agent::\"a\",action,resource)when{true};").unwrap();
    let pretty = "// why\npermit (\n  principal == Agent::\"a\",\n  action,\n  resource\n)\nwhen { true };\n";
    assert_eq!(formatted(&policy).as_deref(), Ok(pretty));
}

/// Pieces of policies, so that many of the texts are almost right.
fn pieces() -> impl Strategy<Value = String> {
    let words = [
        "permit",
        "forbid",
        "(",
        ")",
        "principal",
        "action",
        "resource",
        ",",
        "==",
        "in",
        "is",
        "Agent",
        "::",
        "\"a\"",
        "\"",
        "\\",
        "when",
        "unless",
        "{",
        "}",
        "context",
        ".",
        "input",
        "[",
        "]",
        "has",
        "like",
        "&&",
        "||",
        "!",
        "-",
        "+",
        "1",
        "9223372036854775808",
        "if",
        "then",
        "else",
        ";",
        "@id",
        "?principal",
        "//",
        "\n",
        "é",
        "\u{0}",
        "true",
        "decimal",
        "ip",
        "getTag",
        "__cedar",
        " ",
    ];
    let scope = "permit(principal, action, resource) when {";
    prop_oneof![
        proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..60)
            .prop_map(|words| words.concat()),
        proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..60)
            .prop_map(|words| words.join(" ")),
        proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..20)
            .prop_map(move |words| format!("{scope}{} }};", words.join(" "))),
        any::<String>(),
    ]
}

#[test]
fn texts_that_look_like_others_are_told_with_and_without_a_schema_and_once() {
    // The first letter is Cyrillic.
    let text = "permit(principal, action, resource) when { context.input.name == \"\u{430}dmin\" };";
    let policy = read(text).unwrap();
    let told: Vec<_> =
        findings(&policy).into_iter().filter(|found| found.kind == FindingType::SuspiciousText).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].description.contains("dmin") && !told[0].description.contains("policy `policy`"));
    let schema = "entity A; entity G; action x appliesTo { principal: A, resource: G, context: { input: { name: String } } };";
    let more = CedarSchema::read(schema).unwrap().validate(&policy).unwrap();
    assert!(more.is_empty(), "{more:?}");
    // What is wrong with one is not told under a name that nobody gave it.
    let odd = read("permit(principal, action == Action::\"y\", resource);").unwrap();
    let problems = CedarSchema::read(schema).unwrap().validate(&odd).unwrap_err().to_string();
    assert!(!problems.contains("policy `policy`"), "{problems}");
}

proptest! {
    /// Whatever the text, it is itself as a string and as an id, and nothing more.
    #[test]
    fn literals_say_what_they_are_given(text in ".{0,30}|[*\\\\\"'é\u{0}\u{202e}:;]{0,12}") {
        let string = string_literal(&text);
        let uid: cedar_policy::EntityUid = format!("A::B::{string}").parse().unwrap();
        prop_assert_eq!(uid.id().unescaped(), text.as_str());
        for (said, holds) in [(text.clone(), true), (format!("{text}x"), false)] {
            let condition =
                format!("permit(principal, action, resource) when {{ {string} == {} }};", string_literal(&said));
            let engine = Engine::default().with("p", read(&condition).unwrap(), Mode::Active);
            prop_assert_eq!(engine.authorize(&asked("{}")).allowed, holds, "{}", condition);
        }
    }

    /// Whatever is written, it is read or refused, with places within the text.
    #[test]
    fn reading_never_panics(text in pieces()) {
        match read(&text) {
            Ok(policy) => {
                prop_assert!(!findings(&policy).is_empty());
                let _pretty = formatted(&policy);
            }
            Err(problems) => {
                for problem in &problems {
                    prop_assert!(text.get(problem.offset..problem.offset + problem.length).is_some());
                    prop_assert!(problem.line >= 1 && problem.column >= 1 && !problem.message.is_empty());
                }
            }
        }
        let _filed = read_files(&[PolicyFile { stem: "x", text: &text }]);
        let _schema = CedarSchema::read(&text);
    }
}
