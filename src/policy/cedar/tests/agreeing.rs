//! The index finds enough: an engine decides as Cedar's own authorizer does over all policies, for the same reasons, with the same
//! errors. 100,000 decisions by default; `AEGIS_CEDAR_SETS` says how many sets of policies are asked 50 requests each.

use cedar_policy::{Entities, Policy, PolicyId, PolicySet};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::policy::cedar::engine::{Around, Asked, AskedParts};
use crate::policy::cedar::tests::support::{ours, theirs};
use crate::policy::cedar::tests::world;
use crate::policy::cedar::{Effect, Engine, EngineOptions, Mode, OnError, StoredPolicy, read};

const REQUESTS: usize = 50;

type Policies = Vec<(String, Mode)>;

fn sets() -> u32 {
    std::env::var("AEGIS_CEDAR_SETS").ok().and_then(|count| count.parse().ok()).unwrap_or(2000)
}

fn run(cases: u32, test: impl Fn(Policies, Entities, Vec<world::Drawn>) -> Result<(), TestCaseError>) {
    let policies = proptest::collection::vec((world::policy(), world::mode()), 0..12);
    let requests = proptest::collection::vec(world::request(), REQUESTS);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&(policies, world::hierarchy(), requests), |(policies, entities, requests)| {
            test(policies, entities, requests)
        })
        .unwrap();
}

fn id(number: usize) -> String {
    format!("p{number}")
}

fn compile(on_error: OnError, policies: &Policies) -> Engine {
    let stored = policies.iter().enumerate().map(|(number, (text, mode))| StoredPolicy {
        id: id(number).into(),
        text: text.as_str().into(),
        mode: *mode,
    });
    let engine = Engine::compile(EngineOptions { on_error, ..EngineOptions::default() }, stored);
    assert!(engine.broken().is_empty(), "{:?}", engine.broken());
    engine
}

fn plain(policies: &Policies, counts: impl Fn(Mode) -> bool) -> PolicySet {
    let counted = policies.iter().enumerate().filter(|(_, (_, mode))| counts(*mode));
    let parsed =
        counted.map(|(number, (text, _))| Policy::parse(Some(PolicyId::new(id(number))), text).unwrap());
    PolicySet::from_policies(parsed).unwrap()
}

#[test]
fn engines_decide_as_the_authorizer_does() {
    run(sets(), |policies, entities, requests| {
        let (cedar, strict) = (compile(OnError::Cedar, &policies), compile(OnError::Deny, &policies));
        let active = plain(&policies, |mode| mode == Mode::Active);
        let all = plain(&policies, |_| true);
        for drawn in requests {
            let (request, asked) = world::put(drawn, &entities);
            let expected = theirs(&request, &active, &entities);
            let verdict = cedar.authorize(&asked);
            prop_assert_eq!(ours(&verdict), expected.clone(), "{:?} {:?}", policies, drawn);
            prop_assert!(!verdict.allowed || cedar.prospect(&asked), "{:?} {:?}", policies, drawn);
            let with_watched = theirs(&request, &all, &entities);
            match &verdict.shadow {
                None => prop_assert_eq!(with_watched.0, expected.0),
                Some(shadow) => {
                    let determining: Vec<String> =
                        shadow.determining.iter().map(ToString::to_string).collect();
                    prop_assert_eq!((shadow.allowed, determining), (with_watched.0, with_watched.1));
                    prop_assert_eq!(shadow.flips, with_watched.0 != expected.0);
                }
            }
            let failed_forbid = verdict.errors.iter().any(|error| error.effect == Effect::Forbid);
            prop_assert_eq!(strict.authorize(&asked).allowed, expected.0 && !failed_forbid);
        }
        Ok(())
    });
}

/// Whatever the way to a set of policies, what is decided, and what the index holds, is that of the set.
#[test]
fn changes_lead_where_compiling_does() {
    run(sets() / 10, |policies, entities, requests| {
        let whole = compile(OnError::Cedar, &policies);
        let mut engine = Engine::new(EngineOptions { on_error: OnError::Cedar, ..EngineOptions::default() });
        let mut before = Vec::new();
        for (number, (text, mode)) in policies.iter().enumerate() {
            // First another policy in its place, then one that goes again.
            let (other, _) = &policies[policies.len() - 1 - number];
            engine = engine.with(id(number), read(other).unwrap(), Mode::Active);
            engine = engine.with("gone", read(other).unwrap(), *mode);
            before.push(engine.clone());
            engine = engine.with(id(number), read(text).unwrap(), *mode).without("gone").without("never");
        }
        prop_assert_eq!(engine.index().cell_count(), whole.index().cell_count());
        prop_assert_eq!(engine.policy_count(), whole.policy_count());
        for drawn in &requests {
            let (_, asked) = world::put(*drawn, &entities);
            prop_assert_eq!(engine.authorize(&asked), whole.authorize(&asked));
        }
        // What was copied from has not changed.
        for (number, engine) in before.iter().enumerate() {
            prop_assert_eq!(engine.policy_count(), number + 2);
            prop_assert!(engine.policy("gone").is_some());
        }
        let empty = (0..policies.len()).fold(engine, |engine, number| engine.without(&id(number)));
        prop_assert_eq!((empty.policy_count(), empty.index().cell_count()), (0, 0));
        Ok(())
    });
}

/// With unknown parameters, and an unknown resource: if any call like it is allowed, it could be.
#[test]
fn prospects_promise_enough() {
    run(sets() / 10, |policies, entities, requests| {
        let engine = compile(OnError::Cedar, &policies);
        for drawn in requests {
            let (_, asked) = world::put(drawn, &entities);
            let listed = Asked::new(AskedParts {
                principal: world::uid(drawn.0),
                action: world::uid(drawn.1),
                resource: world::uid("Nothing::\"\""),
                context: cedar_policy::Context::empty(),
                now: None,
                around: Around::Worked(entities.clone()),
                dropped: Vec::new(),
                known: false,
                resource_known: false,
            });
            prop_assert!(!engine.authorize(&listed).allowed);
            prop_assert!(
                !engine.authorize(&asked).allowed || engine.prospect(&listed),
                "{:?} {:?}",
                policies,
                drawn
            );
        }
        Ok(())
    });
}
