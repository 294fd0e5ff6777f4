//! What holds of every run, over arbitrary records.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::policy::cedar::{Change, Engine, FindingType, Mode, read};
use crate::policy::generation::tests::support::{
    Record, activated, allows, engine, entity, made, made_beside, record, shown,
};
use crate::policy::generation::{Generated, GenerationStatus, ObservedOutcome};

fn arguments() -> impl Strategy<Value = Option<String>> {
    let path = prop_oneof!["/srv/[ab]/[0-9]{1,2}", "/srv/\\.\\./[ab]", "[ab]"];
    let one = (
        proptest::option::of(path),
        proptest::option::of(-3_i64..20),
        proptest::option::of(any::<bool>()),
        0..40_u8,
    );
    let object = one.prop_map(|(path, n, b, odd)| {
        let mut members: BTreeMap<String, Value> = BTreeMap::new();
        members.extend(path.map(|path| ("path".to_owned(), json!(path))));
        members.extend(n.map(|n| ("n".to_owned(), json!(n))));
        members.extend(b.map(|b| ("deep".to_owned(), json!({ "b": b }))));
        match odd {
            0..6 => drop(members.insert("n".to_owned(), json!("text"))),
            6 => drop(members.insert("n".to_owned(), Value::Null)),
            7..14 => drop(members.insert("password".to_owned(), json!("x"))),
            14..20 => drop(members.insert("deep".to_owned(), json!([1, "a"]))),
            _ => {}
        }
        Some(json!(members).to_string())
    });
    prop_oneof![1 => Just(None), 1 => Just(Some("[1]".to_owned())), 8 => object]
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    let outcome = prop_oneof![
        5 => Just(ObservedOutcome::Allowed),
        2 => Just(ObservedOutcome::Denied),
        1 => Just(ObservedOutcome::WouldDeny),
        1 => Just(ObservedOutcome::Stopped),
        1 => Just(ObservedOutcome::Approved),
    ];
    let one = (0..5_u8, 0..3_u8, 0..12_u8, 0..4_u8, arguments(), outcome, (0..100_u32, any::<bool>()));
    proptest::collection::vec(one, 0..40).prop_map(|list| {
        let made = list.into_iter().enumerate().map(
            |(number, (who, does, on, groups, args, outcome, (second, timed)))| {
                let in_groups = [(1, "one"), (2, "two")].into_iter().filter(|(bit, _)| groups & bit != 0);
                Record {
                    second,
                    timed,
                    groups: in_groups.map(|(_, name)| entity("Group", name)).collect(),
                    does: entity("Action", &format!("t___{does}")),
                    on: if on < 2 { entity("Gateway", "g") } else { entity("Http", &format!("/v1/{on}")) },
                    below: if on < 2 {
                        Vec::new()
                    } else {
                        vec![entity("Http", "/v1"), entity("Gateway", "g")]
                    },
                    args,
                    outcome,
                    ..record(&number.to_string(), &format!("agent-{who}"))
                }
            },
        );
        made.collect()
    })
}

fn configs() -> impl Strategy<Value = Value> {
    let granularity = prop_oneof![Just("principal"), Just("group")];
    let arguments = prop_oneof![Just("none"), Just("enum"), Just("range"), Just("prefix")];
    let resources = prop_oneof![Just("exact"), Just("prefix"), Just("any")];
    let mode = prop_oneof![Just("enforce"), Just("log_only")];
    let drawn = (granularity, arguments, resources, mode, 1..3_u64, any::<bool>());
    drawn.prop_map(|(granularity, arguments, resources, mode, min_count, include_approved)| {
        json!({
            "granularity": granularity, "arguments": arguments, "resource_generalization": resources, "observe_mode": mode,
            "min_count": min_count, "max_policies": 1000, "include_approved": include_approved,
        })
    })
}

/// What makes two records one call, and how often each was allowed and denied.
fn calls<'r>(config: &Value, records: &'r [Record]) -> Vec<(&'r Record, u64, u64)> {
    let mut calls: BTreeMap<String, (&Record, u64, u64)> = BTreeMap::new();
    for record in records {
        let allowed = match record.outcome {
            ObservedOutcome::Allowed => true,
            ObservedOutcome::WouldDeny => config["observe_mode"] == "log_only",
            ObservedOutcome::Denied => false,
            ObservedOutcome::Approved if config["include_approved"] == true => true,
            ObservedOutcome::Approved | ObservedOutcome::Stopped => continue,
        };
        let alike = Record {
            event: String::new(),
            second: 0,
            timed: false,
            outcome: ObservedOutcome::Allowed,
            ..record.clone()
        };
        let call = calls.entry(format!("{alike:?}")).or_insert((record, 0, 0));
        if allowed { call.1 += 1 } else { call.2 += 1 }
    }
    calls.into_values().collect()
}

/// Whether a run told that it makes no policy of something a record like this one was.
fn is_told_of(generated: &Generated, record: &Record) -> bool {
    let who = record.who.as_ref().unwrap().to_string();
    generated.assets.iter().flat_map(|asset| &asset.findings).any(|finding| {
        finding.kind == FindingType::NotTranslatable
            && [&who, &record.does.to_string(), &record.on.to_string()]
                .iter()
                .all(|name| finding.description.contains(*name))
    })
}

/// The policies of a run, and those of `forbids`.
fn beside_forbids(forbids: &Engine, generated: &Generated) -> Engine {
    let made = activated(generated);
    forbids.changed(made.policies().map(|held| Change::Put {
        id: held.id.clone(),
        policy: held.policy.clone(),
        mode: Mode::Active,
    }))
}

fn forbidding() -> Engine {
    engine([
        ("f", "forbid (principal == Agent::\"agent-0\", action == Action::\"t___0\", resource);"),
        (
            "g",
            "forbid (principal, action, resource) when { context has input && context.input has n && context.input.n == 7 };",
        ),
        ("p", "permit (principal == Agent::\"agent-1\", action, resource);"),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Soundness, both ways, and beside forbids: what was allowed is, unless a finding says why not; what was only denied is not.
    #[test]
    fn what_was_allowed_is_and_what_was_denied_is_not(records in records(), config in configs(), beside: bool) {
        let present = forbidding();
        let generated = made_beside(config.clone(), &records, beside.then_some(&present));
        prop_assert_eq!(generated.status, GenerationStatus::Generated, "{}", shown(&generated));
        let (forbids, minimum) = (if beside { present.without("p") } else { Engine::default() }, config["min_count"].as_u64().unwrap());
        let together = beside_forbids(&forbids, &generated);
        let everything = forbids.with("all", read("permit (principal, action, resource);").unwrap(), Mode::Active);
        let calls = calls(&config, &records);
        for (record, allowed, denied) in &calls {
            let of_cell = calls.iter().filter(|(other, ..)| {
                (&other.who, &other.does, &other.on) == (&record.who, &record.does, &record.on)
            });
            let is_apart = |record: &Record| !allows(&everything, record);
            let evidence: u64 = of_cell.filter(|(other, ..)| !is_apart(other)).map(|(_, allowed, _)| allowed).sum();
            if *allowed == 0 {
                prop_assert!(*denied == 0 || !allows(&together, record), "{record:?}\n{}", shown(&generated));
            } else if !allows(&together, record) {
                let why = evidence < minimum || is_apart(record) || is_told_of(&generated, record);
                prop_assert!(why, "{record:?}\n{}", shown(&generated));
            }
        }
    }

    /// The same records in another order, some of them twice, give the same bytes.
    #[test]
    fn order_and_repetition_change_nothing(
        (records, shuffled) in records().prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle())),
        config in configs(),
    ) {
        let present = forbidding();
        let once = made_beside(config.clone(), &records, Some(&present));
        let again = made_beside(config.clone(), &shuffled, Some(&present));
        prop_assert_eq!(&once, &again);
        let doubled: Vec<Record> = shuffled.iter().chain(&records).cloned().collect();
        let doubled = made_beside(config, &doubled, Some(&present));
        prop_assert_eq!(&once.assets, &doubled.assets);
    }

    /// One more allowed record takes no permission from a call that was seen. Not so where an argument is null: a policy that reads it
    /// denies the call, so of a call that is told by it and one in which it is null, only one can be permitted.
    #[test]
    fn one_more_record_takes_nothing_away(records in records(), more in records(), config in configs()) {
        let has_null = |record: &Record| record.args.as_ref().is_some_and(|args| args.contains("null"));
        let without_null = |records: Vec<Record>| -> Vec<Record> {
            records.into_iter().filter(|record| !has_null(record)).collect()
        };
        let (records, more) = (without_null(records), without_null(more));
        let before = activated(&made(config.clone(), &records));
        let fresh = more.into_iter().find(|record| record.outcome == ObservedOutcome::Allowed);
        let added: Vec<Record> = records.iter().cloned().chain(fresh.map(|record| Record { event: "more".to_owned(), ..record })).collect();
        let after = activated(&made(config.clone(), &added));
        for (record, allowed, _) in calls(&config, &records) {
            prop_assert!(allowed == 0 || !allows(&before, record) || allows(&after, record), "{record:?}");
        }
    }

    /// With the policies of a run in force, a run makes the same policies, and says of each that it is there already.
    #[test]
    fn a_run_over_its_own_policies_makes_them_again(records in records(), config in configs()) {
        let first = made(config.clone(), &records);
        let second = made_beside(config, &records, Some(&activated(&first)));
        let ids = |generated: &Generated| -> Vec<String> {
            generated.assets.iter().map(|asset| asset.asset_id.clone()).collect()
        };
        prop_assert_eq!(ids(&first), ids(&second));
        for asset in second.assets.iter().filter(|asset| asset.definition.is_some()) {
            let there = asset.findings.iter().any(|finding| {
                finding.kind == FindingType::Redundant && finding.policy_id.as_deref() == Some(asset.asset_id.as_str())
            });
            prop_assert!(there, "{}", shown(&second));
        }
    }

    /// Without any one of its policies, a call that was allowed is denied.
    #[test]
    fn no_policy_can_be_left_out(records in records(), config in configs()) {
        let generated = made(config.clone(), &records);
        let all = activated(&generated);
        let calls = calls(&config, &records);
        for asset in generated.assets.iter().filter(|asset| asset.definition.is_some()) {
            let fewer = all.without(&asset.asset_id);
            let missed = calls.iter().any(|(record, ..)| allows(&all, record) && !allows(&fewer, record));
            prop_assert!(missed, "{} in {}", asset.asset_id, shown(&generated));
        }
    }
}
