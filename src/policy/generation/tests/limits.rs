//! Limits of what is taken in.

use proptest::prelude::*;
use serde_json::json;

use crate::policy::generation::tests::support::{Record, TENANT, config, feed, record};
use crate::policy::generation::{
    GenerationInput, GenerationStatus, ObservationLimits, Observations, ObservedOutcome, Unaskable, generate,
};

fn fed(limits: ObservationLimits, records: &[Record]) -> Observations {
    let mut observations = Observations::new(config(json!({})).window, TENANT, limits);
    records.iter().for_each(|record| feed(&mut observations, record));
    observations
}

#[test]
fn records_are_counted_by_what_became_of_them() {
    let mut early = record("early", "a");
    early.second = 40 * 86_400;
    let mut nobody = record("nobody", "a");
    nobody.who = None;
    let mut stopped = record("stopped", "a");
    stopped.outcome = ObservedOutcome::Stopped;
    let limits = ObservationLimits { rows: 4, ..ObservationLimits::default() };
    let records = [
        early,
        nobody,
        stopped,
        record("1", "a"),
        record("1", "a"),
        record("2", "a"),
        record("3", "a"),
        record("1", "a"),
    ];
    let observations = fed(limits, &records);
    let counts = observations.counts();
    assert_eq!((counts.rows, counts.duplicates, counts.outside), (4, 2, 1));
    assert_eq!((counts.unaskable(Unaskable::Principal), counts.stopped, counts.refused), (1, 1, 1));
    assert!(counts.is_truncated());
    assert_eq!(observations.call_count(), 1);
}

#[test]
fn a_run_that_does_not_know_all_denials_fails() {
    let config = config(json!({}));
    let limits = ObservationLimits { calls: 1, ..ObservationLimits::default() };
    let mut denied = record("2", "b");
    let made = |records: &[Record]| {
        let observations = fed(limits, records);
        generate(&GenerationInput {
            config: &config,
            observations: &observations,
            present: None,
            schema: None,
            hidden: &[],
        })
    };
    let generated = made(&[record("1", "a"), denied.clone()]);
    assert_eq!((generated.status, generated.assets.len()), (GenerationStatus::Generated, 1));
    assert!(generated.status_reasons[0].contains("Not all records"), "{:?}", generated.status_reasons);
    denied.outcome = ObservedOutcome::Denied;
    let generated = made(&[record("1", "a"), denied]);
    assert_eq!((generated.status, generated.assets.len()), (GenerationStatus::Failed, 0));
    assert!(generated.findings.contains("\"truncated\":true"));
}

#[test]
fn what_was_seen_must_be_of_the_window() {
    let config =
        config(json!({ "window": { "start": "2026-11-02T00:00:00Z", "end": "2026-11-03T00:00:00Z" } }));
    let observations = fed(ObservationLimits::default(), &[record("1", "a")]);
    let input = GenerationInput {
        config: &config,
        observations: &observations,
        present: None,
        schema: None,
        hidden: &[],
    };
    assert_eq!(generate(&input).status, GenerationStatus::Failed);
}

proptest! {
    /// Where there is no room for all, what is kept does not depend on the order either.
    #[test]
    fn what_is_kept_does_not_depend_on_the_order(
        (one, other) in proptest::collection::vec((0..12_u8, 0..40_usize, any::<bool>()), 0..40)
            .prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())),
        calls in 1..10_usize,
        call_bytes in 500..8_000_usize,
    ) {
        let limits = ObservationLimits { calls, call_bytes, ..ObservationLimits::default() };
        let records = |list: &[(u8, usize, bool)]| -> Vec<Record> {
            let made = list.iter().map(|(who, length, denied)| Record {
                args: Some(json!({ "x": "y".repeat(length * 20) }).to_string()),
                outcome: if *denied { ObservedOutcome::Denied } else { ObservedOutcome::Allowed },
                ..record(&format!("{who} {length} {denied}"), &who.to_string())
            });
            made.collect()
        };
        let (one, other) = (fed(limits, &records(&one)), fed(limits, &records(&other)));
        prop_assert_eq!(one.calls(), other.calls());
        prop_assert_eq!(one.counts(), other.counts());
        prop_assert!(one.call_count() <= calls);
    }
}
