//! Which address takes a call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::config::Balance;
use crate::decision::{Endpoint, UnderWay};

/// The addresses of an upstream: at least one.
#[derive(Clone, Debug)]
pub struct Endpoints {
    first: Endpoint,
    others: Vec<Endpoint>,
    balance: Balance,
    /// Where the next search begins; shared with the snapshots before and after.
    next: Arc<AtomicUsize>,
}

impl Endpoints {
    /// Addresses that calls are spread over.
    #[must_use]
    pub fn new(first: Endpoint, others: Vec<Endpoint>, balance: Balance) -> Self {
        Self { first, others, balance, next: Arc::default() }
    }

    /// The address for a call, by its number, and the place the call takes there until it has ended (where that is counted).
    ///
    /// One that is not fit is passed over as long as there is another. When none is fit, all are taken for fit: checks
    /// that are wrong must not shut a tool off that would have answered. Takes two atomic operations, or none when there is
    /// one address only.
    #[must_use]
    pub fn choose(&self, now_s: u32) -> (usize, Option<UnderWay>) {
        if self.others.is_empty() {
            return (0, None);
        }
        let begin = self.next.fetch_add(1, Ordering::Relaxed) % self.len();
        let number = self.search(begin, |_, endpoint| endpoint.state.is_fit(now_s));
        self.taken(number.or_else(|| self.search(begin, |_, _| true)).unwrap_or(begin))
    }

    /// Another fit address in the place of one that could not be reached; `None` when there is none.
    #[must_use]
    pub fn instead_of(&self, number: usize, now_s: u32) -> Option<(usize, Option<UnderWay>)> {
        let fit = |other: usize, endpoint: &Endpoint| other != number && endpoint.state.is_fit(now_s);
        self.search((number + 1) % self.len(), fit).map(|number| self.taken(number))
    }

    /// The address of a number; a number there is no address of stands for the first.
    #[must_use]
    pub fn at(&self, number: usize) -> &Endpoint {
        number.checked_sub(1).and_then(|number| self.others.get(number)).unwrap_or(&self.first)
    }

    /// Every address, in the order they are written.
    pub fn iter(&self) -> impl Iterator<Item = &Endpoint> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// How many there are.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        1 + self.others.len()
    }

    /// Goes on from `earlier`: addresses that were there already keep what is known of them. `checked`: checks are made.
    pub(super) fn succeed(&mut self, earlier: &Self, checked: bool) {
        self.next = Arc::clone(&earlier.next);
        for endpoint in std::iter::once(&mut self.first).chain(&mut self.others) {
            if let Some(before) = earlier.iter().find(|before| before.address == endpoint.address) {
                endpoint.state = Arc::clone(&before.state);
                if !checked {
                    endpoint.state.unchecked();
                }
            }
        }
    }

    /// The first one from `begin` on that may be taken; of those, with `least_loaded`, the first with the fewest calls.
    fn search(&self, begin: usize, may_be: impl Fn(usize, &Endpoint) -> bool) -> Option<usize> {
        let numbers = (begin..self.len()).chain(0..begin);
        let mut candidates = numbers.filter(|number| may_be(*number, self.at(*number)));
        match self.balance {
            Balance::RoundRobin => candidates.next(),
            Balance::LeastLoaded => candidates.min_by_key(|number| self.at(*number).state.under_way()),
        }
    }

    fn taken(&self, number: usize) -> (usize, Option<UnderWay>) {
        match self.balance {
            Balance::RoundRobin => (number, None),
            Balance::LeastLoaded => (number, Some(self.at(number).state.enter())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::EndpointAddress;

    fn endpoints(count: u16, balance: Balance) -> Endpoints {
        let mut all = (1..=count).map(|port| Endpoint {
            name: port.to_string().into(),
            address: EndpointAddress::Inet(([127, 0, 0, 1], port).into()),
            server_name: "".into(),
            state: Arc::default(),
        });
        Endpoints::new(all.next().unwrap(), all.collect(), balance)
    }

    fn rounds(endpoints: &Endpoints, calls: usize) -> Vec<usize> {
        (0..calls).map(|_| endpoints.choose(0).0).collect()
    }

    #[test]
    fn one_after_the_other_takes_a_call_and_unfit_ones_are_passed_over() {
        let three = endpoints(3, Balance::RoundRobin);
        assert_eq!(rounds(&three, 6), [0, 1, 2, 0, 1, 2]);
        three.at(1).state.failed(0, false);
        assert!(!rounds(&three, 6).contains(&1));
        assert_eq!(three.instead_of(0, 0).map(|(number, _)| number), Some(2));
        assert!(rounds(&three, 1)[0] != 1 && three.choose(100).0 <= 2);
        assert!((0..3).any(|_| three.choose(100).0 == 1), "rested");
    }

    #[test]
    fn when_none_is_fit_all_are_tried() {
        for balance in [Balance::RoundRobin, Balance::LeastLoaded] {
            let two = endpoints(2, balance);
            two.iter().for_each(|endpoint| _ = endpoint.state.failed(0, true));
            assert_eq!(rounds(&two, 4), [0, 1, 0, 1]);
            assert!(two.instead_of(0, 0).is_none());
        }
    }

    #[test]
    fn the_one_with_the_fewest_calls_is_preferred() {
        let three = endpoints(3, Balance::LeastLoaded);
        let held: Vec<_> = (0..5).map(|_| three.choose(0)).collect();
        let counts: Vec<_> = three.iter().map(|endpoint| endpoint.state.under_way()).collect();
        assert_eq!(counts.iter().sum::<usize>(), 5);
        assert!(counts.iter().all(|count| (1..=2).contains(count)), "{counts:?}");
        drop(held);
        let busy: Vec<_> = [0, 1].into_iter().map(|number| three.at(number).state.enter()).collect();
        assert_eq!(rounds(&three, 3), [2, 2, 2]);
        drop(busy);
        three.at(2).state.failed(0, false);
        assert!(!rounds(&three, 6).contains(&2));
    }

    #[test]
    fn what_is_known_of_an_address_outlives_a_change() {
        let before = endpoints(2, Balance::LeastLoaded);
        let held = before.at(1).state.enter();
        before.at(0).state.failed(0, true);
        let mut after = endpoints(3, Balance::RoundRobin);
        after.succeed(&before, true);
        assert_eq!((after.at(1).state.under_way(), after.at(2).state.under_way()), (1, 0));
        assert!(!after.at(0).state.is_fit(100) && after.at(2).state.is_fit(0));
        drop(held);
        assert_eq!(after.at(1).state.under_way(), 0);
        let mut unchecked = endpoints(1, Balance::RoundRobin);
        unchecked.succeed(&after, false);
        assert!(unchecked.at(0).state.is_fit(100));
    }

    #[test]
    fn a_single_address_is_not_counted() {
        let one = endpoints(1, Balance::LeastLoaded);
        let (number, place) = one.choose(0);
        assert!(number == 0 && place.is_none() && one.instead_of(0, 0).is_none());
    }
}
