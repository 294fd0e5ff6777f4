//! Requests that wait, and what wakes them. Time is the test's: it goes on only when everything waits.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::holds::sample::id;
use crate::holds::{Entrant, RequestKey, WaitLimits, Waiter, Waiters, Woken};

const MOST: WaitLimits = WaitLimits { all: 9, actor: 9, hold: 9, bytes: 1000 };

fn request(rpc_id: &str) -> RequestKey {
    RequestKey {
        tenant: "default".into(),
        actor: "agent".into(),
        route: "pay".into(),
        session: None,
        rpc_id: rpc_id.to_owned(),
    }
}

fn entrant(actor: &str, hold: u8, bytes: usize) -> Entrant {
    Entrant { hold: id(hold), tenant: "default".into(), actor: actor.into(), request: None, bytes }
}

fn enter(waiters: &Arc<Waiters>, hold: u8, rpc_id: Option<&str>) -> Waiter {
    waiters.enter(Entrant { request: rpc_id.map(request), ..entrant("agent", hold, 1) }, MOST).unwrap()
}

/// What ends the wait within ten seconds.
async fn woken(waiter: &Waiter) -> Woken {
    waiter.woken(Instant::now() + Duration::from_secs(10)).await
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_when_its_time_is_up() {
    let waiters = Arc::new(Waiters::default());
    let waiter = enter(&waiters, 1, None);
    let began = Instant::now();
    assert_eq!(woken(&waiter).await, Woken::TimeUp);
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_change_wakes_those_that_wait_for_it_once() {
    let waiters = Arc::new(Waiters::default());
    waiters.wake(&id(1));
    let [one, other, elsewhere] = [1, 1, 2].map(|hold| enter(&waiters, hold, None));
    assert_eq!(waiters.of(&id(1)), 2);
    waiters.wake(&id(1));
    assert_eq!(woken(&one).await, Woken::Changed, "told between entering and waiting");
    assert_eq!(woken(&other).await, Woken::Changed);
    assert_eq!(woken(&elsewhere).await, Woken::TimeUp);
    assert_eq!(woken(&one).await, Woken::TimeUp, "one change wakes once");
}

#[tokio::test(start_paused = true)]
async fn a_change_wakes_while_waiting() {
    let waiters = Arc::new(Waiters::default());
    let waiter = enter(&waiters, 1, None);
    let changes = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        waiters.wake(&id(1));
    };
    let began = Instant::now();
    let (how, ()) = tokio::join!(woken(&waiter), changes);
    assert_eq!((how, began.elapsed().as_secs()), (Woken::Changed, 3));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_was_dropped_goes_on_in_the_next() {
    let waiters = Arc::new(Waiters::default());
    let waiter = enter(&waiters, 1, None);
    let cut = tokio::time::timeout(Duration::from_secs(1), woken(&waiter)).await;
    assert!(cut.is_err());
    waiters.wake(&id(1));
    assert_eq!(woken(&waiter).await, Woken::Changed);
}

#[tokio::test(start_paused = true)]
async fn a_request_is_called_off_by_its_key() {
    let waiters = Arc::new(Waiters::default());
    let [one, other] = ["1", "2"].map(|rpc_id| enter(&waiters, 1, Some(rpc_id)));
    let nameless = enter(&waiters, 1, None);
    for stranger in [
        request("3"),
        RequestKey { session: Some(vec![1]), ..request("1") },
        RequestKey { actor: "robot".into(), ..request("1") },
        RequestKey { tenant: "other".into(), ..request("1") },
        RequestKey { route: "read".into(), ..request("1") },
    ] {
        assert!(!waiters.cancel(&stranger), "{stranger:?}");
    }
    assert!(waiters.cancel(&request("1")));
    waiters.wake(&id(1));
    assert_eq!(woken(&one).await, Woken::Cancelled, "called off, whatever became of the hold");
    assert_eq!(woken(&one).await, Woken::Cancelled, "for good");
    assert_eq!(woken(&other).await, Woken::Changed);
    assert_eq!(woken(&nameless).await, Woken::Changed);
    drop(one);
    assert!(!waiters.cancel(&request("1")), "it does not wait any more");
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_every_wait_and_those_to_come() {
    let waiters = Arc::new(Waiters::default());
    let before = enter(&waiters, 1, Some("1"));
    waiters.cancel(&request("1"));
    waiters.stop();
    assert_eq!(woken(&before).await, Woken::Stopping);
    let after = enter(&waiters, 2, None);
    assert_eq!(woken(&after).await, Woken::Stopping);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_wait_under_way() {
    let waiters = Arc::new(Waiters::default());
    let waiter = enter(&waiters, 1, None);
    let stops = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        waiters.stop();
    };
    let (how, ()) = tokio::join!(woken(&waiter), stops);
    assert_eq!(how, Woken::Stopping);
}

#[test]
fn there_is_room_for_so_many_and_so_many_bytes() {
    let waiters = Arc::new(Waiters::default());
    let enter = |bytes, all, most_bytes| {
        waiters.enter(entrant("agent", 1, bytes), WaitLimits { all, bytes: most_bytes, ..MOST })
    };
    let first = enter(6, 2, 10).unwrap();
    assert!(enter(5, 2, 10).is_none(), "too many bytes");
    assert!(enter(usize::MAX, 2, usize::MAX).is_none(), "more bytes than can be counted");
    let second = enter(4, 2, 10).unwrap();
    assert!(enter(0, 2, 10).is_none(), "too many requests");
    assert!(enter(0, 3, 10).is_some());
    drop(first);
    assert!(enter(6, 2, 10).is_some(), "who leaves makes room");
    drop(second);
    assert_eq!(waiters.count(), 0);
}

#[test]
fn a_hold_and_an_actor_have_room_for_so_many() {
    let waiters = Arc::new(Waiters::default());
    let enter =
        |actor, hold| waiters.enter(entrant(actor, hold, 0), WaitLimits { actor: 3, hold: 2, ..MOST });
    let mut places = vec![enter("agent", 1).unwrap(), enter("agent", 1).unwrap()];
    assert!(enter("agent", 1).is_none() && enter("robot", 1).is_none(), "too many for the hold");
    places.push(enter("agent", 2).unwrap());
    assert!(enter("agent", 3).is_none(), "too many of the actor");
    places.push(enter("robot", 3).unwrap());
    let namesake = Entrant { tenant: "other".into(), ..entrant("agent", 4, 0) };
    assert!(waiters.enter(namesake, WaitLimits { actor: 3, ..MOST }).is_some(), "of another tenant");
    drop(places);
    assert!(enter("agent", 1).is_some(), "who leaves makes room");
}

#[test]
fn no_more_wait_than_the_process_can_keep_open() {
    let waiters = Arc::new(Waiters::default());
    waiters.cap(1);
    let first = enter(&waiters, 1, None);
    assert!(waiters.enter(entrant("robot", 2, 0), MOST).is_none());
    drop(first);
    assert!(waiters.enter(entrant("robot", 2, 0), WaitLimits { all: 0, ..MOST }).is_none(), "less is less");
    assert!(waiters.enter(entrant("robot", 2, 0), MOST).is_some());
}

#[test]
fn who_leaves_leaves_nothing_behind() {
    let waiters = Arc::new(Waiters::default());
    let places = [1, 1, 2].map(|hold| enter(&waiters, hold, Some("1")));
    assert_eq!((waiters.count(), waiters.of(&id(1)), waiters.of(&id(2))), (3, 2, 1));
    drop(places);
    assert_eq!((waiters.count(), waiters.of(&id(1)), waiters.of(&id(2))), (0, 0, 0));
    assert!(
        format!("{waiters:?}").contains("by_number: {}, by_hold: {}, by_request: {}, by_actor: {}, bytes: 0")
    );
}
