//! What a call finds, or opens.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::holds::sample::{approver, ask, at, digest, hold, id, lift};
use crate::holds::{
    Ask, Claim, Ended, Hold, HoldCounts, HoldFilter, HoldPage, HoldState, HoldStore, Inserted, Limit, Limits,
    MemoryStore, Named, PendingCounts, Standing, StoreError, claim,
};
use crate::model::call::CallDigest;
use crate::model::id::Id;
use crate::model::time::Timestamp;

const MANY: Limits = Limits { all: 99, tenant: 99, actor: 99 };

fn claims(store: &dyn HoldStore, fresh: u8, ask: &Ask, named: Named, now: i64) -> Claim {
    let ask = Ask { created_at: at(now), expires_at: at(now + 300), ..ask.clone() };
    claim(store, id(fresh), &ask, named, MANY, at(now)).unwrap()
}

/// How call 1 stands, asked at second `now`; a hold that is opened gets number 9.
fn stands(store: &dyn HoldStore, named: Named, now: i64) -> Standing {
    claims(store, 9, &ask(1), named, now).standing
}

/// A store in which hold 1 of call 1 stands like that.
fn with(change: impl FnOnce(&mut Hold)) -> (MemoryStore, Hold) {
    let (store, mut hold) = (MemoryStore::default(), hold(1));
    change(&mut hold);
    assert_eq!(store.insert(&hold), Ok(Inserted::Yes));
    (store, hold)
}

fn standing(state: HoldState) -> (MemoryStore, Hold) {
    with(|hold| hold.state = state)
}

/// The hold that was opened under number 9.
fn opened(standing: &Standing) -> bool {
    matches!(standing, Standing::Pending(hold) if hold.id == id(9) && hold.revision == 1)
}

#[test]
fn a_call_opens_a_hold_and_finds_it_again() {
    let store = MemoryStore::default();
    let first = claims(&store, 9, &ask(1), Named::No, 0);
    assert!(
        opened(&first.standing) && first.changed == [(None, store.by_id(&id(9)).unwrap().unwrap())],
        "{first:?}"
    );
    let again = claims(&store, 8, &ask(1), Named::No, 299);
    assert_eq!((again.standing, again.changed.len()), (first.standing, 0));
    let other = claims(&store, 8, &ask(2), Named::No, 0);
    assert_eq!(other.changed[0].1.id, id(8), "another call has a hold of its own");
}

#[test]
fn an_approval_counts_once_the_ledger_tells_of_it() {
    let (store, approved) = with(|hold| {
        *hold = hold.approve(&approver("k", None, &[]), None, at(1)).unwrap();
    });
    assert_eq!(stands(&store, Named::No, 2), Standing::Pending(approved.clone()));
    assert_eq!(stands(&store, Named::Awaited(approved.id), 2), Standing::Pending(approved.clone()));
    store.mark_recorded(&approved.id, approved.revision).unwrap();
    let told = Hold { recorded: true, ..approved };
    assert_eq!(stands(&store, Named::No, 2), Standing::Approved(told.clone()));
    assert_eq!(stands(&store, Named::Awaited(told.id), 2), Standing::Approved(told));
}

#[test]
fn a_no_holds_until_the_hold_would_have_ended() {
    let (store, rejected) = standing(HoldState::Rejected);
    for named in [Named::No, Named::ByCaller(rejected.id), Named::Awaited(rejected.id)] {
        assert_eq!(
            stands(&store, named, 299),
            Standing::Ended(Ended::Rejected(rejected.clone())),
            "{named:?}"
        );
    }
    let waited = stands(&store, Named::Awaited(rejected.id), 300);
    assert_eq!(waited, Standing::Ended(Ended::Rejected(rejected.clone())), "who waited is told");
    assert!(opened(&stands(&store, Named::ByCaller(rejected.id), 300)), "who comes later asks anew");
}

#[test]
fn a_hold_out_of_time_makes_room_for_a_new_one() {
    for state in [HoldState::Pending, HoldState::Approved] {
        for named in [Named::No, Named::ByCaller(id(1))] {
            let (store, _) = standing(state);
            let claimed = claims(&store, 9, &ask(1), named, 300);
            assert!(opened(&claimed.standing), "{named:?} {claimed:?}");
            let changed: Vec<_> = claimed.changed.iter().map(|(_, hold)| (hold.id, hold.state)).collect();
            assert_eq!(changed, [(id(1), HoldState::Expired), (id(9), HoldState::Pending)]);
        }
        let (store, late) = standing(state);
        assert_eq!(
            stands(&store, Named::Awaited(late.id), 300),
            Standing::Ended(Ended::Expired(late)),
            "who waited is told"
        );
    }
}

#[test]
fn what_has_ended_is_told_to_who_waited_and_asked_anew_by_others() {
    for (state, awaited) in [
        (HoldState::Expired, Ended::Expired as fn(Hold) -> Ended),
        (HoldState::Cancelled, Ended::Cancelled),
        (HoldState::Consumed, Ended::Consumed),
    ] {
        let (store, ended) = standing(state);
        assert_eq!(stands(&store, Named::Awaited(ended.id), 1), Standing::Ended(awaited(ended.clone())));
        if state == HoldState::Consumed {
            assert_eq!(stands(&store, Named::ByCaller(ended.id), 1), Standing::Ended(awaited(ended)));
            assert!(opened(&stands(&store, Named::No, 1)), "a repeat after it is a new call");
        } else {
            assert!(opened(&stands(&store, Named::ByCaller(ended.id), 1)), "{state:?}");
        }
    }
}

#[test]
fn a_hold_that_showed_too_little_or_asked_too_few_is_superseded() {
    for state in [HoldState::Pending, HoldState::Approved] {
        let names = [Named::No, Named::ByCaller(id(1)), Named::Awaited(id(1))];
        for (named, roles) in names.into_iter().flat_map(|named| [(named, false), (named, true)]) {
            let (store, _) = with(|hold| {
                hold.state = state;
                hold.ask.roles = vec!["risk_lead".into(), "security_lead".into()];
            });
            let mut more = ask(1);
            if roles {
                more.roles = vec!["risk_lead".into(), "audit_lead".into()];
            } else {
                more.lifts.push(lift("far"));
            }
            let claimed = claims(&store, 9, &more, named, 1);
            assert!(opened(&claimed.standing), "{named:?} {claimed:?}");
            let old = store.by_id(&id(1)).unwrap().unwrap();
            assert!(old.superseded && old.state == HoldState::Cancelled, "{old:?}");
            let next = claims(&store, 8, &more, Named::Awaited(id(1)), 2).standing;
            assert!(
                matches!(next, Standing::Pending(hold) if hold.id == id(9)),
                "who waited waits for the next"
            );
        }
    }
}

#[test]
fn a_hold_that_showed_or_asked_for_more_is_good() {
    let (store, approved) = with(|hold| {
        hold.state = HoldState::Approved;
        hold.ask.lifts.push(lift("far"));
        hold.ask.roles = vec!["risk_lead".into(), "security_lead".into()];
    });
    assert_eq!(stands(&store, Named::No, 1), Standing::Approved(approved.clone()));
    let fewer = Ask { roles: vec!["security_lead".into()], ..ask(1) };
    assert_eq!(claims(&store, 9, &fewer, Named::No, 1).standing, Standing::Approved(approved));
}

#[test]
fn a_hold_of_something_else_cannot_be_named() {
    let changes: [fn(&mut Ask); 4] = [
        |ask| ask.tenant = "other".into(),
        |ask| ask.actor = "other".into(),
        |ask| ask.digest = digest(2),
        |ask| ask.ticket = false,
    ];
    for change in changes {
        let (store, hold) = with(|hold| {
            hold.state = HoldState::Approved;
            change(&mut hold.ask);
        });
        assert_eq!(stands(&store, Named::ByCaller(hold.id), 1), Standing::Ended(Ended::Foreign));
    }
    assert_eq!(stands(&MemoryStore::default(), Named::ByCaller(id(1)), 1), Standing::Ended(Ended::Foreign));
    assert_eq!(stands(&MemoryStore::default(), Named::Awaited(id(1)), 1), Standing::Ended(Ended::Foreign));
}

#[test]
fn without_a_ticket_only_a_no_is_found() {
    let anonymous = Ask { ticket: false, ..ask(1) };
    for ticket in [true, false] {
        for state in [HoldState::Pending, HoldState::Approved] {
            let (store, _) = with(|hold| {
                hold.state = state;
                hold.ask.ticket = ticket;
            });
            assert!(opened(&claims(&store, 9, &anonymous, Named::No, 1).standing), "{ticket} {state:?}");
        }
        let (store, rejected) = with(|hold| {
            hold.state = HoldState::Rejected;
            hold.ask.ticket = ticket;
        });
        assert_eq!(
            claims(&store, 9, &anonymous, Named::No, 1).standing,
            Standing::Ended(Ended::Rejected(rejected))
        );
    }
    let (store, own) = with(|hold| {
        hold.state = HoldState::Approved;
        hold.ask.ticket = false;
    });
    let waited = claims(&store, 9, &anonymous, Named::Awaited(own.id), 1);
    assert_eq!(waited.standing, Standing::Approved(own), "but for the one that was waited for");
}

#[test]
fn a_no_to_one_hold_is_a_no_to_the_call() {
    let (store, _) = with(|hold| {
        hold.state = HoldState::Approved;
        hold.ask.ticket = false;
    });
    let mut rejected = Hold { id: id(2), state: HoldState::Rejected, ..hold(1) };
    rejected.ask.ticket = false;
    store.insert(&rejected).unwrap();
    let anonymous = Ask { ticket: false, ..ask(1) };
    let waited = claims(&store, 9, &anonymous, Named::Awaited(id(1)), 1);
    assert_eq!(waited.standing, Standing::Ended(Ended::Rejected(rejected)));
}

#[test]
fn each_limit_is_kept() {
    let store = MemoryStore::default();
    for (number, tenant, actor) in [(2, "default", "agent"), (3, "default", "robot"), (4, "other", "agent")] {
        let mut hold = hold(number);
        hold.ask.tenant = tenant.into();
        hold.ask.actor = actor.into();
        store.insert(&hold).unwrap();
    }
    for (limits, full) in [
        (Limits { actor: 1, ..MANY }, Some(Limit::Actor)),
        (Limits { tenant: 2, ..MANY }, Some(Limit::Tenant)),
        (Limits { all: 3, ..MANY }, Some(Limit::All)),
        (Limits { all: 4, tenant: 3, actor: 2 }, None),
    ] {
        let claimed = claim(&store, id(9), &ask(1), Named::No, limits, at(1)).unwrap();
        match full {
            Some(limit) => {
                assert_eq!(
                    (claimed.standing, claimed.changed),
                    (Standing::Ended(Ended::Full(limit)), Vec::new())
                )
            }
            None => assert!(opened(&claimed.standing), "{claimed:?}"),
        }
    }
    let full = Limits { all: 0, tenant: 0, actor: 0 };
    let again = claim(&store, id(8), &ask(1), Named::No, full, at(1)).unwrap();
    assert!(opened(&again.standing), "what is there is found in any case");
}

/// Lets another call open its hold each time just before one is put in, so often.
#[derive(Debug)]
struct Contested {
    inner: MemoryStore,
    times: AtomicUsize,
    /// Whether the other's hold ends at once.
    fleeting: bool,
}

impl HoldStore for Contested {
    fn insert(&self, hold: &Hold) -> Result<Inserted, StoreError> {
        if self.times.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
        {
            return self.inner.insert(hold);
        }
        if self.fleeting {
            return Ok(Inserted::Taken);
        }
        self.inner.insert(&Hold { id: id(7), ..hold.clone() })?;
        self.inner.insert(hold)
    }
    fn replace(&self, hold: &Hold) -> Result<bool, StoreError> {
        self.inner.replace(hold)
    }
    fn replace_all(&self, holds: &[Hold]) -> Result<Vec<bool>, StoreError> {
        holds.iter().map(|hold| self.replace(hold)).collect()
    }
    fn mark_recorded(&self, id: &Id, revision: u64) -> Result<(), StoreError> {
        self.inner.mark_recorded(id, revision)
    }
    fn by_id(&self, id: &Id) -> Result<Option<Hold>, StoreError> {
        self.inner.by_id(id)
    }
    fn current(&self, tenant: &str, digest: &CallDigest, now: Timestamp) -> Result<Option<Hold>, StoreError> {
        self.inner.current(tenant, digest, now)
    }
    fn pending(&self, tenant: &str, actor: &str, now: Timestamp) -> Result<PendingCounts, StoreError> {
        self.inner.pending(tenant, actor, now)
    }
    fn list(&self, filter: &HoldFilter, now: Timestamp) -> Result<HoldPage, StoreError> {
        self.inner.list(filter, now)
    }
    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Hold>, StoreError> {
        self.inner.due(now, limit)
    }
    fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.inner.next_due()
    }
    fn unrecorded(&self, limit: usize) -> Result<Vec<Hold>, StoreError> {
        self.inner.unrecorded(limit)
    }
    fn counts(&self) -> Result<HoldCounts, StoreError> {
        self.inner.counts()
    }
    fn forget(&self, time: Timestamp) -> Result<usize, StoreError> {
        self.inner.forget(time)
    }
}

fn contested(times: usize, fleeting: bool) -> Contested {
    Contested { inner: MemoryStore::default(), times: times.into(), fleeting }
}

#[test]
fn who_comes_second_finds_what_the_first_opened() {
    let standing = stands(&contested(1, false), Named::No, 1);
    assert!(matches!(standing, Standing::Pending(hold) if hold.id == id(7)));
    assert!(opened(&stands(&contested(3, true), Named::No, 1)), "it is tried again");
}

#[test]
fn a_hold_that_never_stands_still_is_an_error() {
    let claimed = claim(&contested(99, true), id(9), &ask(1), Named::No, MANY, at(1));
    assert!(claimed.is_err(), "{claimed:?}");
}
