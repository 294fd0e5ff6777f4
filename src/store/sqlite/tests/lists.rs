//! Lists of holds, from both kinds of store.

use crate::holds::sample::{at, hold, id};
use crate::holds::{Hold, HoldFilter, HoldState, HoldStore};
use crate::store::sqlite::tests::contract::{each, put};

/// Holds 0 to 5 stand in each state, made at seconds 0, 0, 1, 1, 2, 2; hold 6 is pending and hold 7 approved, both only until
/// second 100.
fn fill(store: &dyn HoldStore) {
    let states = HoldState::ALL.into_iter().chain([HoldState::Pending, HoldState::Approved]);
    for (number, state) in (0_u8..).zip(states) {
        let mut hold = Hold { state, ..hold(number) };
        hold.ask.created_at = at(i64::from(number / 2));
        hold.ask.tenant = if number % 2 == 0 { "even" } else { "odd" }.into();
        hold.ask.actor = if number < 3 { "low" } else { "high" }.into();
        hold.ask.capability = format!("capability.{}", number % 3);
        if number > 5 {
            hold.ask.expires_at = at(100);
        }
        put(store, &hold);
    }
}

/// The numbers of the holds that are listed, and the total.
fn listed(store: &dyn HoldStore, filter: HoldFilter, now: i64) -> (Vec<u8>, u64) {
    let limit = if filter.limit == 0 { 99 } else { filter.limit };
    let page = store.list(&HoldFilter { limit, ..filter }, at(now)).unwrap();
    let number = |hold: &Hold| (0..8).find(|number| id(*number) == hold.id).unwrap();
    (page.holds.iter().map(number).collect(), page.total)
}

#[test]
fn is_newest_first() {
    each(|store| {
        fill(store);
        assert_eq!(listed(store, HoldFilter::default(), 1), (vec![7, 6, 5, 4, 3, 2, 1, 0], 8));
    });
}

#[test]
fn states_are_those_of_now() {
    each(|store| {
        fill(store);
        for (state, before, after) in [
            (HoldState::Pending, vec![6, 0], vec![0]),
            (HoldState::Approved, vec![7, 1], vec![1]),
            (HoldState::Consumed, vec![2], vec![2]),
            (HoldState::Rejected, vec![3], vec![3]),
            (HoldState::Expired, vec![4], vec![7, 6, 4]),
            (HoldState::Cancelled, vec![5], vec![5]),
        ] {
            let filter = HoldFilter { state: Some(state), ..HoldFilter::default() };
            let total = |found: &Vec<u8>| found.len() as u64;
            assert_eq!(listed(store, filter.clone(), 99), (before.clone(), total(&before)), "{state:?}");
            assert_eq!(listed(store, filter, 100), (after.clone(), total(&after)), "{state:?}");
        }
    });
}

#[test]
fn filters_narrow_each_other() {
    each(|store| {
        fill(store);
        let even = HoldFilter { tenant: Some("even".into()), ..HoldFilter::default() };
        assert_eq!(listed(store, even.clone(), 1), (vec![6, 4, 2, 0], 4));
        let even_high = HoldFilter { actor: Some("high".to_owned()), ..even };
        assert_eq!(listed(store, even_high.clone(), 1), (vec![6, 4], 2));
        let pending = HoldFilter { state: Some(HoldState::Pending), ..even_high.clone() };
        assert_eq!(listed(store, pending, 1), (vec![6], 1));
        let capability = HoldFilter { capability: Some("capability.1".to_owned()), ..even_high };
        assert_eq!(listed(store, capability, 1), (vec![4], 1));
        let in_part = HoldFilter { capability: Some("capability".to_owned()), ..HoldFilter::default() };
        assert_eq!(listed(store, in_part, 1), (vec![], 0));
    });
}

#[test]
fn pages_follow_each_other_and_know_of_the_rest() {
    each(|store| {
        fill(store);
        let mut filter = HoldFilter { limit: 3, ..HoldFilter::default() };
        let mut seen = Vec::new();
        loop {
            let page = store.list(&filter, at(1)).unwrap();
            assert_eq!(page.total, 8);
            let Some(last) = page.holds.last() else { break };
            filter.before = Some((last.ask.created_at, last.id));
            seen.extend(page.holds.iter().map(|hold| hold.id));
        }
        assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1, 0].map(id));
    });
}
