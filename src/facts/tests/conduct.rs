//! Conduct: which reports count, and what is unusual.

use crate::facts::{Live, LiveLimits, Who};
use crate::model::decision::Anomaly;
use crate::model::time::Timestamp;

/// Monday, noon.
const MONDAY: &str = "2026-11-23T12:00:00Z";
const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(Timestamp::parse_rfc3339(MONDAY).unwrap().as_micros() + micros)
}

fn who(capability: &str) -> Who {
    Who::new("t", "ann", capability)
}

/// What was unusual about a call of `capability` at `now`, after calls at `times`.
fn anomaly(times: &[(&str, i64)], capability: &str, now: i64) -> String {
    let live = Live::default();
    for (capability, time) in times {
        live.let_through(&who(capability), at(*time));
    }
    shown(live.conduct(&who(capability), at(now)).anomaly)
}

fn shown(anomaly: Anomaly) -> String {
    let named = [
        (anomaly.new_capability, "capability"),
        (anomaly.unseen_hour, "hour"),
        (anomaly.unseen_weekday, "weekday"),
        (anomaly.burst, "burst"),
    ];
    let names: Vec<_> = named.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
    names.join(" ")
}

fn times(count: i64, first: i64, step: i64) -> Vec<(&'static str, i64)> {
    (0..count).map(|number| ("a.b", first + number * step)).collect()
}

/// What it is about, the calls before, the capability and time of the call, and what is unusual.
type Case<'c> = (&'static str, &'c [(&'static str, i64)], &'static str, i64, &'static str);

#[test]
fn what_is_unusual() {
    // On each of the ten days before, at noon.
    let daily = times(10, -10 * DAY, DAY);
    let cases: [Case<'_>; 12] = [
        ("nothing before ten calls", &times(9, -9 * DAY, DAY), "a.c", 3 * HOUR, ""),
        ("the usual", &daily, "a.b", 0, ""),
        ("another capability", &daily, "a.c", 0, "capability"),
        ("another hour", &daily, "a.b", HOUR, "hour"),
        ("the end of the hour", &daily, "a.b", 59 * MINUTE, ""),
        ("weekdays only", &times(10, -7 * DAY, HOUR / 12), "a.b", DAY, "weekday"),
        ("all at once", &times(10, -7 * DAY, HOUR / 12), "a.c", DAY + 5 * HOUR, "capability hour weekday"),
        ("too long ago", &times(10, -31 * DAY, 0), "a.b", 0, ""),
        ("just not too long ago", &times(10, -30 * DAY - 12 * HOUR, 0), "a.b", 0, "hour weekday"),
        ("ten in the last hour", &[daily.clone(), times(10, -9 * MINUTE, MINUTE)].concat(), "a.b", 0, ""),
        (
            "eleven in the last hour",
            &[daily.clone(), times(11, -10 * MINUTE, MINUTE)].concat(),
            "a.b",
            0,
            "burst",
        ),
        ("no hour before", &times(500, -50 * MINUTE, MINUTE / 10), "a.b", 0, "hour"),
    ];
    for (name, calls, capability, now, unusual) in cases {
        assert_eq!(anomaly(calls, capability, now), unusual, "{name}");
    }
}

#[test]
fn a_burst_is_more_than_ten_times_the_mean_of_the_hours_before() {
    // 150 in the 50 hours, the last begun, from 10:00 to 11:05, when the last hour begins: three an hour.
    let before = times(150, -50 * HOUR, 19 * MINUTE);
    for (recent, burst) in [(30, ""), (31, "burst")] {
        let recent = times(recent, -50 * MINUTE, MINUTE);
        assert_eq!(anomaly(&[before.clone(), recent].concat(), "a.b", 0), burst);
    }
    // Pieces of five minutes: what lies before the eleventh piece back is no more in the last hour.
    let recent = times(31, -55 * MINUTE, 0);
    assert_eq!(anomaly(&[before.clone(), recent.clone()].concat(), "a.b", 4 * MINUTE), "burst");
    assert_eq!(anomaly(&[before, recent].concat(), "a.b", 5 * MINUTE), "");
}

#[test]
fn samples_are_those_of_one_actor() {
    let live = Live::default();
    for number in 0..10 {
        live.let_through(&who("a.b"), at(number));
        live.let_through(&Who::new("t", "bob", "a.c"), at(number));
    }
    assert_eq!(shown(live.conduct(&who("a.c"), at(0)).anomaly), "capability");
    assert_eq!(shown(live.conduct(&Who::new("u", "ann", "a.c"), at(0)).anomaly), "");
}

#[test]
fn a_clock_that_was_far_ahead_is_got_over() {
    let live = Live::default();
    live.let_through(&who("a.b"), at(20_000 * DAY));
    for (capability, time) in times(10, -10 * DAY, DAY) {
        live.let_through(&who(capability), at(time));
    }
    assert_eq!(shown(live.conduct(&who("a.c"), at(HOUR)).anomaly), "capability hour");
}

/// Reports and failures after `reports`: at a time each, failed or not.
fn counted(reports: impl IntoIterator<Item = (i64, bool)>, now: i64) -> (u32, u32) {
    let live = Live::default();
    for (time, failed) in reports {
        live.reported(&who("a.b"), failed, at(time));
    }
    let other = live.conduct(&who("a.c"), at(now));
    assert_eq!((other.reports, other.failures), (0, 0), "another capability's");
    let conduct = live.conduct(&who("a.b"), at(now));
    (conduct.reports, conduct.failures)
}

#[test]
fn reports_of_a_day_or_the_last_hundred_whichever_are_more() {
    let many = |count: i64, time: i64, failed: bool| (0..count).map(move |_| (time, failed));
    assert_eq!(counted([], 0), (0, 0));
    assert_eq!(counted([(0, true)], 0), (1, 1));
    assert_eq!(counted([(0, true), (0, false)], 400 * DAY), (2, 1), "however long ago");
    assert_eq!(counted(many(100, 0, true).chain(many(30, 0, false)), 400 * DAY), (100, 70));
    assert_eq!(counted(many(100, 0, true).chain(many(30, 0, false)), HOUR), (130, 100));
    // The hour of the clock and the 23 before it.
    assert_eq!(counted(many(130, 0, true), 24 * HOUR - 1), (130, 130));
    assert_eq!(counted(many(130, 0, true), 24 * HOUR), (100, 100));
    // One that comes late counts in its hour, and among the last.
    assert_eq!(counted(many(120, 0, false).chain([(-HOUR, true)]), 23 * HOUR - 1), (121, 1));
    assert_eq!(counted(many(120, 0, false).chain([(-HOUR, true)]), 23 * HOUR), (120, 0));
    assert_eq!(counted(many(120, 0, false).chain([(-30 * DAY, true)]), 48 * HOUR), (100, 1));
}

#[test]
fn the_actor_of_whom_nothing_was_heard_for_longest_is_forgotten_first() {
    let live = Live::new(LiveLimits { actors: 16 * 160, ..LiveLimits::default() });
    for number in 0..10_000 {
        live.reported(&Who::new("t", &format!("bot{number}"), "a.b"), true, at(number));
    }
    let size = live.size().actors;
    assert!((16 * 140..=16 * 160).contains(&size), "{size}");
    let known =
        |number: i64| live.conduct(&Who::new("t", &format!("bot{number}"), "a.b"), at(0)).reports == 1;
    assert!((0..1000).all(|number| !known(number)));
    assert!((9000..10_000).all(known));
}

#[test]
fn an_actor_does_not_get_its_failures_forgotten_by_noise() {
    let live = Live::new(LiveLimits { capabilities_per_actor: 4, ..LiveLimits::default() });
    live.reported(&who("a.b"), true, at(0));
    for number in 0..100 {
        live.reported(&who(&format!("noise.n{number}")), false, at(1 + number));
        live.let_through(&who(&format!("noise.n{number}")), at(1 + number));
    }
    assert_eq!(live.conduct(&who("a.b"), at(0)).failures, 1);
    assert_eq!(live.conduct(&who("noise.n50"), at(0)).reports, 0);
    // What is forgotten is new.
    assert_eq!(shown(live.conduct(&who("noise.n50"), at(0)).anomaly), "capability");
    assert_eq!(shown(live.conduct(&who("noise.n99"), at(0)).anomaly), "");
}
