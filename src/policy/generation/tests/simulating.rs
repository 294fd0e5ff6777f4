//! Drafts, tried on what was seen.

use serde_json::json;

use crate::policy::generation::tests::support::{config, engine, observed, record};
use crate::policy::generation::{ObservedOutcome, SimulatedCount, simulate};

#[test]
fn flips_are_counted_and_shown_with_what_decides() {
    let mut records =
        vec![record("2", "a"), record("1", "a"), record("3", "b"), record("4", "c"), record("5", "d")];
    records[0].second = 5;
    records[2].outcome = ObservedOutcome::Denied;
    let observations = observed(&config(json!({})), &records);
    let present = engine([
        ("a", "permit (principal == Agent::\"a\", action, resource);"),
        ("c", "permit (principal == Agent::\"c\", action, resource);"),
    ]);
    let draft = engine([
        ("b", "permit (principal == Agent::\"b\", action, resource);"),
        ("c", "permit (principal == Agent::\"c\", action, resource);"),
        ("f", "forbid (principal == Agent::\"a\", action, resource);"),
        ("g", "forbid (principal == Agent::\"d\", action, resource) when { context.risk > 1 };"),
    ]);
    let simulation = simulate(&observations, &present, &draft, 1);
    let count = |distinct, records| SimulatedCount { distinct, records };
    assert_eq!((simulation.asked, simulation.unasked), (count(4, 5), count(0, 0)));
    assert_eq!((simulation.allowed_now, simulation.allowed_then), (count(2, 3), count(2, 2)));
    assert_eq!((simulation.to_deny.count, simulation.to_allow.count), (count(1, 2), count(1, 1)));
    let flip = &simulation.to_deny.examples[0];
    assert_eq!((flip.event_id.as_str(), flip.principal.id()), ("1", "a"));
    assert_eq!((flip.now.determining.len(), &*flip.now.determining[0]), (1, "a"));
    assert_eq!((flip.then.allowed, &*flip.then.determining[0]), (false, "f"));
    assert_eq!(simulation.to_allow.examples[0].principal.id(), "b");
    assert!(simulate(&observations, &present, &draft, 0).to_deny.examples.is_empty());
    assert_eq!(simulate(&observations, &present, &present, 9).to_allow, Default::default());
}
