//! Snapshots that replace each other under load: no request fails, and every decision is that of the snapshot it names.
//!
//! `LOAD_SECONDS=20 cargo test --release --test it swaps::` is the long form, with fifty swaps a second by signal.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::load::Load;
use super::reload::{allowing, replace};
use crate::support::{Gateway, Tool, load_time};

const CALLERS: usize = 3;

/// Checks every answer and every record of a load during which rules `a` and `b` took turns, `a` first.
fn check(gateway: &Gateway, load: Load) -> usize {
    let answers = load.stop();
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 403)), "{:?}", answers.last());
    let records = gateway.records();
    let of = |kind: &'static str| records.iter().filter(move |record| record["kind"] == kind);
    let snapshots: Vec<&Value> = of("snapshot").collect();
    let rules: HashMap<u64, (&Value, &str)> = snapshots
        .iter()
        .zip(["a", "b"].into_iter().cycle())
        .map(|(record, rule)| {
            (record["snapshot"]["version"].as_u64().unwrap(), (&record["snapshot"]["hash"], rule))
        })
        .collect();
    assert_eq!(rules.len(), snapshots.len());
    let decisions: Vec<&Value> = of("decision").collect();
    assert!(decisions.len() >= answers.len());
    for record in &decisions {
        let (hash, rule) = rules[&record["snapshot"]["version"].as_u64().unwrap()];
        assert_eq!(&record["snapshot"]["hash"], hash, "{record}");
        if record["outcome"] == "ALLOW" {
            assert_eq!(record["findings"][0]["rule"], rule, "{record}");
        }
    }
    assert!(gateway.verify().status.success());
    snapshots.len()
}

#[test]
fn by_file_each_as_soon_as_the_one_before_is_in_force() {
    let tool = Tool::start();
    let gateway = Gateway::in_front_of(tool.address, &allowing("a")).start();
    let load = Load::start(gateway.address, CALLERS);
    let end = Instant::now() + load_time();
    let mut version = 1;
    for rule in ["b", "a"].into_iter().cycle() {
        replace(&gateway.folder().join("rules.yaml"), &allowing(rule));
        version += 1;
        gateway.await_version(version);
        if Instant::now() >= end {
            break;
        }
    }
    assert_eq!(check(&gateway, load) as u64, version);
}

/// Files that change all the time are still taken over while they do.
#[test]
fn by_file_without_waiting() {
    let tool = Tool::start();
    let gateway = Gateway::in_front_of(tool.address, &allowing("a")).start();
    let rules = gateway.folder().join("rules.yaml");
    let mut turns = ["b", "a"].into_iter().cycle();
    crate::support::eventually("a version while the file goes on changing", || {
        replace(&rules, &allowing(turns.next()?));
        (gateway.version() > 1).then_some(())
    });
}

#[test]
fn by_signal_fifty_times_a_second() {
    let tool = Tool::start();
    let setup = Gateway::in_front_of(tool.address, &allowing("a")).variable("AEGIS_POLICY__WATCH", "false");
    let gateway = setup.start();
    let pid = rustix::process::Pid::from_raw(i32::try_from(gateway.pid()).unwrap()).unwrap();
    assert_eq!(gateway.client().get("/crm/contacts/1").status, 200);
    let load = Load::start(gateway.address, CALLERS);
    let started = Instant::now();
    for (turn, rule) in (1_u32..).zip(["b", "a"].into_iter().cycle()) {
        replace(&gateway.folder().join("rules.yaml"), &allowing(rule));
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
        // The pace is what this test is about.
        std::thread::sleep((Duration::from_millis(20) * turn).saturating_sub(started.elapsed()));
        if started.elapsed() >= load_time() {
            break;
        }
    }
    assert!(check(&gateway, load) > 1);
}
