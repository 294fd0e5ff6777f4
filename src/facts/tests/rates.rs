//! Uses of grants: never more than allowed in any window, whatever the clock, the grant and those who give back do.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::{Strategy, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};

use crate::facts::tests::support::{commit, taken_at};
use crate::facts::{Live, LiveLimits, Reservation, Who};
use crate::model::decision::RateLimit;
use crate::model::time::Timestamp;

/// A moment, far from 1970.
const START: i64 = 1_795_414_794_000_000;
const SECOND: i64 = 1_000_000;
/// A clock that is put back by more than this goes on from there.
const BACK: i64 = 3600 * SECOND;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(START + micros)
}

const fn limit(max_requests: u32, window_s: u32) -> RateLimit {
    RateLimit { max_requests, window_s }
}

/// What is done with a grant.
#[derive(Clone, Debug)]
enum Act {
    /// The clock moves, and then a use is asked for under this limit, and given back a number of acts later.
    Use { step: i64, limit: RateLimit, given_back: Option<usize> },
    /// Uses are counted, which changes nothing.
    Count { step: i64 },
}

fn steps() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => 0..20 * SECOND,
        2 => -20 * SECOND..0,
        1 => -10 * BACK..0,
        1 => 0..10 * BACK,
        2 => proptest::strategy::Just(0_i64),
    ]
}

fn acts(limits: impl Strategy<Value = RateLimit>) -> impl Strategy<Value = Vec<Act>> {
    let give_back = prop_oneof![3 => proptest::strategy::Just(None), 1 => (0_usize..5).prop_map(Some)];
    let used = (steps(), limits, give_back).prop_map(|(step, limit, given_back)| Act::Use {
        step,
        limit,
        given_back,
    });
    vec(prop_oneof![5 => used, 1 => steps().prop_map(|step| Act::Count { step })], 1..250)
}

fn any_limit() -> impl Strategy<Value = RateLimit> {
    let most = prop_oneof![1..5_u32, 1..60_u32];
    let window = prop_oneof![1..5_u32, 1..60_u32, 1..20_000_u32];
    (most, window).prop_map(|(most, window)| limit(most, window))
}

/// The same, slowly: every use with the time that has gone by until then, as far as the clock showed it going forward.
#[derive(Default)]
struct Model {
    shown: i64,
    passed: i64,
    uses: Vec<(i64, bool)>,
}

impl Model {
    fn see(&mut self, now: i64) {
        if self.uses.is_empty() {
            self.shown = now;
        } else if now > self.shown {
            self.passed += now - self.shown;
            self.shown = now;
        } else if self.shown - now > BACK {
            self.shown = now;
        }
    }

    fn within(&self, window_s: u32) -> usize {
        let after = self.passed - i64::from(window_s) * SECOND;
        self.uses.iter().filter(|(passed, counts)| *counts && *passed > after).count()
    }
}

/// Runs `acts`; says whether each refusal had to be.
fn run(acts: &[Act]) -> Result<bool, proptest::test_runner::TestCaseError> {
    let (live, who) = (Arc::new(Live::default()), Who::new("t", "ann", "crm.items.read"));
    let mut model = Model::default();
    let mut reserved: Vec<(usize, usize, Reservation)> = Vec::new();
    let (mut now, mut every_refusal_had_to_be) = (0, true);
    for (number, act) in acts.iter().enumerate() {
        for (due, index, reservation) in std::mem::take(&mut reserved) {
            if due > number {
                reserved.push((due, index, reservation));
                continue;
            }
            let before = live.uses(&who, 2_678_400, at(now));
            drop(reservation);
            // Given back, unless the clock was put back far meanwhile: then it counts for good.
            if live.uses(&who, 2_678_400, at(now)) < before {
                model.uses[index].1 = false;
            }
        }
        match act {
            Act::Count { step } => {
                now += step;
                let bytes = live.checkpoint();
                let _uses = live.uses(&who, 60, at(now));
                prop_assert_eq!(bytes, live.checkpoint());
            }
            Act::Use { step, limit, given_back } => {
                now += step;
                model.see(START + now);
                match commit(&live, &who, *limit, at(now)) {
                    Ok(reservation) => {
                        model.uses.push((model.passed, true));
                        let within = model.within(limit.window_s);
                        prop_assert!(
                            within <= limit.max_requests as usize,
                            "{within} of {limit:?} after {number} acts"
                        );
                        match given_back {
                            Some(later) => {
                                reserved.push((number + 1 + later, model.uses.len() - 1, reservation))
                            }
                            None => reservation.spend(),
                        }
                    }
                    Err(exceeded) => {
                        prop_assert!(exceeded.until > at(now));
                        every_refusal_had_to_be &=
                            model.within(limit.window_s) >= limit.max_requests as usize;
                    }
                }
                prop_assert!(
                    live.uses(&who, limit.window_s, at(now)) as usize >= model.within(limit.window_s)
                );
            }
        }
    }
    Ok(every_refusal_had_to_be)
}

proptest! {
    #[test]
    fn no_window_holds_more_than_its_limit_whatever_the_limits_were_before(acts in acts(any_limit())) {
        run(&acts)?;
    }

    #[test]
    fn under_one_limit_nothing_is_refused_that_has_room(
        acts in any_limit().prop_flat_map(|limit| acts(proptest::strategy::Just(limit)))
    ) {
        prop_assert!(run(&acts)?);
    }

    /// What is made again from the records admits no more than what was there, whatever is asked, also where records overtook each
    /// other.
    #[test]
    fn what_is_made_again_admits_no_more(
        acts in vec((0..3_usize, steps(), any_limit(), proptest::bool::weighted(0.2)), 1..200),
        swaps in vec(0..200_usize, 0..20),
        looks in vec((0..3_usize, -2 * BACK..2 * BACK, any_limit()), 1..30),
        probes in vec((0..3_usize, 0..100 * SECOND, any_limit()), 1..30),
    ) {
        let live = Arc::new(Live::default());
        let whos = ["a.b", "a.c", "a.d"].map(|capability| Who::new("t", "ann", capability));
        let mut recorded = Vec::new();
        let (mut now, mut latest) = (0, 0);
        for (who, step, limit, fails) in acts {
            now += step;
            latest = latest.max(now);
            if let Ok(reservation) = commit(&live, &whos[who], limit, at(now)) && !fails {
                recorded.push((whos[who], taken_at(&reservation), limit.max_requests));
                reservation.spend();
            }
        }
        for swap in swaps {
            if swap + 1 < recorded.len() {
                let apart = recorded[swap].1.as_micros() - recorded[swap + 1].1.as_micros();
                if apart.abs() < 20 * SECOND {
                    recorded.swap(swap, swap + 1);
                }
            }
        }
        let again = Arc::new(Live::default());
        for (who, at, most) in recorded {
            again.note_use(&who, most, at);
        }
        for (who, step, limit) in looks {
            let (who, window_s, then) = (whos[who], limit.window_s, at(now + step));
            prop_assert!(again.uses(&who, window_s, then) >= live.uses(&who, window_s, then));
        }
        for (who, step, limit) in probes {
            latest += step;
            let now = latest;
            let kept = commit(&live, &whos[who], limit, at(now)).map(Reservation::spend);
            let kept_again = commit(&again, &whos[who], limit, at(now)).map(Reservation::spend);
            prop_assert!(kept.is_ok() || kept_again.is_err());
            if kept.is_ok() && kept_again.is_err() {
                // So that both stay alike.
                again.note_use(&whos[who], limit.max_requests, at(now));
            }
        }
    }
}

#[test]
fn a_use_counts_until_it_is_exactly_as_old_as_the_window() {
    let (live, who) = (Arc::new(Live::default()), Who::new("t", "ann", "a.b"));
    let take = |micros: i64| commit(&live, &who, limit(2, 60), at(micros)).map(Reservation::spend);
    assert!(take(0).is_ok() && take(10 * SECOND).is_ok());
    assert_eq!(take(59 * SECOND).unwrap_err().until, at(60 * SECOND));
    assert!(take(60 * SECOND - 1).is_err());
    assert_eq!(live.uses(&who, 60, at(60 * SECOND - 1)), 2);
    assert_eq!(live.uses(&who, 60, at(60 * SECOND)), 1);
    assert!(take(60 * SECOND).is_ok());
    assert!(take(60 * SECOND).is_err());
}

#[test]
fn grants_are_of_one_tenant_actor_and_capability() {
    let live = Arc::new(Live::default());
    for (tenant, actor, capability) in [
        ("t", "ann", "a.b"),
        ("t", "ann", "a.c"),
        ("t", "bob", "a.b"),
        ("u", "ann", "a.b"),
        ("ta", "nn", "a.b"),
    ] {
        let who = Who::new(tenant, actor, capability);
        commit(&live, &who, limit(1, 60), at(0)).unwrap().spend();
        assert!(commit(&live, &who, limit(1, 60), at(0)).is_err(), "{tenant} {actor} {capability}");
    }
}

#[test]
fn a_clock_put_back_refills_nothing_and_one_far_ahead_locks_nobody_out() {
    let (live, who) = (Arc::new(Live::default()), Who::new("t", "ann", "a.b"));
    let take = |micros: i64| commit(&live, &who, limit(1, 60), at(micros)).map(Reservation::spend);
    assert!(take(0).is_ok());
    // Back by seconds, and by a day: as if no time had passed.
    assert!(take(-30 * SECOND).is_err());
    assert!(take(-86_400 * SECOND).is_err());
    assert!(take((-86_400 + 59) * SECOND).is_err());
    assert!(take((-86_400 + 60) * SECOND).is_ok());
    // A year ahead for one call: the next needs no more than its window.
    assert!(take(366 * 86_400 * SECOND).is_ok());
    assert!(take(0).is_err());
    assert!(take(60 * SECOND).is_ok());
}

#[test]
fn a_limit_of_as_many_as_there_may_be_is_exact() {
    let (live, who) = (Arc::new(Live::default()), Who::new("t", "ann", "a.b"));
    let most = limit(100_000, 2_678_400);
    for number in 0..100_000 {
        commit(&live, &who, most, at(number)).unwrap().spend();
    }
    assert_eq!(commit(&live, &who, most, at(100_000)).unwrap_err().until, at(2_678_400 * SECOND));
    assert!(commit(&live, &who, most, at(2_678_400 * SECOND)).is_ok());
}

#[test]
fn no_grant_is_forgotten_while_it_counts_and_there_is_a_limit() {
    let live = Arc::new(Live::new(LiveLimits { grants: 160, ..LiveLimits::default() }));
    let first = Who::new("t", "ann", "a.b");
    commit(&live, &first, limit(1, 2_678_400), at(0)).unwrap().spend();
    let noise = |number: usize, micros: i64| {
        commit(&live, &Who::new("t", "ann", &format!("noise.n{number}")), limit(1, 60), at(micros))
            .map(Reservation::spend)
    };
    let taken = (0..1000).filter(|number| noise(*number, 1).is_ok()).count();
    assert_eq!(taken, 9, "an actor's part has room for ten");
    assert!(commit(&live, &first, limit(1, 2_678_400), at(2)).is_err());
    // When none of them can count any more, there is room again.
    assert!(noise(2000, (2_678_400 + 3601) * SECOND).is_ok());
    assert_eq!(live.size().grants, 1);
}

#[test]
fn uses_that_are_bundled_count_at_least_as_long_as_one_by_one() {
    let (live, who) = (Arc::new(Live::default()), Who::new("t", "ann", "a.b"));
    let times: Vec<i64> = (0..500).map(|number: i64| number * number * SECOND / 50).collect();
    for time in &times {
        live.note_use(&who, 1, at(*time));
    }
    let last = times[499];
    for window_s in (1..6000).step_by(7) {
        let after = last - i64::from(window_s) * SECOND;
        let within = times.iter().filter(|time| **time > after).count();
        let counted = live.uses(&who, window_s, at(last)) as usize;
        assert!(counted >= within, "{counted} of {within} in {window_s} s");
    }
    // All of them, however they are bundled.
    assert_eq!(live.uses(&who, 2_678_400, at(last)), 500);
}
