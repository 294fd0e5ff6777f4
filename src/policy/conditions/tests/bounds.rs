//! Work is bounded: hostile calls and conditions come to an answer, and never to a wrong one.

use proptest::prelude::*;

use crate::policy::conditions::Condition;
use crate::policy::conditions::tests::support::World;

/// Too much work is told as such.
fn is_bounded(world: &World<'_>, condition: &str) {
    let why = world.ask(condition).expect_err(condition);
    assert!(
        why.contains("too many steps") || why.contains("1,000 elements") || why.contains("64 KiB"),
        "{condition}: {why}"
    );
}

#[test]
fn long_lists_and_texts_cannot_be_told() {
    let numbers = |count: usize| vec!["1"; count].join(",");
    let parameters = format!(
        r#"{{"long":[{}],"fits":[{}],"text":"{}","just":"{}"}}"#,
        numbers(1001),
        numbers(1000),
        "x".repeat(64 * 1024 + 1),
        "x".repeat(64 * 1024),
    );
    let world = World::new(&parameters);
    is_bounded(&world, "parameters.long.exists(x, x == 1)");
    is_bounded(&world, "parameters.text == 'x'");
    is_bounded(&world, "parameters.text.contains('x')");
    is_bounded(&world, "parameters.just + 'x' == ''");
    assert_eq!(world.ask("parameters.fits.all(x, x == 1) and parameters.just.contains('x')"), Ok(true));
    assert_eq!(
        world.ask("has(parameters.text) and size(parameters.long) == 1001"),
        Err("a text is longer than 64 KiB".to_owned())
    );
    // A bound is no answer, so it does not make an `or` false either.
    assert_eq!(world.ask("parameters.text == 'x' or parameters.just.contains('x')"), Ok(true));
}

#[test]
fn work_is_counted_whatever_makes_it() {
    let words: Vec<String> = (0..1000).map(|number| format!("\"{}{number}\"", "a".repeat(60))).collect();
    let members: Vec<String> = (0..5000).map(|number| format!("\"k{number}\":1")).collect();
    let parameters = format!(
        r#"{{"words":[{}],"big":"{}","map":{{{}}}}}"#,
        words.join(","),
        "a".repeat(60_000),
        members.join(",")
    );
    let world = World::new(&parameters);
    is_bounded(&world, "parameters.words.all(w, not parameters.big.contains(w))");
    is_bounded(&world, "parameters.words.all(w, (parameters.big + w).size() > 1)");
    is_bounded(&world, "parameters.words.all(w, w in parameters.words)");
    is_bounded(&world, "parameters.words.all(w, not has(parameters.map.missing))");
    is_bounded(&world, "parameters.big.matches('(a|b)*a[ab]{200}c')");
    is_bounded(&world, "parameters.words.exists(w, parameters.big.matches('b'))");
    is_bounded(&world, "parameters.words.map(w, parameters.big.upperAscii()).size() == 1");
    is_bounded(&world, "parameters.words.all(w, parameters.words == parameters.words)");
    // Plain questions about the same call are answered.
    assert_eq!(world.ask("parameters.big.matches('^(a+)+$')"), Ok(true));
    assert_eq!(world.ask("size(parameters.words) == 1000 and parameters.map.k4999 == 1"), Ok(true));
}

/// What one condition used up, the next has not; but each can be told as far as it is plain.
#[test]
fn plain_conditions_are_told_whatever_others_took() {
    use crate::model::call::{Action, DecisionRequest, ToolCall};
    use crate::model::decision::RiskScore;
    use crate::policy::conditions::Scope;

    let text = format!(r#"{{"big":"{}","n":1}}"#, "a".repeat(60_000));
    let world = World::new(&text);
    let call = ToolCall {
        action: Action::Verbatim("mail.send".into()),
        resource: "".into(),
        resource_hidden: false,
        parameters: world.parameters.clone(),
        description: "".into(),
    };
    let request = DecisionRequest::new(&world.principal, &call);
    let scope = Scope::new(request, "mail.send", None, RiskScore::default(), world.now);
    let ask = |text: &str| Condition::parse(text).unwrap().evaluate(&scope);
    let costly = "parameters.big.matches('a[ab]{19}c')";
    assert_eq!(ask(costly), Ok(false));
    assert!(ask(costly).is_err(), "the second took its steps out of nothing");
    for _ in 0..10_000 {
        assert_eq!(ask("parameters.n == 1 and actor.id == 'marketing-bot'"), Ok(true));
    }
}

#[test]
fn names_that_other_languages_know_are_names() {
    let world = World::new(r#"{"__proto__":{"admin":true},"constructor":1,"":"empty","\u0000":2,"é":3}"#);
    for condition in [
        "parameters.__proto__.admin",
        "parameters.constructor == 1",
        "parameters[''] == 'empty'",
        "parameters['\\u0000'] == 2",
        "parameters['é'] == 3",
        "not has(parameters.toString)",
    ] {
        assert_eq!(world.ask(condition), Ok(true), "{condition}");
    }
}

#[test]
fn deep_parameters_are_only_walked_as_far_as_asked() {
    let deep = format!("{}1{}", r#"{"a":"#.repeat(60), "}".repeat(60));
    let world = World::new(&deep);
    assert_eq!(world.ask("has(parameters.a.a.a.a)"), Ok(true));
    assert_eq!(world.ask("parameters.a == 1").unwrap_err(), "a comparison of a mapping and a number");
}

/// Pieces that conditions are made of, so that many texts come out that can be read.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("parameters.a"),
        Just("parameters['b']"),
        Just("parameters"),
        Just("x"),
        Just("1"),
        Just("-2.5"),
        Just("'é'"),
        Just("null"),
        Just("true"),
        Just(" and "),
        Just(" or "),
        Just(" not "),
        Just(" in "),
        Just(" not in "),
        Just(" == "),
        Just(" < "),
        Just(" + "),
        Just(" ? "),
        Just(" : "),
        Just("("),
        Just(")"),
        Just("["),
        Just("]"),
        Just("{"),
        Just("}"),
        Just(","),
        Just(".exists(x, "),
        Just(".map(x, "),
        Just("size("),
        Just("has("),
        Just(".matches('a+')"),
        Just("time.now"),
        Just("duration('1h')"),
        Just("actor.roles"),
        Just("context.q"),
        Just("'"),
        Just("//"),
        Just("\n"),
        Just("\\"),
        Just("🦀"),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Any text is a condition or refused at a place in it, and any condition is answered.
    #[test]
    fn any_text_is_answered(text in prop_oneof![pieces(), ".{0,60}"]) {
        match Condition::parse(&text) {
            Ok(_) => {
                let _answer = World::new(r#"{"a":[1,2],"b":"t"}"#).ask(&text);
            }
            Err(error) => {
                prop_assert!(error.message != "the condition cannot be read", "the parser panicked over {text:?}");
                let line = text.split('\n').nth(error.line as usize - 1);
                let columns = line.map(|line| line.chars().count() + 1);
                prop_assert!(columns.is_some_and(|columns| error.column as usize <= columns), "{text:?}: {error}");
            }
        }
    }

    /// Numbers are compared by their worth, whichever way they are written.
    #[test]
    fn numbers_are_compared_exactly(integer in any::<i64>(), double in prop::num::f64::NORMAL, near in -3_i64..3) {
        #[expect(clippy::cast_precision_loss, reason = "the neighborhood of a double")]
        let close = integer.saturating_add(near) as f64;
        for double in [double, close] {
            let text = format!(r#"{{"i":{integer},"d":{double:e}}}"#);
            let world = World::new(&text);
            // An oracle of its own: as integers of 128 bits, where the double is whole and fits.
            #[expect(clippy::cast_possible_truncation, reason = "saturates far outside of 64 bits")]
            let whole = double.floor() as i128;
            let is_less = i128::from(integer) < whole || (i128::from(integer) == whole && double.fract() != 0.0);
            prop_assert_eq!(world.ask("parameters.i < parameters.d"), Ok(is_less), "{}", text);
            prop_assert_eq!(world.ask("parameters.d > parameters.i"), Ok(is_less), "{}", text);
            let is_equal = i128::from(integer) == whole && double.fract() == 0.0;
            prop_assert_eq!(world.ask("parameters.i == parameters.d"), Ok(is_equal), "{}", text);
        }
    }
}
