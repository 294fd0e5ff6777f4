//! Written down and read again: the same state, from whatever cut on, and nothing at all from what is damaged.

use proptest::collection::vec;
use proptest::prelude::{Strategy, prop_oneof};
use proptest::{prop_assert_eq, proptest};

use crate::facts::{Event, Live, LiveLimits, Observation, SharedUse, What, Who};
use crate::model::decision::RiskScore;
use crate::model::time::Timestamp;
use crate::risk::gates::Constants;

const START: i64 = 1_795_414_794_000_000;
const SECOND: i64 = 1_000_000;

/// So little room that something is forgotten all the time.
fn small() -> Live {
    Live::new(LiveLimits { actors: 32, capabilities_per_actor: 2, grants: 64, observed: 32 })
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let what = prop_oneof![
        (1..50_u32).prop_map(|most| What::LetThrough { charged: Some(most), shared: None, observed: None }),
        (1..50_u32, 0..3_usize, 0..600 * SECOND).prop_map(|(most, capability, ahead)| {
            let (who, at) =
                (Who::everybody("t", &format!("a.n{capability}")), Timestamp::from_micros(START + ahead));
            What::LetThrough { charged: None, shared: Some(SharedUse { who, most, at }), observed: None }
        }),
        proptest::strategy::Just(What::LetThrough { charged: None, shared: None, observed: None }),
        proptest::bool::ANY.prop_map(|failed| What::Reported { failed }),
        proptest::strategy::Just(What::Recalibrated),
        (0..4_u8, 3..5_u16, 0..10_001_u32, proptest::bool::ANY).prop_map(
            |(shape, window, score, let_through)| {
                What::Observed(Observation {
                    shape: [shape; 16],
                    window,
                    score: Some(RiskScore::from_ten_thousandths(score)),
                    let_through,
                    at: Timestamp::from_micros(START + i64::from(score)),
                })
            }
        ),
    ];
    let step = prop_oneof![
        8 => 0..600 * SECOND,
        1 => 0..40 * 86_400 * SECOND,
        1 => -7200 * SECOND..0,
    ];
    vec((0..60_usize, 0..4_usize, step, what), 0..400).prop_map(|events| {
        let mut now = START;
        let event = |(actor, capability, step, what): (usize, usize, i64, What)| {
            now += step;
            // A few actors are busy, many seldom seen.
            let actor = if actor < 30 { 0 } else { actor };
            let who = Who::new("t", &format!("bot{actor}"), &format!("a.n{capability}"));
            Event { who, at: Timestamp::from_micros(now), what }
        };
        events.into_iter().map(event).collect()
    })
}

proptest! {
    #[test]
    fn a_checkpoint_and_the_rest_are_all(events in events(), cut in 0..400_usize) {
        let (whole, first) = (small(), small());
        events.iter().for_each(|event| whole.apply(event));
        let cut = cut.min(events.len());
        events[..cut].iter().for_each(|event| first.apply(event));
        let rest = small();
        rest.restore(&first.checkpoint()).unwrap();
        prop_assert_eq!(rest.checkpoint(), first.checkpoint());
        events[cut..].iter().for_each(|event| rest.apply(event));
        prop_assert_eq!(rest.checkpoint(), whole.checkpoint());
        for event in &events {
            let now = events.last().map_or(event.at, |last| last.at);
            prop_assert_eq!(rest.conduct(&event.who, now), whole.conduct(&event.who, now));
            let constants = Constants { drift_baseline_minimum: 3, ..Constants::default() };
            let observed = |live: &Live| live.observed(&event.who, [1; 16], 4, &constants);
            prop_assert_eq!(observed(&rest), observed(&whole));
        }
    }

    #[test]
    fn damaged_bytes_are_refused_or_read_without_harm(
        events in events(),
        place in 0..10_000_usize,
        byte in 0..=255_u8,
        cut in 0..10_000_usize,
    ) {
        let live = small();
        events.iter().for_each(|event| live.apply(event));
        let before = live.checkpoint();
        let mut damaged = before.clone();
        let place = place % damaged.len();
        damaged[place] = byte;
        let other = small();
        if other.restore(&damaged).is_ok() {
            // A number was changed; whatever it says now, it is used without harm.
            events.iter().for_each(|event| other.apply(event));
            assert!(!other.checkpoint().is_empty());
        } else {
            prop_assert_eq!(other.checkpoint(), small().checkpoint());
        }
        let cut = cut % before.len();
        prop_assert_eq!(live.restore(&before[..cut]).is_ok(), false);
        prop_assert_eq!(live.checkpoint(), before);
    }
}

#[test]
fn other_bytes_are_no_state() {
    let live = small();
    let mut longer = live.checkpoint();
    longer.push(0);
    for bytes in [&b""[..], b"\x02", b"\x01", b"hello", &[0xff; 40], &[1; 40], &longer] {
        assert!(live.restore(bytes).is_err(), "{bytes:?}");
    }
}
