//! What is kept is found again, also after another opening, until its time is over or its owner has too much.

use std::sync::Arc;

use crate::admin::{Kept, MOST_REPLAY_BYTES, MOST_REPLAYS, REPLAY_LASTS, Replay, ReplayRequest, ReplayStore};
use crate::model::time::Timestamp;
use crate::store::SqliteStore;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(1_795_414_794_000_000 + micros)
}

fn request(owner: &str, key: &str) -> ReplayRequest {
    ReplayRequest::new(&Arc::from(owner), ["POST", "/api/v1/policies", key], b"{}")
}

fn answer(bytes: usize) -> Replay {
    let headers = vec![("location".to_owned(), "/api/v1/policies/pol_1".to_owned())];
    Replay { request_body: request("a", "k").body, status: 201, headers, body: vec![b'x'; bytes] }
}

#[test]
fn an_answer_is_found_in_its_scope_until_its_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aegis.db");
    let store = SqliteStore::open(&path).unwrap();
    let asked = request("a", "k");
    assert_eq!(store.find(&asked.scope, at(0)), Ok(None));
    store.keep(&asked, &answer(9), at(0)).unwrap();
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.find(&asked.scope, at(5)), Ok(Some(Kept::Answer(answer(9)))));
    let body = b"{}";
    for other in [
        request("b", "k"),
        request("a", "K"),
        ReplayRequest::new(&Arc::from("a"), ["PUT", "/api/v1/policies", "k"], body),
        ReplayRequest::new(&Arc::from("a"), ["POST", "/api/v1/policie", "sk"], body),
        ReplayRequest::new(&Arc::from("aP"), ["OST", "/api/v1/policies", "k"], body),
    ] {
        assert_eq!(store.find(&other.scope, at(5)), Ok(None), "{other:?}");
    }
    let over = at(0).after(REPLAY_LASTS);
    assert_eq!(store.find(&asked.scope, over), Ok(None));
    // What is kept later takes its place away.
    store.keep(&request("b", "k"), &answer(1), over).unwrap();
    assert_eq!(store.find(&asked.scope, at(5)), Ok(None));
}

#[test]
fn a_claim_is_found_until_it_is_answered_or_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aegis.db");
    let store = SqliteStore::open(&path).unwrap();
    let (asked, other) = (request("a", "k"), request("a", "l"));
    store.claim(&asked, at(0)).unwrap();
    store.claim(&other, at(0)).unwrap();
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.find(&asked.scope, at(1)), Ok(Some(Kept::Claim { request_body: asked.body })));
    assert_eq!(store.find(&asked.scope, at(0).after(REPLAY_LASTS)), Ok(None));
    store.keep(&asked, &answer(9), at(2)).unwrap();
    store.give_up(&other.scope).unwrap();
    assert_eq!(store.find(&other.scope, at(3)), Ok(None));
    store.give_up(&asked.scope).unwrap();
    assert_eq!(store.find(&asked.scope, at(3)), Ok(Some(Kept::Answer(answer(9)))), "an answer stays");
}

#[test]
fn an_owner_with_too_much_loses_its_own_oldest_answers() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("aegis.db")).unwrap();
    let quiet = request("quiet", "k");
    store.keep(&quiet, &answer(1), at(0)).unwrap();
    let big = MOST_REPLAY_BYTES / 8;
    for number in 1..=12_i64 {
        store.keep(&request("loud", &number.to_string()), &answer(big), at(number)).unwrap();
    }
    let kept =
        |number: i64| store.find(&request("loud", &number.to_string()).scope, at(20)).unwrap().is_some();
    let kept: Vec<i64> = (1..=12).filter(|number| kept(*number)).collect();
    assert_eq!(kept, [6, 7, 8, 9, 10, 11, 12]);
    assert!(store.find(&quiet.scope, at(20)).unwrap().is_some());
}

#[test]
fn an_owner_has_so_many_answers_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("aegis.db")).unwrap();
    let fill = "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?1)
        INSERT INTO replays SELECT randomblob(32), 'loud', randomblob(32), 200, '[]', x'', 1, ?2 + number FROM numbers";
    let most = i64::try_from(MOST_REPLAYS).unwrap();
    store.write(|connection| connection.execute(fill, [most, at(0).as_micros()])).unwrap();
    store.keep(&request("loud", "k"), &answer(1), at(-1)).unwrap();
    let count = "SELECT count(*) FROM replays";
    let left: i64 = store.read(|connection| connection.query_row(count, [], |row| row.get(0))).unwrap();
    assert_eq!(left, most + 1 - (most + 1) / 16);
    assert!(store.find(&request("loud", "k").scope, at(20)).unwrap().is_some(), "the newest stays");
}
