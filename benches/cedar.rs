//! Cedar: one decision with 100, 10,000 and 100,000 policies, one write, and Cedar's own authorizer beside it.
//!
//! A decision is everything from the call on: it is mapped, its context is built, the policies that are about it are found and evaluated.
//! The bar is 10,000 ns at 10,000 policies, and at most 1.5 times what 100 take; a write at 10,000 has a bar of 5 ms. The authorizer walks
//! every policy, so 1,000 are enough to see the slope. Run with `cargo bench --bench cedar`.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::borrow::Cow;
use std::hint::black_box;
use std::sync::Arc;

use aegis_gateway::model::call::{
    Action, CallContext, CapabilityName, DecisionRequest, Parameters, Principal, PrincipalKind, ToolCall,
};
use aegis_gateway::model::json::{Json, Reader};
use aegis_gateway::model::time::Timestamp;
use aegis_gateway::policy::cedar::{
    CedarQuestion, Engine, EngineOptions, Mode, StoredPolicy, Vocabulary, read,
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

/// The gateway's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The text of policy `number`: about one agent, tool and route, or about a group, and in each hundred a forbid about everything of one
/// kind.
fn text(number: usize, by_group: bool) -> String {
    let (agent, tool) = (number / 10, number % 10);
    let principal = if by_group {
        format!("principal in Group::\"team-{agent}\"")
    } else {
        format!("principal == Agent::\"agent-{agent}\"")
    };
    format!(
        "permit({principal}, action == Action::\"files___tool_{tool}\", resource == Gateway::\"files\")\n\
         when {{ context.input has path && context.input.path like \"/srv/*\" }};"
    )
}

/// Asked of every call, whoever makes it.
const FORBIDS: [&str; 2] = [
    "forbid(principal, action, resource) when { context.input has path && context.input.path like \"*/../*\" };",
    "forbid(principal is Service, action in Action::\"CallTool\", resource);",
];

/// Reads the clock.
const IN_TIME: &str =
    "forbid(principal, action, resource) when { context.system.now > datetime(\"2030-01-01\") };";

fn policies(count: usize, by_group: bool) -> Vec<StoredPolicy> {
    let permits = (0..count - FORBIDS.len()).map(|number| text(number, by_group));
    let texts = permits.chain(FORBIDS.map(str::to_owned));
    let stored = texts.enumerate().map(|(number, text)| StoredPolicy {
        id: format!("p{number}").into(),
        text: text.into(),
        mode: Mode::Active,
    });
    stored.collect()
}

fn compiled(count: usize, by_group: bool) -> Engine {
    let engine = Engine::compile(EngineOptions::default(), policies(count, by_group));
    assert!(engine.broken().is_empty(), "{:?}", engine.broken());
    engine
}

fn caller() -> Principal {
    let names = |names: [&str; 2]| names.map(Arc::from).to_vec().into();
    Principal {
        groups: names(["team-4", "everybody"]),
        roles: names(["reader", "writer"]),
        ..Principal::new("default", "agent-4", PrincipalKind::AiAgent)
    }
}

fn call() -> ToolCall<'static> {
    let arguments: Json<'static> = Reader::default()
        .parse(br#"{"path": "/srv/reports/2026.csv", "limit": 100, "recursive": true}"#)
        .expect("the arguments are JSON");
    ToolCall {
        action: Action::Named(CapabilityName::parse("files.tool_3").expect("the name is one")),
        resource: Cow::Borrowed("files"),
        resource_hidden: false,
        parameters: Parameters::Flat(arguments),
        description: Cow::Borrowed(""),
    }
}

/// Puts the call to the engine, from the beginning.
struct Asking {
    vocabulary: Vocabulary,
    principal: Principal,
    call: ToolCall<'static>,
    now: Timestamp,
}

impl Asking {
    fn new() -> Self {
        Self {
            vocabulary: Vocabulary::new(None).expect("no namespace is one"),
            principal: caller(),
            call: call(),
            now: Timestamp::from_micros(1_795_414_794_123_456),
        }
    }

    fn question(&self) -> CedarQuestion<'_> {
        let context = CallContext { route: "files", ..CallContext::default() };
        let request = DecisionRequest { context, ..DecisionRequest::new(&self.principal, &self.call) };
        CedarQuestion { request, path: None, now: self.now }
    }

    fn ask(&self, engine: &Engine) -> bool {
        let asked = self.vocabulary.map(&self.question()).expect("the call can be mapped");
        engine.authorize(&asked).allowed
    }
}

fn decisions(criterion: &mut Criterion) {
    let asking = Asking::new();
    let mut group = criterion.benchmark_group("cedar decision");
    group.bench_function("mapping alone", |bencher| {
        bencher.iter(|| black_box(asking.vocabulary.map(&asking.question()).is_ok()));
    });
    for count in [100, 10_000, 100_000] {
        for (kind, by_group) in [("agents", false), ("groups", true)] {
            let engine = compiled(count, by_group);
            assert!(asking.ask(&engine), "the call is allowed");
            group.bench_function(format!("{count} policies about {kind}"), |bencher| {
                bencher.iter(|| black_box(asking.ask(&engine)));
            });
        }
    }
    let engine = compiled(10_000, false).with("time", read(IN_TIME).expect("it is Cedar"), Mode::Active);
    group.bench_function("10000 policies and one that reads the clock", |bencher| {
        bencher.iter(|| black_box(asking.ask(&engine)));
    });
    group.finish();
}

fn writes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cedar write");
    for count in [10_000, 100_000] {
        let engine = compiled(count, false);
        group.bench_function(format!("one policy at {count}, from its text"), |bencher| {
            bencher.iter_with_large_drop(|| {
                engine.with("p5", read(&text(77, false)).expect("it is Cedar"), Mode::Active)
            });
        });
    }
    let stored = policies(10_000, false);
    group.sample_size(10).bench_function("compiling 10000", |bencher| {
        bencher.iter_batched(
            || stored.clone(),
            |stored| Engine::compile(EngineOptions::default(), stored),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// Cedar's authorizer over a whole set, request and entities made beforehand: less work than ours, but for each policy.
fn authorizer(criterion: &mut Criterion) {
    use cedar_policy::{Authorizer, Context, Entities, Entity, Policy, PolicyId, PolicySet, Request};

    let uid = |text: &str| text.parse().expect("it is an entity");
    let input = r#"{path: "/srv/reports/2026.csv"}"#.parse().expect("it is a record");
    let context = Context::from_pairs([("input".to_owned(), input)]).expect("it is a context");
    let (agent, action) = (uid("Agent::\"agent-4\""), uid("Action::\"files___tool_3\""));
    let request =
        Request::new(agent, action, uid("Gateway::\"files\""), context, None).expect("it is a request");
    let member =
        Entity::new_no_attrs(uid("Agent::\"agent-4\""), [uid("Group::\"team-4\"")].into_iter().collect());
    let entities = Entities::from_entities([member], None).expect("they are entities");
    let mut group = criterion.benchmark_group("cedar authorizer of the library");
    for count in [100, 1000] {
        let parsed = policies(count, false)
            .into_iter()
            .map(|stored| Policy::parse(Some(PolicyId::new(&stored.id)), &stored.text).expect("it is Cedar"));
        let set = PolicySet::from_policies(parsed).expect("the ids differ");
        group.bench_function(format!("{count} policies about agents"), |bencher| {
            bencher.iter(|| black_box(Authorizer::new().is_authorized(&request, &set, &entities)));
        });
    }
    group.finish();
}

criterion_group!(benches, decisions, writes, authorizer);
criterion_main!(benches);
