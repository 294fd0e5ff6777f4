//! What a request may hold, what stands in for what it leaves out, and what is refused.

use crate::model::json::{Json, Number, NumberValue, Reader, Text};
use crate::risk::gates::{
    EvaluateRequest, Impact, Phase, Proposal, RequestError, RequestProblem, RiskCheckRequest,
};

fn json(text: &str) -> Json<'_> {
    Reader::default().parse_answer(text.as_bytes()).unwrap()
}

/// Something of the proposal that a body asks to evaluate.
fn of<T>(text: &str, take: impl Fn(&Proposal<'_>) -> T) -> T {
    take(&EvaluateRequest::read(&json(text)).unwrap().proposal)
}

#[test]
fn an_empty_object_has_every_default() {
    let body = json("{}");
    let request = EvaluateRequest::read(&body).unwrap();
    let expected = EvaluateRequest {
        proposal: Proposal::default(),
        summary: "API evaluation",
        agent_id: "lambda-caller",
        session_id: None,
        metadata: None,
    };
    assert_eq!(request, expected);
    let Proposal { novelty_score, complexity_score, quality_score, quality_subscores, reversible, .. } =
        request.proposal;
    assert_eq!((novelty_score, complexity_score, quality_score), (0.5, 0.5, 0.7));
    assert_eq!(*quality_subscores, [0.7, 0.7, 0.7]);
    assert!(reversible);
}

#[test]
fn every_member_is_read() {
    let body = json(
        r#"{"proposal_summary":"a","estimated_impact":" High ","agent_id":"b","session_id":"c","phase":"WORK","risk_baseline":1,
        "risk_proposed":2,"profit_baseline":3,"profit_proposed":4,"novelty_score":5,"complexity_score":6,"quality_score":7,
        "quality_subscores":[8,null,9],"requires_human_approval":true,"time_sensitive":true,"reversible":false,
        "metadata":{"d":1},"shadow_mode":true,"drift_baseline_data":[null,10,-11.5],"change_type":"config"}"#,
    );
    let metadata = json(r#"{"d":1}"#);
    let expected = EvaluateRequest {
        proposal: Proposal {
            impact: Impact::High,
            phase: Phase::Work,
            risk_baseline: 1.0,
            risk_proposed: 2.0,
            profit_baseline: 3.0,
            profit_proposed: 4.0,
            novelty_score: 5.0,
            complexity_score: 6.0,
            quality_score: 7.0,
            quality_subscores: vec![8.0, 9.0].into(),
            requires_human_approval: true,
            time_sensitive: true,
            reversible: false,
            shadow_mode: true,
            drift_baseline: Some(vec![10.0, -11.5].into()),
        },
        summary: "a",
        agent_id: "b",
        session_id: Some("c"),
        metadata: Some(&metadata),
    };
    assert_eq!(EvaluateRequest::read(&body).unwrap(), expected);
}

#[test]
fn the_alias_counts_only_alone() {
    assert_eq!(of(r#"{"risk_score":0.4}"#, |it| it.risk_proposed), 0.4);
    assert_eq!(of(r#"{"risk_score":0.4,"risk_proposed":0}"#, |it| it.risk_proposed), 0.0);
}

#[test]
fn lists_leave_out_nulls_and_an_empty_one_stays() {
    for (list, kept) in [
        ("[]", vec![]),
        ("[null]", vec![0.7, 0.7, 0.7]),
        ("[null,0,-1]", vec![0.0, -1.0]),
        ("[2]", vec![2.0]),
    ] {
        let body = format!(r#"{{"quality_subscores":{list}}}"#);
        assert_eq!(of(&body, |it| it.quality_subscores.to_vec()), kept, "{list}");
    }
    for (list, kept) in [("[]", vec![]), ("[null,null]", vec![]), ("[null,1]", vec![1.0])] {
        let body = format!(r#"{{"drift_baseline_data":{list}}}"#);
        assert_eq!(of(&body, |it| it.drift_baseline.as_deref().map(<[f64]>::to_vec)), Some(kept), "{list}");
    }
}

#[test]
fn integers_beyond_64_bits_are_numbers() {
    let body = r#"{"risk_proposed":123456789012345678901234567890,"profit_proposed":9007199254740993}"#;
    assert_eq!(of(body, |it| it.risk_proposed), 123_456_789_012_345_678_901_234_567_890.0);
    assert_eq!(of(body, |it| it.profit_proposed), 9_007_199_254_740_992.0);
}

const NUMBERS: &[&str] = &[
    "risk_baseline",
    "risk_proposed",
    "risk_score",
    "profit_baseline",
    "profit_proposed",
    "novelty_score",
    "complexity_score",
    "quality_score",
];
const FLAGS: &[&str] = &["requires_human_approval", "time_sensitive", "reversible", "shadow_mode"];
const LISTS: &[&str] = &["quality_subscores", "drift_baseline_data"];
const TEXTS: &[&str] = &["proposal_summary", "agent_id", "session_id", "estimated_impact", "phase"];

#[test]
fn what_is_wrong_is_named_and_not_repeated() {
    let cases: &[(&[&str], &[&str], &str)] = &[
        (NUMBERS, &["null", "true", "\"1\"", "[]", "{}"], "must be a number"),
        (FLAGS, &["null", "0", "1", "\"true\"", "[]"], "must be a boolean"),
        (LISTS, &["null", "0.7", "{}", "\"[]\""], "must be an array"),
        (LISTS, &["[true]", "[0.7,\"1\"]", "[[]]"], "must hold numbers only"),
        (TEXTS, &["null", "1", "[]"], "must be a string"),
        (&["metadata"], &["null", "[]", "\"secret\"", "1"], "must be an object"),
        (&["estimated_impact"], &["\"secret\"", "\"\""], "must be one of low, medium, high, critical"),
        (&["phase"], &["\"secret\"", "\"plans\""], "must be one of plan, commit, work"),
    ];
    for (fields, values, says) in cases {
        for (field, value) in fields.iter().flat_map(|field| values.iter().map(move |value| (field, value))) {
            let text = format!(r#"{{"{field}":{value}}}"#);
            let error = EvaluateRequest::read(&json(&text)).unwrap_err();
            assert_eq!(error.to_string(), format!("{field} {says}"), "{text}");
        }
    }
    for body in ["[]", "null", "true", "\"{}\"", "1"] {
        assert_eq!(EvaluateRequest::read(&json(body)).unwrap_err().to_string(), "body must be an object");
        assert_eq!(RiskCheckRequest::read(&json(body)).unwrap_err().to_string(), "body must be an object");
    }
}

#[test]
fn of_several_faults_the_first_of_the_document_is_named() {
    let first = |text: &str| EvaluateRequest::read(&json(text)).unwrap_err();
    assert_eq!(
        first(r#"{"shadow_mode":1,"metadata":1,"phase":1,"risk_score":null}"#),
        RequestError { field: "phase", problem: RequestProblem::NotString }
    );
    assert_eq!(first(r#"{"risk_proposed":1,"risk_score":null,"novelty_score":""}"#).field, "risk_score");
}

/// The reader lets none through; whoever builds a tree by hand gets no further.
#[test]
fn numbers_are_finite() {
    let number = |value| Json::Number(Number { text: "1e999", value: NumberValue::Decimal(value) });
    for value in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        let body = Json::Object(vec![(Text::from_value("risk_score"), number(value))]);
        let says = "risk_score must be finite";
        assert_eq!(EvaluateRequest::read(&body).unwrap_err().to_string(), says);
        assert_eq!(RiskCheckRequest::read(&body).unwrap_err().to_string(), says);
    }
}

#[test]
fn a_risk_check_compares_and_nothing_else() {
    let check = |text: &str| {
        let json = json(text);
        let read = RiskCheckRequest::read(&json).map(|request| request.to_json());
        read.map_or_else(|error| error.to_string(), |members| serde_json::Value::from(members).to_string())
    };
    for (body, says) in [
        (
            r#"{"risk_score":0.49}"#,
            r#"{"safe":true,"risk_score":0.49,"threshold":0.5,"agent_id":"lambda-caller"}"#,
        ),
        (
            r#"{"risk_score":0.5}"#,
            r#"{"safe":false,"risk_score":0.5,"threshold":0.5,"agent_id":"lambda-caller"}"#,
        ),
        (
            r#"{"risk_score":-1,"threshold":-0.5,"agent_id":"a","action_description":"b","c":[]}"#,
            r#"{"safe":true,"risk_score":-1.0,"threshold":-0.5,"agent_id":"a"}"#,
        ),
        ("{}", "risk_score is required"),
        (r#"{"risk_score":null}"#, "risk_score must be a number"),
        (r#"{"risk_score":true}"#, "risk_score must be a number"),
        (r#"{"risk_score":1,"threshold":null}"#, "threshold must be a number"),
        (r#"{"risk_score":1,"agent_id":null}"#, "agent_id must be a string"),
        (r#"{"risk_score":1,"action_description":1}"#, "action_description must be a string"),
    ] {
        assert_eq!(check(body), says, "{body}");
    }
}
