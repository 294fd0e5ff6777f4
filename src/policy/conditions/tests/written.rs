//! What is refused when it is written, and where.

use crate::policy::conditions::Condition;

/// Each condition is refused at this line and column, in these words.
fn check(cases: &[(&str, u32, u32, &str)]) {
    let mut wrong = Vec::new();
    for (text, line, column, words) in cases {
        match Condition::parse(text) {
            Ok(_) => wrong.push(format!("{text}: accepted")),
            Err(error)
                if error.to_string().contains(words) && (error.line, error.column) == (*line, *column) => {}
            Err(error) => wrong.push(format!("{text}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn mistakes_are_told_with_their_place() {
    check(&[
        ("parameters.a = 'x'", 1, 14, "to compare, write =="),
        ("parameters.a == 'x' or", 1, 23, "ends where something is missing"),
        ("parameters.a ==", 1, 16, "ends where something is missing"),
        ("true true", 1, 6, "no CEL from here on"),
        ("__import__('os')", 1, 11, "unknown function `__import__`"),
        ("environment == 'production'", 1, 1, "unknown variable `environment`"),
        ("parameter.x == 1", 1, 1, "did you mean `parameters`?"),
        ("true and\n  actor.rank > 1", 2, 8, "`actor` has no member `rank`"),
        ("actor.role == 'x'", 1, 6, "did you mean `roles`?"),
        ("actor['rank'] == 'x'", 1, 6, "`actor` has no member `rank`"),
        ("resource.path == 'x'", 1, 9, "it is a text"),
        ("'é' == 'é' and foo == 1", 1, 16, "unknown variable `foo`"),
        ("parameters.x.foo(1)", 1, 17, "unknown function `foo`"),
        ("parameters.x.startswith('a')", 1, 24, "did you mean `startsWith`?"),
        ("size(1, 2)", 1, 5, "`size` takes one value"),
        ("'a'.contains()", 1, 13, "`contains` takes two values"),
        ("parameters.x.matches(parameters.y)", 1, 32, "must be written out"),
        ("parameters.x.matches('(')", 1, 22, "the regular expression cannot be read"),
        ("parameters.x.matches('(?=a)')", 1, 22, "look-around"),
        ("parameters.x.matches('(a)\\\\1')", 1, 22, "backreferences"),
        ("[1].exists(x, [2].exists(y, x == y))", 1, 25, "within another"),
        ("[1].map(x, [2].map(y, [3].map(z, z)))", 1, 19, "within another"),
        ("[1].all(actor, true)", 1, 8, "`actor` is a variable already"),
        ("[1].all(a.b, true)", 1, 10, "must be a plain name"),
        ("has(parameters)", 1, 5, "has() takes a member"),
        ("x.y == 1", 1, 1, "unknown variable `x`"),
        ("[1].all(x, true) && x == 1", 1, 21, "unknown variable `x`"),
        ("1u == 1", 1, 1, "unsigned"),
        ("b'a' == 'a'", 1, 1, "bytes"),
        ("Message{a: 1} == 1", 1, 8, "messages cannot be made"),
        ("{1: 2}[1] == 2", 1, 2, "must be a text"),
        ("{'a': 2, 'a': 3}['a'] == 2", 1, 10, "twice"),
        ("not parameters.a == 1", 1, 1, "not (a == b)"),
        ("true and not 'x' in ['x']", 1, 10, "not (a == b)"),
        ("not (true) == false", 1, 1, "not (a == b)"),
        ("parameters.ä == 1", 1, 12, "only in texts and comments"),
        ("“x” == 'x'", 1, 1, "only in texts and comments"),
        ("parameters.`a` == 1", 1, 12, "no CEL"),
        ("1e999 > 1", 1, 1, "no CEL"),
        ("9223372036854775808 > 1", 1, 1, ""),
        ("type(1) == int", 1, 5, "unknown function `type`"),
        ("1", 1, 1, "this comes to a number"),
        ("true and 'x'", 1, 10, "this comes to a text"),
        ("not 1.5 or true", 1, 5, "a number"),
        ("parameters", 1, 1, "a mapping"),
        ("resource or true", 1, 1, "a text"),
        ("actor.roles", 1, 6, "a list"),
        ("time.hour", 1, 5, "a number"),
        ("null ? true : false", 1, 1, "null"),
        ("true ? 1 : false", 1, 6, "a number"),
        ("size(parameters.a)", 1, 5, "a number"),
        ("-parameters.a", 1, 1, "a number"),
        ("parameters.a + 1", 1, 14, "no boolean"),
        ("[1].map(x, x)", 1, 8, "a list"),
        ("[1].all(x, 'x')", 1, 12, "a text"),
        ("[1].filter(x, 2) == []", 1, 15, "a number"),
        ("parameters.a.lowerAscii()", 1, 24, "a text"),
    ]);
}

#[test]
fn length_and_depth_are_bounded() {
    let long = format!("'{}' == ''", "x".repeat(4100));
    let brackets = format!("{}true{}", "(".repeat(33), ")".repeat(33));
    let sum = format!("1{} == 40", " + 1".repeat(40));
    let members = format!("parameters{} == 1", ".a".repeat(40));
    let ternary = format!("{}true", "true ? true : ".repeat(40));
    let lists = format!("{}1{} == 1", "[".repeat(33), "]".repeat(33));
    let nots = format!("{}true", "!".repeat(40));
    let mixed = format!("{}true{}", "(true ? (1 + ".repeat(15), ") : true)".repeat(15));
    for (text, words) in [
        (&long, "longer than 4096 bytes"),
        (&brackets, "more than 32 brackets"),
        (&sum, "more than 32 brackets"),
        (&members, "more than 32 brackets"),
        (&ternary, "more than 32 brackets"),
        (&lists, "more than 32 brackets"),
        (&nots, "more than 32 brackets"),
        (&mixed, "more than 32 brackets"),
    ] {
        let error = Condition::parse(text).unwrap_err();
        assert!(error.message.contains(words), "{text}: {error}");
    }
}

#[test]
fn wide_conditions_are_not_deep() {
    let alternatives = vec!["parameters.a == 1"; 180].join(" or ");
    let list = format!("parameters.a in [{}]", vec!["(1 + 2) * 3"; 250].join(", "));
    let choices = format!("[{}][0]", vec!["true ? 1 : 2"; 100].join(", ")) + " == 1";
    let nested = format!("{}true{}", "(".repeat(31), ")".repeat(31));
    for text in [alternatives, list, choices, nested] {
        Condition::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn regular_expressions_are_bounded() {
    let refused = |pattern: &str| Condition::parse(&format!("'x'.matches('{pattern}')")).unwrap_err().message;
    assert!(refused(&"a".repeat(1001)).contains("longer than 1000 bytes"));
    assert!(refused("a{2000}").contains("2000 places"));
    assert!(refused("((a{50}){50}){50}").contains("places"));
    assert!(refused("((((a{999}){999}){999}){999}){999}").contains("places"));
    assert!(refused(r"\\w{40}").contains("bytes compiled"));
    Condition::parse("'x'.matches('(a+)+$')").unwrap();
    Condition::parse(r"'x'.matches(r'^\w{1,12}$')").unwrap();
}

/// Whatever is written, an answer comes back: a condition or what is wrong with it.
#[test]
fn strange_texts_are_answered() {
    for text in [
        "'",
        "\"",
        "'''",
        "r'",
        "'\\",
        "'a\nb'",
        "\"\"\"\"",
        "//",
        "/*",
        "(",
        ")",
        "((",
        "]",
        "{",
        "}",
        "a.",
        ".a",
        "?",
        ":",
        "?:",
        "in",
        "not",
        "not in",
        "and",
        "or or",
        "!!",
        "--1 == 1",
        "0x",
        "0xZZ",
        "1.",
        ".5 == .5",
        "1e",
        "1.e5",
        "[,]",
        "{,}",
        "has()",
        "has(1)",
        "all(x, y)",
        "[1].all()",
        "[1].all(x)",
        "[1].all(x, y, z)",
        "[1].map(x, y, z, w)",
        "a?b",
        "a.?b",
        "a[?b]",
        "\u{0}",
        "\u{feff}true",
        "true\u{0}",
        "@result",
        "__result__",
        "$x",
        "#",
        "\\",
        "%",
        "&",
        "|",
        "&&",
        "||",
        "=",
        "===",
        "<>",
        "true;false",
        "'\\u{110000}'",
        "'\\ud800'",
        "'\\xff'",
        "b'\\xff'",
        "\u{202e}true",
        "true \u{a0}",
        "a\u{300}",
        "'\u{1f600}'",
        "'\u{1f600}' in 'x' and",
        "0b1",
        "-9223372036854775808 < 0",
        "9223372036854775807u",
        "null",
        "false.x",
        "1.x",
        "''.x",
        "[].x",
        "{}.x",
        "{}[0]",
        "in in in",
        "x in in",
    ] {
        let refused = Condition::parse(text).err();
        // What stands for a panic of the parser: none of these makes it panic.
        assert!(refused.is_none_or(|error| error.message != "the condition cannot be read"), "{text}");
    }
}
