//! One decision: nanoseconds with 10 and with 1,000 rules.
//!
//! The bar is 3,000 ns with 1,000 rules, be they about many tools or about any action (`type: "*"`) on many targets or by many
//! agents, and at most twice what 10 take. Rules of which no part begins with a literal text have to be asked one after the other;
//! they are measured too, and have no bar. Run with `cargo bench --bench decide`.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::hint::black_box;

use aegis_gateway::config::Holds;
use aegis_gateway::decision::{PolicySnapshot, SnapshotParts, decide};
use aegis_gateway::identity::KeyRing;
use aegis_gateway::model::call::{Action, DecisionRequest, Parameters, Principal, PrincipalKind, ToolCall};
use aegis_gateway::model::decision::{Facts, Outcome, SnapshotRef};
use aegis_gateway::model::document::Document;
use aegis_gateway::model::json::Reader;
use aegis_gateway::model::time::Timestamp;
use aegis_gateway::policy::rules;
use criterion::{Criterion, criterion_group, criterion_main};

fn snapshot(rules_text: &str) -> PolicySnapshot {
    let document = Document::parse("rules.yaml", rules_text).expect("the rules are YAML");
    PolicySnapshot::new(SnapshotParts {
        reference: SnapshotRef::new(1, "00".into()),
        keys: KeyRing::default(),
        reader: Reader::default(),
        hosts: vec![],
        origins: vec![],
        routes: vec![],
        holds: Holds::default(),
        public_url: None,
        rules: Some(rules::compile(&document).expect("the rules are right")),
        default: Outcome::Deny,
    })
}

/// Rules about `count` tools, with a few about all of them before; the last one matches.
fn about_tools(count: usize) -> String {
    let mut text = "rules:\n- {match: {type: '*.purge'}, approval: block}\n\
                    - {match: {type: '*', target: 'vault/*'}, approval: block}\n"
        .to_owned();
    for number in 2..count {
        text.push_str(&format!(
            "- {{match: {{type: 'tool{number}.items.*', target: 'prod-*'}}, approval: auto, \
             conditions: {{param_lte: {{amount: 1000}}, param_matches: {{note: '^[a-z ]+$'}}}}}}\n"
        ));
    }
    text
}

/// `count` rules about any action, by what stands in their `match` beside it; the last one matches.
fn about_anything(count: usize, matched: impl Fn(usize) -> String) -> String {
    let rule = |number| format!("- {{match: {{{}}}, approval: auto}}\n", matched(number));
    (0..count).fold("rules:\n".to_owned(), |text, number| text + &rule(number))
}

fn benches(criterion: &mut Criterion) {
    let principal = Principal::new("default", "bot", PrincipalKind::AiAgent);
    let target_paths = about_anything(1000, |number| format!("target: 'prod-{number}/*'"));
    let targets = about_anything(1000, |number| format!("target: prod-{number}/db"));
    let agents = about_anything(1000, |number| format!("agent: bot-{number}"));
    let ends = about_anything(1000, |number| format!("target: '*-{number}/db'"));
    let arguments = br#"{"amount":250,"note":"monthly order","lines":[1,2,3]}"#;
    let mut group = criterion.benchmark_group("decide");
    for (name, text, count) in [
        ("10 rules", about_tools(10), 10),
        ("1000 rules", about_tools(1000), 1000),
        ("1000 rules, any action, target begins", target_paths, 1000),
        ("1000 rules, any action, literal target", targets, 1000),
        ("1000 rules, any action, literal agent", agents, 1000),
        ("1000 rules, nothing literal to begin with", ends, 1000),
    ] {
        let snapshot = snapshot(&text);
        let last = count - 1;
        let principal = Principal {
            tenant: "default".into(),
            id: format!("bot-{last}").into(),
            kind: PrincipalKind::AiAgent,
            key: None,
        };
        let call = ToolCall {
            action: Action::Verbatim(format!("tool{last}.items.update").into()),
            resource: format!("prod-{last}/db").into(),
            resource_hidden: false,
            parameters: Parameters::Flat(Reader::default().parse(arguments).expect("the arguments are JSON")),
            description: "".into(),
        };
        let request = DecisionRequest::new(&principal, &call);
        let facts = Facts::at(Timestamp::from_micros(1_795_414_794_000_000));
        assert_eq!(decide(&snapshot, request, facts).outcome, Outcome::Allow, "{name}");
        group.bench_function(name, |bencher| {
            bencher.iter(|| decide(black_box(&snapshot), black_box(request), facts))
        });
    }
    group.finish();
}

criterion_group!(decisions, benches);
criterion_main!(decisions);
