//! Whatever happens in whichever order: never two executions of one approval, and never one without.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::holds::MemoryStore;
use crate::holds::model::{Sent, event, run};

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_executed_was_approved_and_is_executed_once(events in vec(event(), 1..60)) {
        run(&MemoryStore::default(), &events);
    }
}

/// The property says nothing unless calls get through.
#[test]
fn random_events_let_calls_through() {
    let mut runner = TestRunner::deterministic();
    let mut total = Sent::default();
    for _ in 0..128 {
        let events = vec(event(), 60).new_tree(&mut runner).unwrap().current();
        let sent = run(&MemoryStore::default(), &events);
        total.all += sent.all;
        total.escalated += sent.escalated;
    }
    assert!(total.all >= 40 && total.escalated >= 8, "{total:?}");
}
