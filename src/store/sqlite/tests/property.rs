//! The property of holds, over SQLite.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::holds::model::{event, run};
use crate::store::SqliteStore;

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_executed_was_approved_and_is_executed_once(events in vec(event(), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        run(&SqliteStore::open(&folder.path().join("aegis.db")).unwrap(), &events);
    }
}
