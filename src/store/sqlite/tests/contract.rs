//! What any store of holds does, asked of the plainest one and of SQLite alike.

use crate::holds::sample::{approver, ask, at, digest, hold, id, lift};
use crate::holds::{
    Approval, Decided, Hold, HoldState, HoldStore, Inserted, Lift, MemoryStore, PendingCounts, ShownArguments,
};
use crate::model::call::PrincipalKind;
use crate::model::decision::{Engine, Outcome};
use crate::store::SqliteStore;

/// Runs `check` over each kind of store, empty.
pub(super) fn each(check: impl Fn(&dyn HoldStore)) {
    check(&MemoryStore::default());
    let folder = tempfile::tempdir().unwrap();
    check(&SqliteStore::open(&folder.path().join("aegis.db")).unwrap());
}

pub(super) fn put(store: &dyn HoldStore, hold: &Hold) {
    assert_eq!(store.insert(hold), Ok(Inserted::Yes), "{hold:?}");
}

/// Puts in a hold that stands in `state`.
pub(super) fn put_standing(store: &dyn HoldStore, number: u8, state: HoldState) -> Hold {
    let hold = Hold { state, ..hold(number) };
    put(store, &hold);
    hold
}

/// A hold with something in every place.
fn full() -> Hold {
    let mut full = hold(1);
    full.ask.actor_kind = PrincipalKind::Automation;
    full.ask.outcome = Outcome::Escalate;
    full.ask.arguments = ShownArguments::new("{\"name\":\"Zo\u{eb} \\u0000 \\\"\u{1f980}\"}".to_owned(), 3);
    full.ask.lifts = vec![
        lift("big"),
        Lift { engine: Engine::Default, rule: None, source: None, outcome: Outcome::Escalate },
        Lift {
            engine: Engine::Naming,
            rule: Some("".into()),
            source: Some("pol_one v2".into()),
            outcome: Outcome::RequireConfirmation,
        },
    ];
    full.ask.roles = vec!["risk_lead".into(), "security_lead".into()];
    full.revision = u64::from(u32::MAX) + 2;
    full.approvals = vec![Approval {
        by: "k1".to_owned(),
        person: Some("bob".to_owned()),
        roles: vec!["risk_lead".to_owned()],
        at: at(7),
        comment: Some("fine by me".to_owned()),
    }];
    full.decided = Some(Decided { by: "k2".to_owned(), at: at(8), comment: Some("no".to_owned()) });
    full.superseded = true;
    full.consumed_by = Some("dec_2".to_owned());
    full.recorded = false;
    full
}

/// A hold with nothing where nothing may be.
fn bare() -> Hold {
    let mut bare = hold(2);
    bare.ask.key = None;
    bare.ask.person = None;
    bare.ask.ticket = false;
    bare.ask.lifts = Vec::new();
    bare.ask.arguments = ShownArguments::new("x".repeat(ShownArguments::MAX_BYTES + 1), 0);
    bare.ask.capability = String::new();
    bare
}

#[test]
fn a_hold_is_read_back_as_it_was_put_in_and_as_it_was_replaced() {
    each(|store| {
        for hold in [full(), bare()] {
            put(store, &hold);
            assert_eq!(store.by_id(&hold.id), Ok(Some(hold.clone())));
            let next = Hold { revision: hold.revision + 1, ..full() };
            let next = Hold { id: hold.id, ask: hold.ask, ..next };
            assert_eq!(store.replace(&next), Ok(true));
            assert_eq!(store.by_id(&next.id), Ok(Some(next)));
        }
        assert_eq!(store.by_id(&id(9)), Ok(None));
    });
}

#[test]
fn every_state_is_read_back() {
    each(|store| {
        for (number, state) in (0..).zip(HoldState::ALL) {
            let hold = put_standing(store, number, state);
            assert_eq!(store.by_id(&hold.id), Ok(Some(hold)));
        }
    });
}

#[test]
fn one_hold_with_a_ticket_is_open_for_a_call() {
    each(|store| {
        let first = put_standing(store, 1, HoldState::Pending);
        let second = Hold { id: id(2), ..first.clone() };
        assert_eq!(store.insert(&second), Ok(Inserted::Taken));
        assert_eq!(store.by_id(&second.id), Ok(None));
        let mut elsewhere = Hold { id: id(3), ..first.clone() };
        elsewhere.ask.tenant = "other".into();
        put(store, &elsewhere);
        let mut without_ticket = Hold { id: id(4), ..first.clone() };
        without_ticket.ask.ticket = false;
        put(store, &without_ticket);
        put(store, &Hold { id: id(5), state: HoldState::Expired, ..first.clone() });

        let approved = first.approve(&approver("k", None, &[]), None, at(1)).unwrap();
        assert_eq!(store.replace(&approved), Ok(true));
        assert_eq!(store.insert(&second), Ok(Inserted::Taken), "approved is open");
        let consumed = Hold { recorded: true, ..approved }.consume("dec_2", at(2)).unwrap();
        assert_eq!(store.replace(&consumed), Ok(true));
        put(store, &second);
        let back = consumed.give_back("dec_2").unwrap();
        assert_eq!(store.replace(&back), Ok(false), "another was opened meanwhile");
        assert_eq!(store.by_id(&consumed.id), Ok(Some(consumed)));
    });
}

#[test]
fn a_hold_is_replaced_by_its_next_revision_only() {
    each(|store| {
        let first = put_standing(store, 1, HoldState::Pending);
        let cancelled = first.cancel("agent", None, at(1)).unwrap();
        let rejected = first.reject(&approver("k", None, &[]), None, at(1)).unwrap();
        for revision in [0, 1, 3, u64::from(u32::MAX)] {
            assert_eq!(store.replace(&Hold { revision, ..cancelled.clone() }), Ok(false), "{revision}");
        }
        assert_eq!(store.replace(&Hold { id: id(2), ..cancelled.clone() }), Ok(false), "no such hold");
        assert_eq!(store.by_id(&first.id), Ok(Some(first.clone())));
        assert_eq!(store.replace(&cancelled), Ok(true));
        assert_eq!(store.replace(&rejected), Ok(false), "somebody was first");
        assert_eq!(store.by_id(&first.id), Ok(Some(cancelled)));
    });
}

#[test]
fn the_revision_that_is_there_is_marked_recorded() {
    each(|store| {
        let first = Hold { recorded: false, ..hold(1) };
        put(store, &first);
        let other = Hold { recorded: false, ..hold(2) };
        put(store, &other);
        store.mark_recorded(&first.id, 2).unwrap();
        store.mark_recorded(&id(9), 1).unwrap();
        assert_eq!(store.unrecorded(9), Ok(vec![first.clone(), other.clone()]));
        assert_eq!(store.unrecorded(1), Ok(vec![first.clone()]));
        store.mark_recorded(&first.id, 1).unwrap();
        assert_eq!(store.unrecorded(9), Ok(vec![other]));
        assert_eq!(store.by_id(&first.id), Ok(Some(hold(1))));
    });
}

#[test]
fn the_open_hold_of_a_call_is_found_unless_it_is_rejected() {
    each(|store| {
        let current = |now| store.current("default", &digest(1), at(now)).unwrap().map(|hold| hold.id);
        let of_call_1 = |number: u8, state, expires_at| {
            let mut hold = Hold { id: id(number), state, ..hold(1) };
            hold.ask.expires_at = at(expires_at);
            hold
        };
        for state in [HoldState::Consumed, HoldState::Expired, HoldState::Cancelled] {
            let mut done = of_call_1(state as u8 + 100, state, 300);
            done.ask.ticket = true;
            put(store, &done);
        }
        let mut without_ticket = of_call_1(1, HoldState::Pending, 300);
        without_ticket.ask.ticket = false;
        put(store, &without_ticket);
        put(store, &hold(2));
        let mut elsewhere = of_call_1(3, HoldState::Pending, 300);
        elsewhere.ask.tenant = "other".into();
        put(store, &elsewhere);
        assert_eq!(current(1), None);

        put(store, &of_call_1(4, HoldState::Pending, 50));
        assert_eq!(current(1), Some(id(4)));
        assert_eq!(current(99), Some(id(4)), "out of time, and not marked yet");
        put(store, &of_call_1(5, HoldState::Rejected, 90));
        put(store, &of_call_1(6, HoldState::Rejected, 30));
        assert_eq!(current(1), Some(id(5)), "the rejection that ends last");
        assert_eq!(current(89), Some(id(5)));
        assert_eq!(current(90), Some(id(4)));
    });
}

#[test]
fn what_is_pending_is_counted_while_there_is_time() {
    each(|store| {
        assert_eq!(store.pending("default", "agent", at(0)), Ok(PendingCounts::default()));
        for (number, tenant, actor, seconds) in [
            (1, "default", "agent", 10),
            (2, "default", "agent", 20),
            (3, "default", "robot", 20),
            (4, "other", "agent", 20),
        ] {
            let mut hold = hold(number);
            hold.ask.tenant = tenant.into();
            hold.ask.actor = actor.into();
            hold.ask.expires_at = at(seconds);
            put(store, &hold);
        }
        put_standing(store, 5, HoldState::Approved);
        let counts = |all, tenant, actor| Ok(PendingCounts { all, tenant, actor });
        assert_eq!(store.pending("default", "agent", at(9)), counts(4, 3, 2));
        assert_eq!(store.pending("default", "agent", at(10)), counts(3, 2, 1));
        assert_eq!(store.pending("other", "robot", at(9)), counts(4, 1, 0));
        assert_eq!(store.pending("default", "agent", at(20)), counts(0, 0, 0));
    });
}

#[test]
fn open_holds_run_out() {
    each(|store| {
        assert_eq!(store.next_due(), Ok(None));
        for (number, seconds, state) in [
            (1, 30, HoldState::Pending),
            (2, 20, HoldState::Approved),
            (3, 10, HoldState::Consumed),
            (4, 10, HoldState::Rejected),
        ] {
            let mut hold = Hold { state, ..hold(number) };
            hold.ask.expires_at = at(seconds);
            put(store, &hold);
        }
        let due = |now, limit| {
            let due = store.due(at(now), limit).unwrap();
            let mut ids: Vec<String> = due.iter().map(|hold| hold.id.to_string()).collect();
            ids.sort();
            ids
        };
        assert_eq!(store.next_due(), Ok(Some(at(20))));
        assert_eq!(due(19, 9), Vec::<String>::new());
        assert_eq!(due(20, 9), [id(2).to_string()]);
        assert_eq!(due(30, 9), [id(1).to_string(), id(2).to_string()]);
        assert_eq!(due(30, 1).len(), 1);
        for hold in store.due(at(30), 9).unwrap() {
            assert_eq!(store.replace(&hold.expire(at(30)).unwrap()), Ok(true));
        }
        assert_eq!((due(99, 9).len(), store.next_due()), (0, Ok(None)));
    });
}

#[test]
fn what_is_over_and_recorded_is_forgotten() {
    each(|store| {
        for (number, state) in (0..).zip(HoldState::ALL) {
            put_standing(store, number, state);
            let late = Hold { state, recorded: false, ..hold(number + 10) };
            put(store, &late);
        }
        put_standing(store, 30, HoldState::Rejected);
        let count = |state| store.counts().unwrap().of(state);
        assert_eq!(HoldState::ALL.map(count), [2, 2, 2, 3, 2, 2]);
        assert_eq!(store.forget(at(300)), Ok(0), "the time given is not before itself");
        assert_eq!(store.forget(at(301)), Ok(5));
        assert_eq!(HoldState::ALL.map(count), [2, 2, 1, 1, 1, 1]);
        assert_eq!(store.forget(at(301)), Ok(0));
    });
}

#[test]
fn of_many_that_change_one_hold_at_once_one_does() {
    each(|store| {
        put_standing(store, 1, HoldState::Pending);
        let approved = Hold { state: HoldState::Approved, ..hold(1) };
        let won = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..8)
                .map(|racer| {
                    let consumed = approved.consume(&format!("dec_{racer}"), at(1)).unwrap();
                    scope.spawn(move || store.replace(&consumed).unwrap())
                })
                .collect();
            racers.into_iter().map(|racer| usize::from(racer.join().unwrap())).sum::<usize>()
        });
        assert_eq!(won, 1);
    });
}

#[test]
fn of_many_that_open_a_hold_for_one_call_at_once_one_does() {
    each(|store| {
        let opened = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..8)
                .map(|racer| {
                    let hold = Hold::open(id(racer), ask(1));
                    scope.spawn(move || store.insert(&hold).unwrap() == Inserted::Yes)
                })
                .collect();
            racers.into_iter().map(|racer| usize::from(racer.join().unwrap())).sum::<usize>()
        });
        assert_eq!(opened, 1);
    });
}

#[test]
fn several_are_replaced_at_once_each_unless_it_was_changed() {
    each(|store| {
        let holds = [1, 2, 3].map(|number| put_standing(store, number, HoldState::Pending));
        let mut consumed = Hold { state: HoldState::Consumed, ..hold(4) };
        consumed.ask.digest = digest(1);
        put(store, &consumed);
        let mut next: Vec<Hold> = holds.iter().map(|hold| hold.expire(at(300)).unwrap()).collect();
        next[1].revision += 1;
        // A second open hold for call 1 is there as long as the first one is.
        let open = Hold { state: HoldState::Approved, revision: 2, ..consumed.clone() };
        next.insert(0, open.clone());
        assert_eq!(store.replace_all(&next), Ok(vec![false, true, false, true]));
        let states = [1, 2, 3, 4].map(|number| store.by_id(&id(number)).unwrap().unwrap().state);
        let expected = [HoldState::Expired, HoldState::Pending, HoldState::Expired, HoldState::Consumed];
        assert_eq!(states, expected);
        assert_eq!(store.replace_all(&[open]), Ok(vec![true]));
        assert_eq!(store.replace_all(&[]), Ok(Vec::new()));
    });
}
