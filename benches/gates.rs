//! One evaluation: nanoseconds of all six gates, of drift from a baseline of 1,000 values, and of what is said about them.
//!
//! The bar is 2,000 ns for the gates and 20,000 ns with the baseline. Run with `cargo bench --bench gates`.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::hint::black_box;

use aegis_gateway::model::json::Reader;
use aegis_gateway::risk::gates::{
    Answer, Baseline, BaselineHash, Constants, Drift, DriftCheck, EvaluateRequest, ParameterShape, Proposal,
    Status, Window, evaluate, evaluate_with,
};
use criterion::{Criterion, criterion_group, criterion_main};

/// A change that passes every gate.
const BODY: &[u8] = br#"{"proposal_summary":"Add a caching layer","estimated_impact":"medium","agent_id":"deploy-bot","phase":"plan",
    "risk_baseline":0.02,"risk_proposed":0.04,"profit_baseline":0.98,"profit_proposed":0.98,"novelty_score":0.85,
    "complexity_score":0.75,"quality_score":0.85,"quality_subscores":[0.85,0.9,0.8],"metadata":{"team":"web"}}"#;

/// Changes like the one of [`BODY`], so that drift is normal.
fn baseline(count: u32) -> Vec<f64> {
    (0..count).map(|number| f64::from(number * 7919 % 1000) / 10_000.0 - 0.05).collect()
}

fn gates(criterion: &mut Criterion) {
    let constants = Constants::default();
    let json = Reader::default().parse_answer(BODY).expect("the body is JSON");
    let read = EvaluateRequest::read(&json).expect("the body is right");
    let proposal = read.proposal.clone();
    assert_eq!(evaluate(&proposal, &constants).status, Status::Proceed);
    let failing = Proposal { novelty_score: 0.5, quality_score: 0.2, risk_proposed: 0.2, ..proposal.clone() };
    assert_eq!(evaluate(&failing, &constants).status, Status::Pause);
    let mut group = criterion.benchmark_group("gates");
    group.bench_function("all six", |bencher| {
        bencher.iter(|| evaluate(black_box(&proposal), black_box(&constants)));
    });
    group.bench_function("all six, in words", |bencher| {
        bencher.iter(|| Answer::to(black_box(&proposal), black_box(&constants)));
    });
    group.bench_function("three fail, in words", |bencher| {
        bencher.iter(|| Answer::to(black_box(&failing), black_box(&constants)));
    });
    group.bench_function("from bytes to bytes", |bencher| {
        bencher.iter(|| {
            let json = Reader::default().parse_answer(black_box(BODY)).expect("the body is JSON");
            let request = EvaluateRequest::read(&json).expect("the body is right");
            let members = Answer::to(&request.proposal, black_box(&constants)).to_json();
            serde_json::to_vec(&members).expect("it is written")
        });
    });
    group.finish();
}

fn drift(criterion: &mut Criterion) {
    let constants = Constants::default();
    let values = baseline(1_000);
    let proposal = Proposal {
        risk_baseline: 0.02,
        risk_proposed: 0.04,
        novelty_score: 0.85,
        drift_baseline: Some(values.as_slice().into()),
        ..Proposal::default()
    };
    assert!(matches!(evaluate(&proposal, &constants).drift, DriftCheck::Compared(_)));
    let shadow = Proposal { shadow_mode: true, ..proposal.clone() };
    let prepared = Baseline::of(&values, &constants).expect("1,000 values are enough");
    let mut group = criterion.benchmark_group("drift");
    group.bench_function("all six and a baseline of 1000", |bencher| {
        bencher.iter(|| evaluate(black_box(&proposal), black_box(&constants)));
    });
    group.bench_function("the same in shadow mode, in words, with the hash", |bencher| {
        bencher.iter(|| Answer::to(black_box(&shadow), black_box(&constants)));
    });
    group.bench_function("all six, the baseline prepared", |bencher| {
        bencher.iter(|| {
            let divergence = prepared.divergence(black_box(&proposal).observations().into_iter(), &constants);
            let drift = Drift::of(divergence, &constants);
            evaluate_with(black_box(&proposal), DriftCheck::Compared(drift), black_box(&constants))
        });
    });
    group.bench_function("hash of 1000", |bencher| bencher.iter(|| BaselineHash::of(black_box(&values))));
    let mut window = Window::new(Window::DEFAULT_CAPACITY, &constants);
    for value in values.iter().take(400) {
        window.observe(*value, &constants);
    }
    assert!(window.drift(&constants).is_some());
    group.bench_function("a window of 200, one more value", |bencher| {
        bencher.iter(|| {
            window.observe(black_box(0.01), &constants);
            window.drift(&constants)
        });
    });
    group.finish();
}

fn live(criterion: &mut Criterion) {
    let arguments = br#"{"amount":250,"note":"monthly order","lines":[1,2,3]}"#;
    let json = Reader::default().parse(arguments).expect("the arguments are JSON");
    let mut group = criterion.benchmark_group("live");
    group.bench_function("shape of three parameters", |bencher| {
        bencher.iter(|| ParameterShape::of(black_box(&json)));
    });
    group.finish();
}

criterion_group!(evaluations, gates, drift, live);
criterion_main!(evaluations);
