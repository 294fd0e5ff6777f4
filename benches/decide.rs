//! One decision: nanoseconds with 10 and with 1,000 rules.
//!
//! The bar is 3,000 ns with 1,000 rules, be they about many tools or about any action (`type: "*"`) on many targets or by many
//! agents, and at most twice what 10 take. Rules of which no part begins with a literal text have to be asked one after the other;
//! they are measured too, and have no bar. 1,000 governance policies over 100 capabilities have a bar of 20,000 ns, and indexing
//! 10,000 objects, which every change of one does, of a few milliseconds. Run with `cargo bench --bench decide`.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::hint::black_box;
use std::sync::Arc;

use aegis_gateway::config::Holds;
use aegis_gateway::decision::{Governing, PolicySnapshot, SnapshotParts, decide};
use aegis_gateway::identity::KeyRing;
use aegis_gateway::model::call::{Action, DecisionRequest, Parameters, Principal, PrincipalKind, ToolCall};
use aegis_gateway::model::decision::{Facts, Outcome, RiskScore, SnapshotRef};
use aegis_gateway::model::document::Document;
use aegis_gateway::model::json::Reader;
use aegis_gateway::model::time::Timestamp;
use aegis_gateway::policy::conditions::{Condition, Scope};
use aegis_gateway::policy::governance::{
    Combine, Governance, Object, Objects, PolicyQuestion, Source, Stamp, Written, read_file,
};
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
        governing: Governing::default(),
        cedar: None,
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
        let principal = Principal::new("default", format!("bot-{last}"), PrincipalKind::AiAgent);
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

/// `count` policies with two rules each, over 100 capabilities.
fn policies(count: usize) -> Objects {
    let policy = |number: usize| {
        let capability = number % 100;
        format!(
            "- {{name: p{number}, rules: [{{capability: tool{capability}.update, outcome: ALLOW, priority: {number}, \
             condition: \"parameters.amount <= 1000 and parameters.note not in ['x', 'y']\"}}, \
             {{capability: tool{capability}.*, outcome: DENY, condition: \"time.hour > 22 or actor.id == 'eve'\"}}]}}\n"
        )
    };
    let text = (0..count).map(policy).fold("policies:\n".to_owned(), |text, policy| text + &policy);
    let document = Document::parse("governance.yaml", &text).expect("the policies are YAML");
    let at = Timestamp::from_micros(0);
    let mut objects = Objects::default();
    for Written { key, written, content } in read_file(&document).expect("the policies are right") {
        let stamp = Stamp { id: "".into(), version: 1, created_at: at, updated_at: at, source: Source::Api };
        objects.put(Arc::new(Object { key, stamp, written, content }));
    }
    objects
}

fn governance(criterion: &mut Criterion) {
    let principal = Principal::new("default", "bot", PrincipalKind::AiAgent);
    let arguments = br#"{"amount":250,"note":"monthly order","lines":[1,2,3]}"#;
    let call = ToolCall {
        action: Action::Verbatim("tool7.update".into()),
        resource: "".into(),
        resource_hidden: false,
        parameters: Parameters::Flat(Reader::default().parse(arguments).expect("the arguments are JSON")),
        description: "".into(),
    };
    let question = PolicyQuestion {
        request: DecisionRequest::new(&principal, &call),
        capability: "tool7.update",
        risk_level: None,
        score: RiskScore::default(),
        now: Timestamp::from_micros(1_795_414_794_000_000),
        combine: Combine::DenyOverrides,
    };
    let mut group = criterion.benchmark_group("governance");
    let compiled = Governance::compile(&policies(1000));
    let outcome = compiled.ask(&question).matched.map(|matched| matched.outcome);
    assert_eq!(outcome, Some(Outcome::Allow));
    group.bench_function("1000 policies over 100 capabilities", |bencher| {
        bencher.iter(|| black_box(&compiled).ask(black_box(&question)))
    });
    let objects = policies(10_000);
    group.bench_function("indexing 10000 policies", |bencher| {
        bencher.iter(|| Governance::compile(black_box(&objects)))
    });
    group.finish();
}

/// Conditions that are as costly as they can be made, over a call that is made for that: none may take much more than 10 ms.
fn hostile(criterion: &mut Criterion) {
    let principal = Principal::new("default", "bot", PrincipalKind::AiAgent);
    let words: Vec<String> = (0..1000).map(|number| format!("\"{}{number}\"", "a".repeat(60))).collect();
    let members: Vec<String> = (0..20_000).map(|number| format!("\"key{number}\":1")).collect();
    let (words, members, big) = (words.join(","), members.join(","), "ab".repeat(30_000));
    let arguments = format!(r#"{{"words":[{words}],"big":"{big}","map":{{{members}}}}}"#);
    let call = ToolCall {
        action: Action::Verbatim("tool7.update".into()),
        resource: "".into(),
        resource_hidden: false,
        parameters: Parameters::Flat(
            Reader::default().parse(arguments.as_bytes()).expect("the arguments are JSON"),
        ),
        description: "".into(),
    };
    let request = DecisionRequest::new(&principal, &call);
    let now = Timestamp::from_micros(1_795_414_794_000_000);
    let mut group = criterion.benchmark_group("hostile");
    for (name, text) in [
        (
            "regular expression",
            "parameters.big.matches('(a|b)*a[ab]{18}c') and parameters.big.matches('[ab]{2}c')",
        ),
        ("class beyond ASCII", r"parameters.big.matches('(\\w\\w){2}!')"),
        ("elements in elements", "parameters.words.all(w, w in parameters.words)"),
        ("equal lists", "parameters.words.all(w, parameters.words == parameters.words)"),
        ("members", "parameters.words.all(w, not has(parameters.map.missing))"),
        ("search", "parameters.words.all(w, not parameters.big.contains(w))"),
        ("copies", "parameters.words.all(w, (parameters.big + w).lowerAscii().size() > 1)"),
        (
            "zones",
            "parameters.words.all(w, time.now.getHours('Europe/Berlin') >= 0 and timestamp('2026-01-01T00:00:00Z') < time.now)",
        ),
        ("made lists", "parameters.words.map(w, [w, w, w, w, w, w, w, w, w, w, w, w, w]).size() == 1000"),
    ] {
        let condition = Condition::parse(text).expect("the condition is CEL");
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let scope = Scope::new(request, "tool7.update", None, RiskScore::default(), now);
                black_box(condition.evaluate(&scope).is_ok())
            });
        });
    }
    group.finish();
}

criterion_group!(decisions, benches, governance, hostile);
criterion_main!(decisions);
