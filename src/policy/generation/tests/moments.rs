//! What a call is replayed with: its own time, the tags it had, and whether it was a tunnel.

use serde_json::json;

use crate::policy::cedar::FindingType;
use crate::policy::generation::tests::support::{
    Record, activated, allows, config, engine, entity, made, made_beside, observed, record,
};
use crate::policy::generation::{ObservedOutcome, SimulatedCount, simulate};

const NIGHT: &str =
    "forbid (principal, action, resource) when { context.system.now >= datetime(\"2026-11-01T12:00:00Z\") };";

/// The same call at that hour of the first day.
fn at(hour: u32, outcome: ObservedOutcome) -> Record {
    Record { second: hour * 3600, timed: true, outcome, ..record(&hour.to_string(), "a") }
}

#[test]
fn a_call_is_put_to_a_forbid_at_its_own_time() {
    let records =
        [at(9, ObservedOutcome::Allowed), at(10, ObservedOutcome::Allowed), at(13, ObservedOutcome::Denied)];
    let present = engine([("night", NIGHT)]);
    let generated = made_beside(json!({}), &records, Some(&present));
    assert_eq!(generated.assets.len(), 1, "{generated:?}");
    let evidence = generated.assets[0].findings[0].evidence.as_ref().unwrap();
    assert_eq!(evidence.count, 2);
    let denied = generated.assets[0].findings.iter().find(|found| found.kind == FindingType::DeniedInWindow);
    assert_eq!(denied.unwrap().evidence.as_ref().unwrap().count, 1);
    assert!(!generated.findings.contains("ERRORING"), "{}", generated.findings);
    // What was let through although it would be forbidden now is told.
    let late = [at(9, ObservedOutcome::Allowed), at(13, ObservedOutcome::Allowed)];
    let generated = made_beside(json!({}), &late, Some(&present));
    let evidence = generated.assets[0].findings[0].evidence.as_ref().unwrap();
    assert_eq!((generated.assets.len(), evidence.count), (1, 1), "{generated:?}");
    assert!(generated.findings.contains("SHADOWED_BY_FORBID"), "{}", generated.findings);
}

#[test]
fn a_call_that_was_allowed_at_one_time_and_denied_at_another_counts_as_allowed() {
    let records = [at(9, ObservedOutcome::Allowed), at(10, ObservedOutcome::Denied)];
    let generated = made(json!({}), &records);
    assert_eq!(generated.assets.len(), 1, "{generated:?}");
    assert!(allows(&activated(&generated), &records[0]));
    let kinds: Vec<_> = generated.assets[0].findings.iter().map(|found| found.kind).collect();
    assert!(kinds.contains(&FindingType::DeniedInWindow), "{kinds:?}");
    assert!(generated.findings.contains("\"distinct\":1"), "{}", generated.findings);
}

#[test]
fn a_draft_that_reads_the_clock_is_tried_at_the_time_of_each_record() {
    let records: Vec<Record> = [9, 10, 13].map(|hour| at(hour, ObservedOutcome::Allowed)).into();
    let present = engine([("all", "permit (principal, action, resource);")]);
    let draft = engine([("all", "permit (principal, action, resource);"), ("night", NIGHT)]);
    let simulation = simulate(&observed(&config(json!({})), &records), &present, &draft, 9);
    let count = |distinct, records| SimulatedCount { distinct, records };
    assert_eq!((simulation.asked, simulation.allowed_now), (count(1, 3), count(1, 3)));
    assert_eq!((simulation.allowed_then, simulation.to_deny.count), (count(1, 2), count(1, 1)));
    assert_eq!(simulation.to_deny.examples.len(), 1);
    assert_eq!(simulation.to_deny.examples[0].event_id, "13");
}

#[test]
fn attributes_of_the_principal_are_its_tags_too() {
    let of_kind = |kind: &str| {
        engine([(
            "p",
            &*format!(
                "permit (principal, action, resource) when {{ principal.kind == \"{kind}\" && principal.hasTag(\"kind\") && principal.getTag(\"kind\") == \"{kind}\" }};"
            ),
        )])
    };
    let mut one = record("1", "a");
    one.groups = vec![entity("Group", "readers")];
    assert!(allows(&of_kind("ai-agent"), &one) && !allows(&of_kind("human"), &one));
    let in_group =
        "permit (principal in Group::\"readers\", action, resource) when { principal.hasTag(\"kind\") };";
    assert!(allows(&engine([("p", in_group)]), &one));
}

#[test]
fn what_reads_the_clock_or_the_session_is_known_by_whom_it_is_about() {
    let engine = engine([
        (
            "night",
            "forbid (principal == Agent::\"a\", action, resource) when { context.system.now > datetime(\"2026-11-01\") };",
        ),
        ("session", "permit (principal == Agent::\"b\", action, resource) when { context has session };"),
        ("whole", "permit (principal == Agent::\"c\", action, resource) when { context == {} };"),
        (
            "plain",
            "permit (principal, action, resource) when { context has input.system && context.tenant == \"acme\" };",
        ),
    ]);
    for (who, expected) in
        [("a", [true, false]), ("b", [false, true]), ("c", [true, true]), ("d", [false, false])]
    {
        let observations = observed(&config(json!({})), &[record("1", who)]);
        let asked = observations.calls().keys().next().unwrap().asked().unwrap();
        assert_eq!(["system", "session"].map(|member| engine.reads(&asked, member)), expected, "{who}");
    }
}

#[test]
fn which_tags_are_read_is_known_by_name_unless_one_is_worked_out() {
    let engine = engine([
        (
            "a",
            "permit (principal == Agent::\"a\", action, resource) when { principal.hasTag(\"level\") && principal.getTag(\"level\") == \"3\" };",
        ),
        (
            "b",
            "forbid (principal, action, resource) when { resource has owner && resource.hasTag(\"team\") };",
        ),
        (
            "c",
            "permit (principal == Agent::\"c\", action, resource) when { principal.hasTag(context.tenant) };",
        ),
    ]);
    for (who, expected) in [("a", Some(&["level", "team"][..])), ("b", Some(&["team"])), ("c", None)] {
        let observations = observed(&config(json!({})), &[record("1", who)]);
        let asked = observations.calls().keys().next().unwrap().asked().unwrap();
        let expected = expected.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(engine.tags(&asked), expected, "{who}");
    }
}

/// A permit for every action lets no tunnel pass, so it has not permitted one either.
#[test]
fn a_permit_is_not_used_by_tunnels_that_it_does_not_name() {
    let mut tunnel = record("1", "a");
    tunnel.tunnel = true;
    tunnel.outcome = ObservedOutcome::Denied;
    let wide = engine([("wide", "permit (principal, action, resource);")]);
    let told = made_beside(json!({}), &[tunnel.clone()], Some(&wide)).findings;
    assert!(told.contains("UNUSED_PERMISSION") && !told.contains("REDUNDANT"), "{told}");
    let named = engine([("named", "permit (principal, action == Action::\"files___read\", resource);")]);
    let told = made_beside(json!({}), &[tunnel], Some(&named)).findings;
    assert!(!told.contains("UNUSED_PERMISSION"), "{told}");
}
