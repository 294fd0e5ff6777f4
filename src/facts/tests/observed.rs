//! What is observed for the gates: how often, how dangerous, and that it has an end.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use proptest::collection::vec;
use proptest::{prop_assert, prop_assert_eq, proptest};

use crate::config;
use crate::decision::{Gating, Governing};
use crate::facts::tests::shared::{asked, governed};
use crate::facts::{Deciding, DriftBaseline, Live, LiveLimits, Observation, Rehearsal, Sessions, Who};
use crate::model::decision::{Divergence, DriftTier, RiskScore};
use crate::model::time::Timestamp;
use crate::risk::gates::{Constants, Drift, Window};

const WINDOW: u16 = 30;

fn who(actor: &str) -> Who {
    Who::new("t", actor, "a.b")
}

fn shape(number: u16) -> [u8; 16] {
    let mut shape = [0; 16];
    let [high, low] = number.to_be_bytes();
    (shape[0], shape[1]) = (high, low);
    shape
}

fn call(score: u32, of: u16, second: i64) -> Observation {
    Observation {
        shape: shape(of),
        window: WINDOW,
        score: Some(RiskScore::from_ten_thousandths(score)),
        let_through: true,
        at: Timestamp::from_micros(second * 1_000_000),
    }
}

fn seen(live: &Live, who: &Who, of: u16) -> u32 {
    live.observed(who, shape(of), WINDOW, &Constants::default()).seen
}

#[test]
fn what_was_let_through_is_familiar_to_its_own_caller_capability_and_shape() {
    let live = Live::default();
    for second in 0..5 {
        live.observe(&who("ann"), &call(1000, 1, second));
    }
    live.observe(&who("ann"), &Observation { let_through: false, ..call(1000, 1, 9) });
    assert_eq!(seen(&live, &who("ann"), 1), 5, "what is refused makes nothing familiar");
    assert_eq!(seen(&live, &who("ann"), 2), 0);
    assert_eq!(seen(&live, &who("bob"), 1), 0);
    assert_eq!(seen(&live, &Who::new("t", "ann", "a.c"), 1), 0);
    assert_eq!(seen(&live, &Who::new("u", "ann", "a.b"), 1), 0);
    assert_eq!(live.size().observed, 1);
}

#[test]
fn behavior_that_changes_is_seen_and_behavior_that_returns_is_normal_again() {
    let (live, ann, constants) = (Live::default(), who("ann"), Constants::default());
    let observed = || live.observed(&ann, shape(0), WINDOW, &constants);
    let tier = || observed().drift.map(|drift| Drift::of(drift.nats(), &constants).tier);
    let mut second = 0;
    let mut calls = |score: u32, count: usize, let_through: bool| {
        for _ in 0..count {
            live.observe(&ann, &Observation { let_through, ..call(score, 0, second) });
            second += 1;
        }
    };
    calls(1000, 29, true);
    assert_eq!((observed().risk_before, observed().drift), (None, None));
    calls(1000, 1, true);
    assert_eq!(observed().risk_before, Some(RiskScore::from_ten_thousandths(1000)));
    calls(1000, 29, true);
    assert_eq!(observed().drift, None, "too few to compare");
    calls(1000, 1, true);
    assert_eq!(tier(), Some(DriftTier::Normal));
    // Refused or not, they are what the actor does now.
    calls(9000, 25, false);
    assert_eq!(tier(), Some(DriftTier::Critical));
    assert_eq!(observed().risk_before, Some(RiskScore::from_ten_thousandths(1000)), "of the baseline");
    calls(1000, 30, true);
    assert_eq!(tier(), Some(DriftTier::Normal));
    // Another window is another baseline, and what is familiar stays so.
    let before = observed().seen;
    live.observe(&ann, &Observation { window: 40, ..call(1000, 0, second) });
    assert_eq!((observed().drift, observed().risk_before, observed().seen), (None, None, before + 1));
}

/// Nothing of the old baseline counts any more, what is familiar stays so, and nobody else's changes.
#[test]
fn a_baseline_that_is_forgotten_begins_anew() {
    let (live, constants) = (Live::default(), Constants::default());
    let (ann, bob) = (who("ann"), who("bob"));
    let baseline = |who: &Who| live.drift_baseline(who, WINDOW, &constants);
    let calls = |who: &Who, score: u32, count: usize| {
        for _ in 0..count {
            live.observe(who, &call(score, 0, 0));
        }
    };
    let of_ann = Who::caller("t", "ann");
    assert_eq!(baseline(&of_ann), None, "never observed");
    live.recalibrate(&of_ann);
    assert_eq!(live.size().observed, 0);
    for who in [&ann, &bob] {
        calls(who, 1000, 30);
        calls(who, 9000, 30);
    }
    let before = baseline(&of_ann).unwrap();
    assert_eq!(
        (before.calls, before.newest, before.risk),
        (30, 30, Some(RiskScore::from_ten_thousandths(1000)))
    );
    assert!(
        before.drift.is_some_and(|drift| Drift::of(drift.nats(), &constants).tier == DriftTier::Critical)
    );
    live.recalibrate(&of_ann);
    assert_eq!(baseline(&of_ann), Some(DriftBaseline::default()));
    assert_eq!((seen(&live, &ann, 0), baseline(&bob)), (60, Some(before)));
    calls(&ann, 9000, 59);
    let observed = live.observed(&ann, shape(0), WINDOW, &constants);
    assert_eq!((observed.risk_before, observed.drift), (Some(RiskScore::from_ten_thousandths(9000)), None));
    calls(&ann, 9000, 1);
    let tier = baseline(&of_ann).unwrap().drift.map(|drift| Drift::of(drift.nats(), &constants).tier);
    assert_eq!(tier, Some(DriftTier::Normal));
}

proptest! {
    /// The counted bins give what a window of all values gives, whatever the constants are, and however they change.
    #[test]
    fn drift_is_that_of_a_window(
        scores in vec(0..10_001_u32, 0..200),
        bins in 1..20_usize,
        spread in 1..10_001_u32,
    ) {
        let live = Live::default();
        let constants = Constants { drift_bins: bins, ..Constants::default() };
        let mut window = Window::new(WINDOW.into(), &constants);
        for (place, score) in scores.iter().enumerate() {
            let score = score % spread;
            live.observe(&who("ann"), &call(score, 0, 0));
            window.observe(f64::from(score) / 10_000.0, &constants);
            let constants = if place % 50 == 49 { Constants::default() } else { constants };
            let observed = live.observed(&who("ann"), shape(0), WINDOW, &constants);
            if constants.drift_bins == bins {
                let wanted = window.drift(&constants).and_then(|drift| drift.kl_divergence);
                prop_assert_eq!(observed.drift, wanted.map(Divergence::from_nats));
            }
        }
    }

    /// The kinds that are kept are those let through last, and as often as they were.
    #[test]
    fn kinds_are_kept_by_their_last_use(calls in vec(0..400_u16, 0..1500)) {
        let (live, ann) = (Live::default(), who("ann"));
        let mut last: HashMap<u16, usize> = HashMap::new();
        for (turn, of) in calls.iter().enumerate() {
            live.observe(&ann, &call(0, *of, 0));
            last.insert(*of, turn);
        }
        let mut kinds: Vec<_> = last.into_iter().collect();
        kinds.sort_by_key(|(_, turn)| std::cmp::Reverse(*turn));
        for (place, (of, _)) in kinds.into_iter().enumerate() {
            prop_assert_eq!(seen(&live, &ann, of) > 0, place < 256);
            prop_assert!(usize::try_from(seen(&live, &ann, of)).unwrap() <= calls.len());
        }
    }
}

#[test]
fn actors_not_heard_of_for_the_longest_are_forgotten() {
    let live = Live::new(LiveLimits { observed: 16 * 20, ..LiveLimits::default() });
    for number in 0..2000 {
        live.observe(&who(&format!("bot{number}")), &call(1000, 0, number));
        assert!(live.size().observed <= 320);
    }
    let known = |number: i64| seen(&live, &who(&format!("bot{number}")), 0) > 0;
    assert!((0..1000).all(|number| !known(number)));
    assert!((1950..2000).all(known));
}

/// A dry run counts its own calls, and leaves nothing behind. Where the gates are off nothing is gathered.
#[test]
fn dry_runs_observe_nothing() {
    let gates = |mode| {
        Gating::of(&config::Gates {
            mode,
            constants: config::GateConstants::default(),
            window: 30,
            signals: BTreeMap::new(),
        })
    };
    let snapshot = |mode| governed(Governing { gates: gates(mode), ..Governing::default() });
    let (on, off) = (snapshot(config::GateMode::Shadow), snapshot(config::GateMode::Off));
    let deciding = Deciding::new(Sessions::default(), Arc::new(Live::default()));
    let now = Timestamp::from_micros(0);
    asked("t", "bob", "a.free", |request| {
        let mut rehearsal = Rehearsal::new(&deciding);
        for before in 0..3 {
            let decided = rehearsal.decide(&on, request, now, |_| true);
            assert_eq!(decided.facts.gates.map(|observed| observed.seen), Some(before));
            assert!(decided.decision.gates.is_some());
        }
        let decided = Rehearsal::new(&deciding).decide(&on, request, now, |_| true);
        assert_eq!(decided.facts.gates.map(|observed| observed.seen), Some(0));
        let decided = deciding.decide(&off, request, now, |_| true);
        assert!(decided.facts.gates.is_none() && decided.decision.gates.is_none());
    });
    assert_eq!(deciding.live().size().observed, 0);
}
