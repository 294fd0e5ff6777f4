//! Limits that all callers of a capability share: never more than allowed in any window, whoever asks, and nothing for others.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use proptest::collection::vec;
use proptest::{prop_assert, prop_assert_eq, proptest};

use crate::config::Holds;
use crate::decision::{Administered, Governing, PolicySnapshot, SnapshotParts};
use crate::facts::tests::support::commit;
use crate::facts::{
    Decided, Deciding, Event, LaterCharge, Limited, Live, LiveLimits, Rehearsal, Reservation, Sessions,
    SharedUse, What, Who,
};
use crate::identity::KeyRing;
use crate::model::call::{
    Action, CapabilityName, DecisionRequest, Parameters, Principal, PrincipalKind, ToolCall,
};
use crate::model::decision::{Decision, Outcome, RateLimit, ReasonCode, SnapshotRef};
use crate::model::document::Document;
use crate::model::json::Reader;
use crate::model::time::Timestamp;
use crate::policy::governance::{Governance, Object, Objects, Source, Stamp, read_file};

const OBJECTS: &str = "
capabilities:
- {name: a.few, risk_level: low, shared_limit: {max_requests: 50, window_seconds: 3600}}
- {name: a.both, risk_level: low, shared_limit: {max_requests: 5, window_seconds: 3600, then: DENY}}
- {name: a.both, risk_level: low, tenant: t, shared_limit: {max_requests: 2, window_seconds: 60, then: REQUIRE_CONFIRMATION}}
- {name: a.asked, risk_level: low, shared_limit: {max_requests: 2, window_seconds: 60}}
- {name: a.free, risk_level: low}
policies:
- name: all
  rules:
  - {capability: a.*, outcome: ALLOW}
  - {capability: a.asked, outcome: REQUIRE_CONFIRMATION, priority: 1, condition: actor.id == 'ann'}
grants:
- {actor: ann, tenant: t, capability: a.few, constraints: {rate_limit: {max_requests: 3, window_seconds: 60}}}
";
const SECOND: i64 = 1_000_000;
const START: i64 = 1_795_414_794_000_000;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(START + micros)
}

fn snapshot(grants_required: bool) -> PolicySnapshot {
    governed(Governing { grants_required, ..Governing::default() })
}

/// Everybody may call what begins with `a.`.
pub(super) fn governed(governing: Governing) -> PolicySnapshot {
    let mut objects = Objects::default();
    for written in read_file(&Document::parse("objects.yaml", OBJECTS).unwrap()).unwrap() {
        let at = Timestamp::from_micros(0);
        let stamp = Stamp { id: "x".into(), version: 1, created_at: at, updated_at: at, source: Source::Api };
        let (key, written, content) = (written.key, written.written, written.content);
        objects.put(Arc::new(Object { key, stamp, written, content }));
    }
    let reference = SnapshotRef::new(1, "00".into());
    let snapshot = PolicySnapshot::new(SnapshotParts {
        reference: reference.clone(),
        keys: KeyRing::default(),
        reader: Reader::default(),
        hosts: vec![],
        origins: vec![],
        routes: vec![],
        holds: Holds::default(),
        public_url: None,
        governing,
        cedar: None,
        rules: None,
        default: Outcome::Deny,
    });
    snapshot.with_administered(
        reference,
        Administered { governance: Arc::new(Governance::compile(&objects)), ..Administered::default() },
    )
}

pub(super) fn asked<T>(
    tenant: &str,
    actor: &str,
    name: &str,
    work: impl FnOnce(DecisionRequest<'_, '_>) -> T,
) -> T {
    let principal = Principal::new(tenant, actor, PrincipalKind::AiAgent);
    let call = ToolCall {
        action: Action::Named(CapabilityName::parse(name).unwrap()),
        resource: "x".into(),
        resource_hidden: false,
        parameters: Parameters::none(),
        description: "".into(),
    };
    work(DecisionRequest::new(&principal, &call))
}

fn allows(decision: &Decision) -> bool {
    decision.outcome == Outcome::Allow
}

/// A gateway, as far as it decides.
struct World {
    snapshot: PolicySnapshot,
    deciding: Deciding,
}

impl World {
    fn new() -> Self {
        Self::with(Live::default(), false)
    }

    fn with(live: Live, grants_required: bool) -> Self {
        let deciding = Deciding::new(Sessions::default(), Arc::new(live));
        Self { snapshot: snapshot(grants_required), deciding }
    }

    fn decide(&self, (tenant, actor, name): (&str, &str, &str), micros: i64) -> Decided {
        asked(tenant, actor, name, |request| {
            self.deciding.decide(&self.snapshot, request, at(micros), allows)
        })
    }

    /// The outcome of a call that is made if it is allowed.
    fn call(&self, caller: (&str, &str, &str), micros: i64) -> Outcome {
        let decided = self.decide(caller, micros);
        decided.reservation.into_iter().for_each(Reservation::spend);
        decided.decision.outcome
    }

    /// What the call takes that `decision` wants a person for, when people approve it.
    fn later(&self, (tenant, actor, name): (&str, &str, &str), decision: &Decision) -> LaterCharge {
        asked(tenant, actor, name, |request| LaterCharge::of(request, decision)).unwrap()
    }

    fn uses(&self, tenant: &str, name: &str, window_s: u32, micros: i64) -> u32 {
        self.deciding.live().uses(&Who::everybody(tenant, name), window_s, at(micros))
    }
}

#[test]
fn sixteen_threads_of_many_callers_get_exactly_as_much_as_all_may() {
    let (world, allowed, start) = (World::new(), AtomicUsize::new(0), Barrier::new(16));
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let (world, allowed, start) = (&world, &allowed, &start);
            scope.spawn(move || {
                start.wait();
                for number in 0..20 {
                    let actor = format!("bot{}", (thread * 20 + number) % 100);
                    match world.call(("t", &actor, "a.few"), i64::from(number)) {
                        Outcome::Allow => drop(allowed.fetch_add(1, Ordering::Relaxed)),
                        other => assert_eq!(other, Outcome::Escalate),
                    }
                }
            });
        }
    });
    assert_eq!(allowed.load(Ordering::Relaxed), 50);
    assert_eq!(world.call(("u", "bot1", "a.few"), 0), Outcome::Allow, "another tenant has its own");
    assert_eq!(world.call(("t", "bot1", "a.few"), 3600 * SECOND - 1), Outcome::Escalate);
    assert_eq!(world.call(("t", "bot1", "a.few"), 3600 * SECOND + 19), Outcome::Allow);
}

#[test]
fn of_two_limits_both_hold_and_a_call_counts_once() {
    let world = World::new();
    let ask = |actor: &str, second: i64| {
        let decided = world.decide(("t", actor, "a.both"), second * SECOND);
        decided.reservation.into_iter().for_each(Reservation::spend);
        (decided.decision.outcome, decided.decision.code, decided.facts.shared_uses)
    };
    let allowed = ReasonCode::PolicyAllowed;
    assert_eq!(ask("ann", 0), (Outcome::Allow, allowed, [Some(0), Some(0)]));
    assert_eq!(ask("bob", 1), (Outcome::Allow, allowed, [Some(1), Some(1)]));
    let asks = (Outcome::RequireConfirmation, ReasonCode::ApprovalRequired);
    assert_eq!(ask("cyd", 2), (asks.0, asks.1, [Some(2), Some(2)]));
    assert_eq!(ask("ann", 60), (Outcome::Allow, allowed, [Some(2), Some(1)]));
    assert_eq!(ask("ann", 61), (Outcome::Allow, allowed, [Some(3), Some(1)]));
    assert_eq!(ask("ann", 200), (Outcome::Allow, allowed, [Some(4), Some(0)]));
    assert_eq!(ask("ann", 400), (Outcome::Deny, ReasonCode::SharedLimitExceeded, [Some(5), Some(0)]));
    // The tenant's own limit is nobody else's.
    for second in 0..5 {
        assert_eq!(world.call(("u", "ann", "a.both"), second * SECOND), Outcome::Allow);
    }
    assert_eq!(world.call(("u", "ann", "a.both"), 5 * SECOND), Outcome::Deny);
}

#[test]
fn what_is_not_done_is_given_back_of_the_grant_and_of_what_all_share() {
    let world = World::with(Live::default(), true);
    let ann = ("t", "ann", "a.few");
    let decided = world.decide(ann, 0);
    let charged = decided.reservation.as_ref().unwrap().charged();
    assert!(charged.grant.is_some() && charged.shared.is_some_and(|shared| shared.max_requests == 50));
    assert_eq!(world.uses("t", "a.few", 60, 0), 1);
    drop(decided);
    assert_eq!(world.uses("t", "a.few", 60, 0), 0);
    for _ in 0..3 {
        assert_eq!(world.call(ann, 0), Outcome::Allow);
    }
    // The grant is used up first, and takes nothing of the others'.
    assert_eq!(world.call(ann, 0), Outcome::Deny);
    assert_eq!(world.uses("t", "a.few", 60, 0), 3);
}

#[test]
fn what_people_let_through_beyond_the_limit_counts_too() {
    let world = World::new();
    let bob = ("t", "bob", "a.asked");
    assert_eq!((world.call(bob, 0), world.call(bob, 1)), (Outcome::Allow, Outcome::Allow));
    let decision = world.decide(bob, 2).decision;
    assert_eq!(decision.outcome, Outcome::Escalate);
    let charge = world.later(bob, &decision);
    let taken = world.deciding.take(&charge, at(2)).unwrap();
    assert_eq!(world.uses("t", "a.asked", 60, 2), 3);
    drop(taken);
    assert_eq!(world.uses("t", "a.asked", 60, 2), 2);
    world.deciding.take(&charge, at(30 * SECOND)).unwrap().spend();
    // Those of the policy are gone by then, and what people let through is still there.
    assert_eq!(world.call(bob, 61 * SECOND), Outcome::Allow);
    assert_eq!(world.call(bob, 61 * SECOND), Outcome::Escalate);
}

#[test]
fn what_was_within_the_limit_when_it_was_held_needs_room_when_it_is_released() {
    let world = World::new();
    let (ann, bob) = (("t", "ann", "a.asked"), ("t", "bob", "a.asked"));
    let decision = world.decide(ann, 0).decision;
    assert_eq!(decision.outcome, Outcome::RequireConfirmation);
    let charge = world.later(ann, &decision);
    assert_eq!((world.call(bob, 0), world.call(bob, 1)), (Outcome::Allow, Outcome::Allow));
    let exceeded = world.deciding.take(&charge, at(2)).unwrap_err();
    assert_eq!((exceeded.of, exceeded.code()), (Limited::Shared, ReasonCode::SharedLimitExceeded));
    assert_eq!(exceeded.until, at(60 * SECOND));
    assert_eq!(
        exceeded.to_string(),
        "All callers together may make 2 calls of this capability in 60 seconds, and they are used up. Try again later."
    );
    world.deciding.take(&charge, at(60 * SECOND)).unwrap().spend();
}

#[test]
fn a_limit_that_cannot_be_counted_is_as_if_it_was_used_up() {
    // Each of the 16 parts has room for one.
    let world = World::with(Live::new(LiveLimits { grants: 1, ..LiveLimits::default() }), false);
    let rate = RateLimit { max_requests: 1, window_s: 60 };
    let live = world.deciding.live();
    for number in 0..1000 {
        let who = Who::new("t", &format!("bot{number}"), "a.b");
        commit(live, &who, rate, at(0)).into_iter().for_each(Reservation::spend);
    }
    assert_eq!(live.size().grants, 16);
    let decided = world.decide(("t", "ann", "a.few"), 0);
    assert_eq!(decided.decision.outcome, Outcome::Escalate);
    assert_eq!(decided.facts.shared_uses, [Some(u32::MAX), None]);
    let allowed = world.later(("t", "ann", "a.few"), &decided.decision);
    assert!(world.deciding.take(&allowed, at(0)).is_ok(), "people may let it through");
}

#[test]
fn capabilities_without_a_limit_are_not_counted_and_rehearsals_take_nothing() {
    let world = World::new();
    assert_eq!(world.call(("t", "ann", "a.free"), 0), Outcome::Allow);
    assert_eq!(world.call(("t", "ann", "a.unknown"), 0), Outcome::Allow);
    assert_eq!(world.deciding.live().size().grants, 0);
    let mut rehearsal = Rehearsal::new(&world.deciding);
    let mut rehearse = |actor: &str| {
        asked("t", actor, "a.asked", |request| {
            rehearsal.decide(&world.snapshot, request, at(0), allows).decision.outcome
        })
    };
    let came = ["bob", "cyd", "dan"].map(&mut rehearse);
    assert_eq!(came, [Outcome::Allow, Outcome::Allow, Outcome::Escalate]);
    assert_eq!(world.uses("t", "a.asked", 60, 0), 0);
}

proptest! {
    /// Whatever the clock does, who asks and what is given back: no window of either limit holds more, and what is made again from
    /// what records say counts the same.
    #[test]
    fn no_window_holds_more_and_a_start_counts_the_same(
        acts in vec((-3 * SECOND..30 * SECOND, 0..4_usize, proptest::bool::weighted(0.2)), 1..120)
    ) {
        let world = World::new();
        let again = Live::default();
        let (mut now, mut kept) = (0, Vec::new());
        for (step, actor, fails) in acts {
            now += step;
            let actor = ["ann", "bob", "cyd", "dan"][actor];
            let decided = world.decide(("t", actor, "a.both"), now);
            let Some(reservation) = decided.reservation.filter(|_| !fails) else { continue };
            let shared = reservation.charged().shared.unwrap();
            prop_assert_eq!(shared.max_requests, 5);
            reservation.spend();
            kept.push(shared.at.as_micros());
            let who = Who::everybody("t", "a.both");
            let shared = SharedUse { who, most: shared.max_requests, at: shared.at };
            let what = What::LetThrough { charged: None, shared: Some(shared), observed: None };
            again.apply(&Event { who: Who::new("t", actor, "a.both"), at: at(now), what });
        }
        for (most, window_s) in [(5, 3600), (2, 60)] {
            for (first, beyond) in kept.iter().zip(kept.iter().skip(most)) {
                prop_assert!(beyond - first >= window_s * SECOND, "{most} and one more in {window_s} s");
            }
        }
        for window_s in [1, 60, 3600, 2_678_400] {
            let who = Who::everybody("t", "a.both");
            prop_assert_eq!(again.uses(&who, window_s, at(now)), world.uses("t", "a.both", window_s, now));
        }
    }
}
