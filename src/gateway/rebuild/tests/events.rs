//! What each kind of record says.

use crate::facts::{Event, Observation, SharedUse, What, Who};
use crate::gateway::rebuild::event::event;
use crate::model::decision::RiskScore;
use crate::model::time::Timestamp;

const WHO: &str = r#""tenant":"t","actor":"ann","capability":"a.b","#;

/// The event of the record with these members.
fn of(members: &str) -> Option<Event> {
    let line = format!(
        "{{\"seq\":7,\"time\":\"2026-11-23T12:00:05.000000Z\",{members},\"previous_hash\":\"{}\"}}",
        "0".repeat(64)
    );
    event(line.as_bytes())
}

fn time(second: u32) -> Timestamp {
    Timestamp::parse_rfc3339(&format!("2026-11-23T12:00:{second:02}Z")).unwrap()
}

#[test]
fn what_records_say() {
    let let_through =
        |charged, second| Some((What::LetThrough { charged, shared: None, observed: None }, second));
    let reported = |failed| Some((What::Reported { failed }, 5));
    let facts = r#""facts":{"now":"2026-11-23T12:00:03.000000Z"}"#;
    let long = format!(
        r#""kind":"decision",{WHO}"outcome":"ALLOW","arguments":{{"x":[1,{{}}]}},{facts},"extra":true"#
    );
    let cases: Vec<(String, Option<(What, u32)>)> = vec![
        (format!(r#""kind":"decision",{WHO}"outcome":"ALLOW",{facts}"#), let_through(None, 3)),
        (long, let_through(None, 3)),
        (format!(r#""kind":"decision",{WHO}"outcome":"ALLOW","enforced":true"#), let_through(None, 5)),
        (format!(r#""kind":"decision",{WHO}"outcome":"ALLOW","enforced":false,{facts}"#), None),
        (format!(r#""kind":"decision",{WHO}"outcome":"DENY","enforced":false,{facts}"#), None),
        (format!(r#""kind":"decision",{WHO}"outcome":"REQUIRE_CONFIRMATION",{facts}"#), None),
        (format!(r#""kind":"decision",{WHO}"outcome":"DENY",{facts}"#), None),
        (
            format!(r#""kind":"decision","tenant":"t","actor":"ann","tool":"x","outcome":"ALLOW",{facts}"#),
            None,
        ),
        (
            format!(
                r#""kind":"decision",{WHO}"outcome":"ALLOW",{facts},"charge":{{"max_requests":9,"window_s":60,"at":"2026-11-23T12:00:04Z"}}"#
            ),
            let_through(Some(9), 4),
        ),
        (
            format!(r#""kind":"decision",{WHO}"outcome":"ALLOW",{facts},"charge":{{"max_requests":9}}"#),
            let_through(Some(9), 3),
        ),
        (
            format!(r#""kind":"decision",{WHO}"outcome":"ALLOW",{facts},"charge":{{}}"#),
            let_through(Some(1), 3),
        ),
        (format!(r#""kind":"decision",{WHO}"outcome":"DENY",{facts},"charge":{{"max_requests":9}}"#), None),
        (format!(r#""kind":"execution",{WHO}"decision_id":"dec_1","result":"completed""#), reported(false)),
        (
            format!(r#""kind":"execution",{WHO}"decision_id":"dec_1","result":"completed","status":404"#),
            reported(false),
        ),
        (
            format!(r#""kind":"execution",{WHO}"decision_id":"dec_1","result":"completed","status":503"#),
            reported(true),
        ),
        (
            format!(r#""kind":"execution",{WHO}"decision_id":"dec_1","result":"failed","status":200"#),
            reported(true),
        ),
        (
            format!(r#""kind":"execution",{WHO}"decision_id":"dec_1","result":"unknown_outcome""#),
            reported(true),
        ),
        (format!(r#""kind":"execution",{WHO}"decision_id":"dec_1","result":"cancelled","status":200"#), None),
        (format!(r#""kind":"execution",{WHO}"decision_id":"dec_1","result":"not_forwarded""#), None),
        (format!(r#""kind":"execution",{WHO}"request_id":"req_1","result":"failed""#), None),
        (format!(r#""kind":"reconciliation",{WHO}"decision_id":"dec_1","result":"outcome_unknown""#), None),
        (format!(r#""kind":"report",{WHO}"failed":true"#), reported(true)),
        (format!(r#""kind":"report",{WHO}"failed":false"#), reported(false)),
        (format!(r#""kind":"report",{WHO}"said":"it failed""#), None),
        (format!(r#""kind":"bypass",{WHO}"outcome":"ALLOW",{facts}"#), None),
        (format!(r#""kind":"message",{WHO}"outcome":"ALLOW",{facts}"#), None),
        (r#""kind":"snapshot","source":"start","rules":3"#.to_owned(), None),
        (r#""kind":"x""#.to_owned(), None),
    ];
    for (members, wanted) in cases {
        let who = Who::new("t", "ann", "a.b");
        let wanted = wanted.map(|(what, second)| Event { who, at: time(second), what });
        assert_eq!(of(&members), wanted, "{members}");
    }
    let recalibrated = r#""kind":"drift.recalibrated","by":"admin","tenant":"t","actor":"ann","forgotten":{"calls":30,"newest":0}"#;
    let wanted = Event { who: Who::caller("t", "ann"), at: time(5), what: What::Recalibrated };
    assert_eq!(of(recalibrated), Some(wanted));
    for line in ["", "{", "null", "[]", "{\"kind\":\"decision\"}", "\u{0}\u{0}"] {
        assert_eq!(event(line.as_bytes()), None, "{line}");
    }
}

#[test]
fn what_all_callers_share_is_counted_apart() {
    let facts = r#""outcome":"ALLOW","facts":{"now":"2026-11-23T12:00:03.000000Z"}"#;
    let (charge, shared) = (
        r#""charge":{"max_requests":9,"at":"2026-11-23T12:00:04Z"}"#,
        r#""shared_charge":{"max_requests":50,"at":"2026-11-23T12:00:05Z"}"#,
    );
    for (more, charged, at, most, shared_at) in [
        (shared.to_owned(), None, 3, 50, 5),
        (format!("{charge},{shared}"), Some(9), 4, 50, 5),
        // One that does not say how many are allowed, or when, counts all the same.
        (format!("{charge},\"shared_charge\":{{}}"), Some(9), 4, 1, 3),
    ] {
        let shared = SharedUse { who: Who::everybody("t", "a.b"), most, at: time(shared_at) };
        let what = What::LetThrough { charged, shared: Some(shared), observed: None };
        let wanted = Event { who: Who::new("t", "ann", "a.b"), at: time(at), what };
        assert_eq!(of(&format!(r#""kind":"decision",{WHO}{facts},{more}"#)), Some(wanted), "{more}");
    }
    assert_eq!(of(&format!(r#""kind":"decision",{WHO}"outcome":"ESCALATE",{shared}"#)), None);
    assert_eq!(of(&format!(r#""kind":"decision",{WHO}{facts},"enforced":false,{shared}"#)), None);
}

#[test]
fn what_the_gates_observed_is_whatever_came_of_the_call() {
    let facts = r#""facts":{"now":"2026-11-23T12:00:03.000000Z","gates":{"seen":3,"drift":0.1}}"#;
    let shape = "000102030405060708090a0b0c0d0e0f";
    let with = |score: &str| format!(r#""observed":{{"shape":"{shape}","window":200{score}}}"#);
    let observation = |score, let_through| Observation {
        shape: std::array::from_fn(|byte| u8::try_from(byte).unwrap()),
        window: 200,
        score,
        let_through,
        at: time(3),
    };
    for number in [0, 1, 1_034, 2_001, 5_733, 9_999, 10_000] {
        let score = RiskScore::from_ten_thousandths(number);
        let written = with(&format!(",\"score\":{}", score.exact()));
        for (outcome, enforced, let_through) in
            [("ALLOW", true, true), ("DENY", true, false), ("ESCALATE", true, false), ("DENY", false, false)]
        {
            let members = format!(
                r#""kind":"decision",{WHO}"outcome":"{outcome}","enforced":{enforced},{facts},{written}"#
            );
            let observed = observation(Some(score), let_through);
            let what = match let_through {
                true => What::LetThrough { charged: None, shared: None, observed: Some(observed) },
                false => What::Observed(observed),
            };
            let wanted = Event { who: Who::new("t", "ann", "a.b"), at: time(3), what };
            assert_eq!(of(&members), Some(wanted), "{members}");
        }
    }
    let repeats = format!(r#""kind":"decision",{WHO}"outcome":"ESCALATE",{facts},{}"#, with(""));
    assert_eq!(of(&repeats).map(|event| event.what), Some(What::Observed(observation(None, false))));
    // What is no shape says nothing, and the call was let through all the same.
    let odd =
        format!(r#""kind":"decision",{WHO}"outcome":"ALLOW",{facts},"observed":{{"shape":"zz","window":2}}"#);
    let plain = What::LetThrough { charged: None, shared: None, observed: None };
    assert_eq!(of(&odd).map(|event| event.what), Some(plain));
}
