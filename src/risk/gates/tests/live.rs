//! What live traffic adds: how familiar a call is, and what its parameters look like.

use crate::model::json::Reader;
use crate::risk::gates::{Constants, ParameterShape, familiarity, novelty_gate};

#[test]
fn the_tenth_call_of_a_kind_is_familiar() {
    let passes = |seen| novelty_gate(familiarity(seen), &Constants::default()).passed;
    assert_eq!(familiarity(0), 0.5);
    assert!((0..=8).all(|seen| !passes(seen)));
    assert!((9..=1_000).all(passes));
    assert!(passes(u64::MAX));
    assert!((0..1_000).all(|seen| familiarity(seen) < familiarity(seen + 1)));
    assert!(familiarity(u64::MAX) <= 1.0);
}

fn shape(text: &str) -> ParameterShape {
    ParameterShape::of(&Reader::default().parse(text.as_bytes()).unwrap())
}

#[test]
fn a_shape_is_names_and_types() {
    let call = r#"{"to":"a@example.org","amount":1,"lines":[1,2.5],"more":{"x":null}}"#;
    for alike in [
        r#"{"amount":-2.5e3,"more":{"x":null},"lines":[7],"to":""}"#,
        r#"{"to":"b","amount":0,"lines":[1,2,3,4,5],"more":{"x":null}}"#,
        r#"{"\u0074o":"b","amount":0,"lines":[1],"more":{"x":null}}"#,
    ] {
        assert_eq!(shape(alike), shape(call), "{alike}");
    }
    for other in [
        r#"{"to":"a","amount":1,"lines":[1,2.5]}"#,
        r#"{"to":"a","amount":"1","lines":[1],"more":{"x":null}}"#,
        r#"{"to":"a","amount":1,"lines":[],"more":{"x":null}}"#,
        r#"{"to":"a","amount":1,"lines":[1,"2"],"more":{"x":null}}"#,
        r#"{"to":"a","amount":1,"lines":[1],"more":{"x":false}}"#,
        r#"{"to":"a","amount":1,"lines":[1],"more":{"y":null}}"#,
        r#"{"to":"a","amount":1,"lines":[1],"more":{"x":null},"cc":"b"}"#,
        "{}",
        "[]",
        "null",
    ] {
        assert_ne!(shape(other), shape(call), "{other}");
    }
    assert_ne!(shape(r#"[[1],["a"]]"#), shape(r#"[[1,"a"]]"#));
    assert_eq!(shape(r#"[[1],["a"]]"#), shape(r#"[["b"],[2],[3]]"#));
}
