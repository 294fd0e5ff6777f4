//! Who is held back, and who never is.

use std::net::IpAddr;
use std::num::NonZeroU32;

use crate::gateway::{AuthThrottle, KeyRates, RateStanding};
use crate::identity::{IdentityError, Key, KeyRate, Patience};
use crate::model::time::Timestamp;

const SECOND: i64 = 1_000_000;

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

/// Fails at a second; what is answered.
fn fail(throttle: &AuthThrottle, client: Option<IpAddr>, second: i64) -> IdentityError {
    let now = Timestamp::from_micros(second * SECOND);
    let refused = throttle.attempt(client, now, |patience| match patience {
        Patience::Left => Err::<(), _>(IdentityError::Invalid),
        Patience::Spent { retry_after_s } => Err(IdentityError::Throttled { retry_after_s }),
    });
    refused.unwrap_err()
}

#[test]
fn an_address_that_fails_again_and_again_is_held_back_for_the_rest_of_a_minute() {
    let throttle = AuthThrottle::default();
    let (guesser, other) = (address("192.0.2.1"), address("192.0.2.2"));
    for _ in 0..20 {
        assert_eq!(fail(&throttle, guesser, 100), IdentityError::Invalid);
    }
    assert_eq!(fail(&throttle, guesser, 101), IdentityError::Throttled { retry_after_s: 59 });
    assert_eq!(fail(&throttle, guesser, 159), IdentityError::Throttled { retry_after_s: 1 });
    assert_eq!(fail(&throttle, other, 101), IdentityError::Invalid);
    assert_eq!(
        fail(&throttle, address("::ffff:192.0.2.1"), 101),
        IdentityError::Throttled { retry_after_s: 59 }
    );
    // What needs no patience, a key that is known, is let in from there too.
    let now = Timestamp::from_micros(101 * SECOND);
    assert_eq!(throttle.attempt(guesser, now, |_| Ok(1)), Ok(1));
    assert_eq!(fail(&throttle, guesser, 160), IdentityError::Invalid);
    assert_eq!(fail(&throttle, guesser, 161), IdentityError::Invalid);
}

#[test]
fn a_network_of_ipv6_is_one_and_a_local_socket_none() {
    let throttle = AuthThrottle::default();
    for number in 0..20 {
        let client = address(&format!("2001:db8::{number}"));
        assert_eq!(fail(&throttle, client, 0), IdentityError::Invalid);
    }
    assert!(matches!(fail(&throttle, address("2001:db8::ffff"), 0), IdentityError::Throttled { .. }));
    assert_eq!(fail(&throttle, address("2001:db8:0:1::1"), 0), IdentityError::Invalid);
    for _ in 0..100 {
        assert_eq!(fail(&throttle, None, 0), IdentityError::Invalid);
    }
}

#[test]
fn only_credentials_that_fail_count_and_a_clock_that_goes_back_ends_it() {
    let throttle = AuthThrottle::default();
    let client = address("192.0.2.1");
    for error in [IdentityError::Missing, IdentityError::Governing, IdentityError::ForeignActor] {
        for _ in 0..50 {
            let now = Timestamp::from_micros(0);
            assert_eq!(throttle.attempt(client, now, |_| Err::<(), _>(error)), Err(error));
        }
    }
    for _ in 0..20 {
        assert_eq!(fail(&throttle, client, 1000), IdentityError::Invalid);
    }
    assert!(matches!(fail(&throttle, client, 1000), IdentityError::Throttled { .. }));
    assert_eq!(fail(&throttle, client, 10), IdentityError::Invalid);
}

#[test]
fn when_all_places_are_taken_a_newcomer_is_not_held_back() {
    let throttle = AuthThrottle::default();
    for number in 0..10_000_u32 {
        fail(&throttle, Some(IpAddr::from(number.to_be_bytes())), 0);
    }
    let late = address("203.0.113.9");
    for _ in 0..50 {
        assert_eq!(fail(&throttle, late, 30), IdentityError::Invalid);
    }
    // A minute later there is room again.
    for _ in 0..20 {
        assert_eq!(fail(&throttle, late, 60), IdentityError::Invalid);
    }
    assert!(matches!(fail(&throttle, late, 60), IdentityError::Throttled { .. }));
}

fn key(tenant: &str, id: &str) -> Key {
    Key {
        id: id.into(),
        hash: [0; 32],
        tenant: tenant.into(),
        scopes: Vec::new(),
        actors: Vec::new(),
        actor: None,
        roles: [].into(),
        groups: [].into(),
        claims: [].into(),
        person: None,
        expires_at: None,
    }
}

fn rate(per_second: u32, per_day: u32) -> KeyRate {
    KeyRate { per_second: NonZeroU32::new(per_second), per_day: NonZeroU32::new(per_day) }
}

/// Limit, remaining, reset and whether it was one too many.
fn shown(standing: Option<RateStanding>) -> (u32, u32, i64, bool) {
    let standing = standing.unwrap();
    assert!(!standing.exceeded || standing.remaining == 0);
    (standing.limit, standing.remaining, standing.reset_s, standing.exceeded)
}

#[test]
fn requests_are_counted_by_key_second_and_day() {
    let (rates, bot) = (KeyRates::default(), key("acme", "bot"));
    let take = |key: &Key, micros| shown(rates.take(rate(2, 4), key, Timestamp::from_micros(micros)));
    let day = 86_400 * SECOND;
    assert_eq!(take(&bot, 0), (2, 1, 1, false));
    assert_eq!(take(&bot, SECOND - 1), (2, 0, 1, false));
    assert_eq!(take(&bot, SECOND - 1), (2, 0, 1, true));
    // Another key, and one of the same name elsewhere, have counts of their own.
    assert_eq!(take(&key("acme", "other"), 0), (2, 1, 1, false));
    assert_eq!(take(&key("else", "bot"), 0), (2, 1, 1, false));
    // What was refused was not counted: two are left of the day.
    assert_eq!(take(&bot, SECOND), (2, 1, 2, false));
    assert_eq!(take(&bot, SECOND), (2, 0, 2, false));
    assert_eq!(take(&bot, 5 * SECOND), (4, 0, 86_400, true));
    assert_eq!(take(&bot, day), (2, 1, 86_401, false));
}

#[test]
fn one_of_both_limits_is_enough() {
    let (rates, bot) = (KeyRates::default(), key("acme", "bot"));
    let now = Timestamp::from_micros(10 * SECOND);
    assert_eq!(shown(rates.take(rate(0, 1), &bot, now)), (1, 0, 86_400, false));
    let refused = rates.take(rate(0, 1), &bot, now).unwrap();
    assert_eq!((refused.exceeded, refused.retry_after_s), (true, 86_390));
    let rates = KeyRates::default();
    assert_eq!(shown(rates.take(rate(1, 0), &bot, now)), (1, 0, 11, false));
    assert_eq!(rates.take(rate(1, 0), &bot, now).unwrap().retry_after_s, 1);
    // A clock that goes back refills nothing, be it by a second or by a day.
    let earlier = Timestamp::from_micros(9 * SECOND);
    assert_eq!(shown(rates.take(rate(1, 0), &bot, earlier)), (1, 0, 11, true));
    let rates = KeyRates::default();
    let tomorrow = Timestamp::from_micros(86_400 * SECOND);
    assert_eq!(shown(rates.take(rate(0, 1), &bot, tomorrow)), (1, 0, 2 * 86_400, false));
    assert_eq!(shown(rates.take(rate(0, 1), &bot, now)), (1, 0, 2 * 86_400, true));
    assert_eq!(rates.take(rate(0, 0), &bot, now), None);
}
