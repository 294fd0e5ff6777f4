//! What conditions mean: case tables.

use std::net::IpAddr;

use serde_json::Value;

use crate::model::call::{Body, Parameters};
use crate::policy::conditions::Condition;
use crate::policy::conditions::tests::support::{World, json};

/// Asks each condition and compares: `true`, `false`, or for what cannot be told a part of the reason.
fn check(world: &World<'_>, cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (condition, expected) in cases {
        let answer = world.ask(condition);
        match (*expected, &answer) {
            ("true", Ok(true)) | ("false", Ok(false)) => {}
            (reason, Err(why)) if !["true", "false"].contains(&reason) && why.contains(reason) => {}
            (expected, answer) => wrong.push(format!("{condition}: expected {expected}, got {answer:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_published_vectors_hold() {
    let text = include_str!("../../../../tests/golden/governance/condition_vectors.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    let context = &vectors["context"];
    let (parameters, metadata) =
        (context["parameters"].to_string(), context["context"]["metadata"].to_string());
    let world = World::new(&parameters).with_metadata(&metadata);
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 14);
    for case in cases {
        let text = case["expr"].as_str().unwrap();
        let expected = &case["value"];
        if expected == "parse_error" {
            assert!(Condition::parse(text).is_err(), "{text}");
            continue;
        }
        let answer = match world.ask(text) {
            Ok(answer) => Value::Bool(answer),
            Err(_) => Value::from("indeterminate"),
        };
        assert_eq!(answer, *expected, "{text}");
    }
}

#[test]
fn operators() {
    let world = World::new(
        r#"{"n":5,"d":2.5,"big":9223372036854775807,"one":1.0,"s":"prod","t":true,"nil":null,
            "list":[1,2,"x"],"empty":[],"deep":{"a":{"b":7}},"a.b":1}"#,
    );
    check(
        &world,
        &[
            ("", "true"),
            (" \n", "true"),
            ("true", "true"),
            ("parameters.n == 5 && parameters.d == 2.5", "true"),
            ("parameters.one == 1", "true"),
            ("1 == parameters.one", "true"),
            ("parameters.d > 2 && parameters.d < 3 && 2 < parameters.d && 3 > parameters.d", "true"),
            ("parameters.big == 9223372036854775807.0", "false"),
            ("parameters.big < 9223372036854775808.0", "true"),
            ("parameters.big > -1.0e300", "true"),
            ("parameters.n != 5", "false"),
            ("parameters.n - 6 < 0", "true"),
            ("-parameters.n == -5", "true"),
            ("parameters.n * 1.5 == 7.5", "true"),
            ("parameters.n / 2 == 2 && parameters.n % 2 == 1", "true"),
            ("parameters.n / 0 == 1", "without a result"),
            ("parameters.n % 0 == 1", "without a result"),
            ("parameters.d / 0 == 1.0", "without a finite"),
            ("parameters.big + 1 > 0", "without a result"),
            ("parameters.big * 1.5 > 0", "beyond 2^53"),
            ("parameters.s == 5", "a comparison of a text and a number"),
            ("parameters.n == '5'", "a comparison of a number and a text"),
            ("parameters.t == 1", "a comparison of a boolean and a number"),
            ("parameters.n > '1'", "a comparison of a number and a text"),
            ("parameters.nil == null", "true"),
            ("parameters.n == null || parameters.list == null", "false"),
            ("parameters.nil > 1", "of null and a number"),
            ("parameters.s < 'q' && parameters.s >= 'prod'", "true"),
            ("parameters.s + '!' == 'prod!'", "true"),
            ("parameters.s + 1 == 'prod1'", "a calculation of a text and a number"),
            ("parameters.list == [1, 2.0, 'x']", "true"),
            ("parameters.list == [1, 2]", "false"),
            ("parameters.list == [1, 2, 3]", "a comparison of a text and a number"),
            ("parameters.list == [2, 2, 3]", "false"),
            ("parameters.deep == parameters.deep", "a comparison of a mapping"),
            ("parameters.list[2] == 'x'", "true"),
            ("parameters.list[3] == 'x'", "an element of that number is not there"),
            ("parameters.list[-1] == 'x'", "an element of that number is not there"),
            ("parameters['a.b'] == 1 && parameters.deep['a'].b == 7", "true"),
            ("parameters.deep.a.b == 7", "true"),
            ("parameters.deep.x.b == 7", "parameters.deep.x is not there"),
            ("parameters.s.x == 7", "a member of a text"),
            ("{'eu': 10, 'us': 20}['us'] == 20", "true"),
            ("{'eu': 10}[parameters.s] == 20", "a member of that name is not there"),
            ("parameters.n > 3 ? parameters.t : parameters.missing", "true"),
            ("parameters.missing ? true : true", "parameters.missing is not there"),
            ("parameters.n", "the condition of a number"),
            ("!parameters.n", "`!` of a number"),
            ("parameters == 1", "a comparison of a mapping and a number"),
        ],
    );
}

#[test]
fn what_decides_makes_good_for_what_cannot_be_told() {
    let world = World::new(r#"{"yes":true,"list":[1,"x",3]}"#);
    check(
        &world,
        &[
            ("parameters.missing || parameters.yes", "true"),
            ("parameters.yes || parameters.missing", "true"),
            ("parameters.missing && !parameters.yes", "false"),
            ("!parameters.yes && parameters.missing", "false"),
            ("parameters.missing || !parameters.yes", "parameters.missing is not there"),
            ("parameters.missing && parameters.yes", "parameters.missing is not there"),
            ("parameters.list.exists(x, x > 2)", "true"),
            ("parameters.list.exists(x, x > 3)", "a comparison of a text and a number"),
            ("parameters.list.all(x, x > 1)", "false"),
            ("parameters.list.all(x, x > 0)", "a comparison of a text and a number"),
            ("parameters.list.exists_one(x, x > 2)", "a comparison of a text and a number"),
            ("3 in parameters.list", "true"),
            ("4 in parameters.list", "a comparison of a number and a text"),
        ],
    );
}

#[test]
fn words_and_members() {
    let world = World::new(r#"{"env":"prod","not":1,"and":2,"text":"a and b or not c"}"#);
    check(
        &world,
        &[
            ("parameters.env == 'prod' and true", "true"),
            ("false or parameters.env in ['prod', 'live']", "true"),
            ("parameters.env not in ['prod']", "false"),
            ("parameters.env not in ['dev'] and parameters.env in ['prod']", "true"),
            ("'x' in ['x'] and 'y' not in ['x'] or false", "true"),
            ("not (parameters.env == 'prod')", "false"),
            ("not true or not\tfalse", "true"),
            ("not ('x' not in ['x'])", "true"),
            ("parameters.not == 1 and parameters.and == 2", "true"),
            ("parameters.text == 'a and b or not c'", "true"),
            ("parameters.text == \"a and b or not c\" // and not a comment", "true"),
            ("parameters.text == r'a and b or not c'", "true"),
            ("'\\'and' == \"'and\"", "true"),
            ("'''it's and ''' == \"it's and \"", "true"),
            ("'é and ü' not in ['é && ü']", "true"),
            ("has(parameters.env) and not has(parameters.missing)", "true"),
            ("has(parameters.missing.x)", "parameters.missing is not there"),
            ("'env' in parameters and 'x' not in parameters", "true"),
            ("size(parameters) == 4", "true"),
            ("['a', 'b'].all(x, x not in ['c'] and x in ['a', 'b'])", "true"),
        ],
    );
}

#[test]
fn functions() {
    let world = World::new(
        r#"{"mail":"Ann@Example.com","n":"12","d":2.9,"u":"žluť","list":[3,1,2],"map":{"k":1,"l":2},
            "at":"2026-03-29T01:30:00Z","bad":"2026-13-01"}"#,
    );
    check(
        &world,
        &[
            (
                "parameters.mail.contains('@') && parameters.mail.startsWith('Ann') && parameters.mail.endsWith('.com')",
                "true",
            ),
            ("parameters.mail.lowerAscii() == 'ann@example.com' && 'x'.upperAscii() == 'X'", "true"),
            ("parameters.list.contains(3)", "`contains` of a list and a number"),
            ("parameters.mail.matches('^[A-Za-z]+@')", "true"),
            ("matches(parameters.mail, 'example')", "false"),
            ("parameters.mail.matches('(?i)EXAMPLE')", "true"),
            ("parameters.list.matches('x')", "`matches` of a list"),
            ("size(parameters.u) == 4 && parameters.list.size() == 3 && size(parameters.map) == 2", "true"),
            ("size(parameters.d) == 1", "`size` of a number"),
            ("int(parameters.n) == 12 && int(parameters.d) == 2 && int(-2.9) == -2", "true"),
            ("int(parameters.mail) == 1", "`int` of what is no number"),
            ("int(1e300) == 1", "`int` of what is no number"),
            ("double(parameters.n) == 12.0 && string(12) == parameters.n && string(true) == 'true'", "true"),
            ("double('1e999') > 0.0", "no finite number"),
            ("parameters.list.map(x, x * 2) == [6, 2, 4]", "true"),
            ("parameters.list.map(x, x > 1, x * 2) == [6, 4]", "true"),
            ("parameters.list.filter(x, x > 1).exists(y, y == 2)", "true"),
            ("parameters.list.exists_one(x, x == 2)", "true"),
            ("parameters.map.all(k, k in ['k', 'l'])", "true"),
            ("parameters.mail.all(x, true)", "a loop of a text"),
            ("timestamp(parameters.at).getHours() == 1", "true"),
            ("timestamp(parameters.at).getHours('Europe/Berlin') == 3", "true"),
            (
                "timestamp(parameters.at).getDayOfWeek() == 0 && timestamp(parameters.at).getMonth() == 2",
                "true",
            ),
            (
                "timestamp(parameters.at).getDate() == 29 && timestamp(parameters.at).getDayOfMonth() == 28",
                "true",
            ),
            (
                "timestamp(parameters.at).getDayOfYear() == 87 && timestamp(parameters.at).getFullYear() == 2026",
                "true",
            ),
            (
                "timestamp(parameters.at).getMinutes() == 30 && timestamp(parameters.at).getSeconds() == 0",
                "true",
            ),
            ("timestamp(parameters.at).getMilliseconds() == 0", "true"),
            ("timestamp(parameters.at).getHours(parameters.mail) == 1", "a time zone"),
            ("timestamp(parameters.bad) < time.now", "no RFC 3339 time"),
            ("time.now - timestamp(parameters.at) > duration('24h')", "true"),
            ("timestamp(parameters.at) + duration('1h30m') == timestamp('2026-03-29T03:00:00Z')", "true"),
            ("duration('1.5s') == duration('1500ms') && -duration('1m') < duration('0s')", "true"),
            ("duration(parameters.mail) == duration('1s')", "`duration` of a text"),
            ("duration('99999999999999h') == duration('1s')", "`duration` of a text"),
            ("time.now > 5", "a comparison of a time and a number"),
        ],
    );
}

#[test]
fn what_is_known_of_a_call() {
    let mut world = World::new("{}").with_metadata(
        r#"{"ticket":"T-1","environment":"dev","tls":false,"route":"x","tenant":"evil","network":"1.1.1.1","session_id":"s"}"#,
    );
    world.context.network = Some(IpAddr::from([10, 0, 0, 7]));
    world.context.tls = true;
    check(
        &world,
        &[
            ("actor.id == 'marketing-bot' && actor.type == 'ai-agent'", "true"),
            ("'analyst' in actor.roles && 'admin' not in actor.roles", "true"),
            ("'x' in actor.groups", "false"),
            ("actor.roles.exists(r, r.startsWith('send')) && size(actor.groups) == 0", "true"),
            ("action.capability == 'mail.send' && capability.risk_level == 'high'", "true"),
            ("resource == 'inbox/7' && resource.startsWith('inbox/')", "true"),
            ("time.hour == 18 && time.day_of_week == 6", "true"),
            ("time.now.getMinutes() == 30", "true"),
            ("risk.score == 0.42 && risk.score > 0.4", "true"),
            ("context.route == 'mail' && context.tls && context.tenant == 'acme'", "true"),
            ("context.network == '10.0.0.7' && context.session_id == 'sess-1'", "true"),
            ("context.ticket == 'T-1' && context.metadata.ticket == 'T-1'", "true"),
            // What the gateway knows is never taken from what the caller says.
            ("context.environment == 'dev'", "context.environment is not there"),
            ("has(context.environment)", "false"),
            ("context.metadata.environment == 'dev'", "true"),
            ("context.nothing == 'dev'", "context.nothing is not there"),
        ],
    );
    world.risk_level = None;
    world.metadata = None;
    world.context.environment = Some("production");
    check(
        &world,
        &[
            ("capability.risk_level == 'high'", "capability.risk_level is not there"),
            ("context.environment == 'production'", "true"),
            ("has(context.metadata) || has(context.ticket)", "false"),
        ],
    );
}

#[test]
fn parameters_of_http_operations_have_sections() {
    let world = World::sections(
        r#"{"id":"7","both":"p"}"#,
        r#"{"force":"true","both":"q"}"#,
        Body::Json(json(r#"{"amount":5,"force":"no"}"#)),
    );
    check(
        &world,
        &[
            (
                "parameters.path.id == '7' && parameters.query.force == 'true' && parameters.body.amount == 5",
                "true",
            ),
            ("parameters.id == '7' && parameters.amount == 5", "true"),
            ("parameters.force == 'true'", "parameters.force cannot be known"),
            ("has(parameters.both)", "parameters.both cannot be known"),
            ("parameters.other == 1", "parameters.other is not there"),
            ("has(parameters.other) || 'other' in parameters", "false"),
            ("'amount' in parameters && 'amount' in parameters.body", "true"),
            ("parameters['body.amount'] == 5", "cannot be known"),
            ("size(parameters) == 1", "`size` of a mapping"),
        ],
    );
    let absent = World::sections("{}", "{}", Body::Absent);
    check(&absent, &[("has(parameters.body) || has(parameters.x)", "false")]);
    let opaque = World::sections(r#"{"id":"7"}"#, "{}", Body::Opaque { sha256: "00".into() });
    check(
        &opaque,
        &[
            ("parameters.path.id == '7'", "true"),
            ("parameters.id == '7'", "parameters.id cannot be known"),
            ("has(parameters.body)", "parameters.body cannot be known"),
        ],
    );
    let list = World::sections("{}", "{}", Body::Json(json("[1,2]")));
    check(&list, &[("parameters.body[1] == 2", "true"), ("has(parameters.x)", "cannot be known")]);
}

#[test]
fn what_cannot_be_known_is_never_absent() {
    let mut world = World::new("{}");
    for name_resource in [true, false] {
        world.parameters = Parameters::Unknown { name_resource };
        check(
            &world,
            &[
                ("has(parameters.x)", "parameters.x cannot be known"),
                ("'x' in parameters", "cannot be known"),
                ("parameters.x == 1", "parameters.x cannot be known"),
                ("parameters.x == 1 || actor.id == 'marketing-bot'", "true"),
                ("resource == 'inbox/7'", if name_resource { "resource cannot be known" } else { "true" }),
            ],
        );
    }
    world.parameters = Parameters::Flat(json("[1]"));
    check(&world, &[("has(parameters.x)", "cannot be known"), ("size(parameters) == 1", "of a mapping")]);
}
