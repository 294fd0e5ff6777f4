//! Sixteen threads at one grant, and at many.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Barrier, Mutex};

use crate::facts::tests::support::{commit, taken_at};
use crate::facts::{Live, Who};
use crate::model::decision::RateLimit;
use crate::model::time::Timestamp;

const THREADS: usize = 16;
const SECOND: i64 = 1_000_000;

/// Every thread moves the clock, asks, and gives every fifth use back; the uses that are kept, by grant.
fn run(grants: usize, limit: RateLimit, each: i64) -> (Arc<Live>, Vec<Vec<i64>>) {
    let live = Arc::new(Live::default());
    let (clock, start) = (AtomicI64::new(0), Barrier::new(THREADS));
    let kept: Vec<Mutex<Vec<i64>>> = (0..grants).map(|_| Mutex::default()).collect();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (live, clock, start, kept) = (&live, &clock, &start, &kept);
            scope.spawn(move || {
                start.wait();
                for number in 0..each {
                    let grant = (usize::try_from(number).unwrap() + thread) % grants;
                    // Some threads read the clock and come late.
                    let now = clock.fetch_add(SECOND / 16, Ordering::Relaxed) - number % 3 * SECOND;
                    let who = Who::new("t", "ann", &format!("a.n{grant}"));
                    let Ok(reservation) = commit(live, &who, limit, Timestamp::from_micros(now)) else {
                        continue;
                    };
                    if number % 5 == 0 {
                        drop(reservation);
                        continue;
                    }
                    kept[grant].lock().unwrap().push(taken_at(&reservation).as_micros());
                    reservation.spend();
                }
            });
        }
    });
    (live, kept.into_iter().map(|kept| kept.into_inner().unwrap()).collect())
}

#[test]
fn no_window_holds_more_than_the_limit() {
    for (grants, most, window_s, each) in
        [(1, 7, 10, 2000), (3, 1, 1, 2000), (5, 40, 100, 2000), (1, 1000, 100_000, 500)]
    {
        let (live, kept) = run(grants, RateLimit { max_requests: most, window_s }, each);
        for (grant, mut kept) in kept.into_iter().enumerate() {
            kept.sort_unstable();
            assert!(!kept.is_empty());
            for (first, beyond) in kept.iter().zip(kept.iter().skip(most as usize)) {
                assert!(
                    beyond - first >= i64::from(window_s) * SECOND,
                    "{most} and one more within {window_s} s of grant {grant}"
                );
            }
            let who = Who::new("t", "ann", &format!("a.n{grant}"));
            assert_eq!(live.uses(&who, 2_678_400, Timestamp::from_micros(0)) as usize, kept.len());
        }
    }
}
