//! The vectors: published requests of the evaluation API, and cases around every rule, with the whole answer to each.

use serde_json::Value;

use crate::model::json::{Json, Reader};
use crate::risk::gates::{
    Answer, Constants, EvaluateRequest, Evaluation, NoveltyDirection, RiskCheckRequest, evaluate,
};

const VECTORS: &str = include_str!("../../../../tests/golden/gates/vectors.json");

fn vectors() -> Json<'static> {
    Reader::default().parse_answer(VECTORS.as_bytes()).unwrap()
}

fn each(vectors: &Json<'static>, check: impl Fn(&str, &Json<'static>)) {
    let Some(Json::Array(vectors)) = vectors.member("vectors") else { panic!("no vectors") };
    assert!(vectors.len() >= 39);
    for vector in vectors {
        check(vector.member("name").and_then(Json::as_str).unwrap(), vector);
    }
}

/// What is answered to the input of a vector: the status and the body.
fn answered(vector: &Json<'static>) -> (u16, Value) {
    let input = vector.member("input").unwrap();
    let answer = match vector.member("endpoint").and_then(Json::as_str).unwrap() {
        "evaluate" => EvaluateRequest::read(input)
            .map(|request| Answer::to(&request.proposal, &Constants::default()).to_json()),
        "risk-check" => RiskCheckRequest::read(input).map(|request| request.to_json()),
        other => panic!("{other}"),
    };
    match answer {
        Ok(members) => (200, members.into()),
        Err(error) => (400, serde_json::json!({"error": error.to_string(), "code": "bad_request"})),
    }
}

/// Whether two trees say the same: numbers by value, members in any order.
fn same(expected: &Json<'_>, found: &Value) -> bool {
    match (expected, found) {
        (Json::Null, Value::Null) => true,
        (Json::Bool(expected), Value::Bool(found)) => expected == found,
        (Json::Number(expected), Value::Number(found)) => {
            expected.text.parse::<f64>().unwrap().to_bits() == found.as_f64().unwrap().to_bits()
        }
        (Json::String(expected), Value::String(found)) => expected.as_str() == found,
        (Json::Array(expected), Value::Array(found)) => {
            expected.len() == found.len() && expected.iter().zip(found).all(|(one, other)| same(one, other))
        }
        (Json::Object(expected), Value::Object(found)) => {
            expected.len() == found.len()
                && expected
                    .iter()
                    .all(|(name, value)| found.get(name.as_str()).is_some_and(|found| same(value, found)))
        }
        _ => false,
    }
}

#[test]
fn answers_are_those_of_the_vectors_to_the_last_digit() {
    each(&vectors(), |name, vector| {
        let (status, body) = answered(vector);
        assert_eq!(vector.member("http_status").unwrap(), &number(&status.to_string()), "{name}");
        let expected = vector.member("output").unwrap();
        assert!(same(expected, &body), "{name}: {expected:?}\nis not {body:#}");
    });
}

fn number(text: &str) -> Json<'_> {
    Reader::default().parse(text.as_bytes()).unwrap()
}

#[test]
fn members_stand_in_the_order_of_the_document() {
    each(&vectors(), |name, vector| {
        let (_, body) = answered(vector);
        let Some(Json::Object(expected)) = vector.member("output") else { panic!("{name}") };
        let expected: Vec<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
        let found: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(found, expected, "{name}");
    });
}

/// Published results show the novelty gate on either side of its threshold; the vectors give both.
#[test]
fn the_other_side_of_novelty_decides_as_the_vectors_say() {
    let constants = Constants { novelty_direction: NoveltyDirection::AtMost, ..Constants::default() };
    let vectors = vectors();
    each(&vectors, |name, vector| {
        let Some(expected) = vector.member("with_novelty_at_most") else { return };
        let request = EvaluateRequest::read(vector.member("input").unwrap()).unwrap();
        let Evaluation { status, gates, .. } = evaluate(&request.proposal, &constants);
        assert_eq!(expected.member("status").and_then(Json::as_str), Some(status.as_str()), "{name}");
        let failing: Value = gates.failing().map(|gate| gate.as_str()).collect();
        assert!(same(expected.member("failing_gates").unwrap(), &failing), "{name}: {failing}");
    });
}
