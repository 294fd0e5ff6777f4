//! What any store of overrides does, asked of the plainest one and of SQLite alike; and what SQLite's keeps.

use crate::holds::sample::{approver, at};
use crate::holds::{
    EXPIRED_OVERRIDE_KEPT, MemoryOverrideStore, MessageHash, Override, OverrideAsk, OverrideMessage,
    OverrideStore, StoreError,
};
use crate::model::id::{DECISION, Id};
use crate::store::SqliteStore;

fn id(number: u8) -> Id {
    Id::new(DECISION, at(0), [number; 10])
}

/// The override of the decision of that number after another vote at second 0.
fn voted(number: u8, before: Option<&Override>, role: &str) -> Override {
    let (decision_id, text) = (id(number), "why \u{1f980}\n\"so\" \0");
    let ask =
        OverrideAsk { decision_id, tenant: "acme".into(), actor: "agent".into(), key: None, person: None };
    let message =
        OverrideMessage { hash: MessageHash::of(&decision_id, text), justification: text.to_owned() };
    let who = approver(role, Some(role), &[role]);
    Override::vote(before, &ask, &message, (&who, at(0))).unwrap()
}

fn each(check: impl Fn(&dyn OverrideStore)) {
    check(&MemoryOverrideStore::default());
    let folder = tempfile::tempdir().unwrap();
    check(&SqliteStore::open(&folder.path().join("aegis.db")).unwrap());
}

#[test]
fn one_revision_takes_the_place_of_the_one_before() {
    each(|store| {
        let first = voted(1, None, "risk_lead");
        let second = voted(1, Some(&first), "security_lead");
        assert_eq!(store.find_override(&id(1)), Ok(None));
        assert_eq!(store.replace_override(&second, at(0)), Ok(false), "nothing is there to be replaced");
        assert_eq!(store.replace_override(&first, at(0)), Ok(true));
        assert_eq!(store.replace_override(&first, at(0)), Ok(false), "another came first");
        assert_eq!(store.find_override(&id(1)), Ok(Some(first.clone())));
        assert_eq!(store.replace_override(&second, at(0)), Ok(true));
        assert_eq!(store.replace_override(&second, at(0)), Ok(false));
        let later = Override { revision: 4, ..second.clone() };
        assert_eq!(store.replace_override(&later, at(0)), Ok(false));
        assert_eq!(store.find_override(&id(1)), Ok(Some(second)));
        assert_eq!(store.find_override(&id(2)), Ok(None));
    });
}

#[test]
fn what_ran_out_long_ago_is_forgotten_and_what_was_granted_never() {
    each(|store| {
        let requested = voted(1, None, "risk_lead");
        let granted =
            [voted(2, None, "risk_lead")].map(|first| (voted(2, Some(&first), "security_lead"), first));
        for (granted, first) in &granted {
            assert_eq!(store.replace_override(first, at(0)), Ok(true));
            assert_eq!(store.replace_override(granted, at(0)), Ok(true));
        }
        assert_eq!(store.replace_override(&requested, at(0)), Ok(true));
        let until = requested.expires_at.after(EXPIRED_OVERRIDE_KEPT);
        let just_before = crate::model::time::Timestamp::from_micros(until.as_micros() - 1);
        let fresh = |number: u8| Override {
            expires_at: until.after(EXPIRED_OVERRIDE_KEPT),
            ..voted(number, None, "risk_lead")
        };
        assert_eq!(store.replace_override(&fresh(3), just_before), Ok(true));
        assert_eq!(store.find_override(&id(1)), Ok(Some(requested)));
        assert_eq!(store.replace_override(&fresh(4), until), Ok(true));
        assert_eq!(store.find_override(&id(1)), Ok(None));
        for number in [2, 3, 4] {
            assert!(store.find_override(&id(number)).unwrap().is_some(), "{number}");
        }
    });
}

#[test]
fn all_of_it_survives_another_opening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aegis.db");
    let first = voted(1, None, "risk_lead");
    assert_eq!(SqliteStore::open(&path).unwrap().replace_override(&first, at(0)), Ok(true));
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.find_override(&id(1)), Ok(Some(first.clone())));
    assert_eq!(store.replace_override(&voted(1, Some(&first), "security_lead"), at(0)), Ok(true));
}

#[test]
fn a_row_that_is_none_is_an_error_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aegis.db");
    let store = SqliteStore::open(&path).unwrap();
    store.replace_override(&voted(1, None, "risk_lead"), at(0)).unwrap();
    let damage = "UPDATE overrides SET votes = '[{\"person\": \"bo\", \"veto\": true}]'";
    rusqlite::Connection::open(&path).unwrap().execute_batch(damage).unwrap();
    let Err(StoreError::OneHold(why)) = store.find_override(&id(1)) else { panic!("it was read") };
    assert!(why.contains(&id(1).to_string()) && !why.contains("bo"), "{why}");
}
