//! 100,000 drawn requests, answered twice: by the gates and by the second implementation. Four tests, so that they run beside each other.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::json::{Json, Reader};
use crate::risk::gates::tests::differential::oracle::{Switches, answer, first_wrong};
use crate::risk::gates::tests::differential::requests::Bodies;
use crate::risk::gates::{Answer, Constants, EvaluateRequest, NoveltyDirection};

const EACH: u32 = 25_000;

/// What kind of answer it is: the status, drift that is recorded, drift that is enforced.
fn kind(answer: &Value) -> String {
    let drift = [&answer["shadow_result"]["drift"], &answer["drift"]].map(|drift| drift["status"].as_str());
    [answer["status"].as_str(), drift[0], drift[1]].map(|word| word.unwrap_or("-")).join(" ")
}

fn agree(seed: u64) {
    let mut bodies = Bodies::of_seed(seed);
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for number in 0..EACH {
        let drawn = bodies.next();
        let switches = match number % 8 {
            0 => Switches { novelty_at_most: true, predictive: false },
            1 => Switches { novelty_at_most: false, predictive: true },
            _ => Switches::default(),
        };
        let constants = Constants {
            predictive: switches.predictive,
            novelty_direction: if switches.novelty_at_most {
                NoveltyDirection::AtMost
            } else {
                NoveltyDirection::AtLeast
            },
            ..Constants::default()
        };
        let json: Json<'_> = Reader::default().parse_answer(drawn.text.as_bytes()).unwrap();
        let found = EvaluateRequest::read(&json)
            .map(|request| Value::from(Answer::to(&request.proposal, &constants).to_json()));
        let kind = match (first_wrong(&drawn.value), found) {
            (None, Ok(found)) => {
                let expected = answer(&drawn.value, switches);
                assert!(expected == found, "{}\nexpected {expected:#}\nfound {found:#}", drawn.text);
                kind(&found)
            }
            (Some(field), Err(error)) => {
                let field = if field.is_empty() { "body" } else { field };
                assert_eq!(error.field, field, "{}: {error}", drawn.text);
                "refused".to_owned()
            }
            (expected, found) => panic!("{}: {expected:?}, but {found:?}", drawn.text),
        };
        *seen.entry(kind).or_default() += 1;
    }
    // What is never drawn is never compared.
    for kind in [
        "refused",
        "proceed - -",
        "pause - -",
        "escalate - -",
        "halt - -",
        "halt - critical",
        "proceed - warning",
        "proceed critical -",
        "proceed normal -",
    ] {
        assert!(seen.get(kind).is_some_and(|times| *times > 5), "{kind} is too rare: {seen:#?}");
    }
}

#[test]
fn the_first_quarter_agrees() {
    agree(1);
}

#[test]
fn the_second_quarter_agrees() {
    agree(2);
}

#[test]
fn the_third_quarter_agrees() {
    agree(3);
}

#[test]
fn the_fourth_quarter_agrees() {
    agree(4);
}
