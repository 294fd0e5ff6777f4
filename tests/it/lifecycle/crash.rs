//! A gateway killed under load: what the tool received is in the ledger, and the next start goes on from there.
//!
//! `LOAD_SECONDS=20 LOAD_ROUNDS=3 cargo test --release --test it crash::` is the long form.

use std::collections::HashSet;

use serde_json::Value;

use super::load::Load;
use crate::decisions::RULES;
use crate::support::{Gateway, Tool, load_time, routes};

fn rounds() -> usize {
    std::env::var("LOAD_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap())
}

fn ids(records: &[Value]) -> HashSet<String> {
    records.iter().map(|record| record["decision_id"].as_str().unwrap().to_owned()).collect()
}

/// Every call that was let through has exactly one record of what became of it: its own, or the next start's.
fn each_is_told_once(gateway: &Gateway) {
    let records = gateway.records();
    let decided =
        records.iter().filter(|record| record["kind"] == "decision" && record["outcome"] == "ALLOW");
    let mut untold: HashSet<&str> = decided.map(|record| record["decision_id"].as_str().unwrap()).collect();
    assert!(!untold.is_empty());
    for record in records.iter().filter(|record| record["result"].is_string()) {
        assert!(
            untold.remove(record["decision_id"].as_str().unwrap()),
            "told twice, or never asked: {record}"
        );
    }
    assert!(untold.is_empty(), "{untold:?}");
}

fn crash(durability: &str) {
    let tool = Tool::start();
    let config = format!(
        "version: 1\ndata_dir: data\ncontrol: {{listen: \"127.0.0.1:0\"}}\n\
         gateway: {{listen: [{{address: \"127.0.0.1:0\"}}], max_body_bytes: 65536}}\npolicy: {{rules: rules.yaml}}\n\
         audit: {{durability: {durability}, segment_bytes: 1048576}}\n{}",
        routes(tool.address)
    );
    let mut gateway = Gateway::configured(&config).file("rules.yaml", RULES).start();
    let mut denied = HashSet::new();
    for round in 0..rounds() {
        let load = Load::start(gateway.address, 4);
        std::thread::sleep(load_time());
        gateway.kill();
        let answers = load.stop();
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 403)), "{:?}", answers.last());
        denied.extend(
            answers
                .iter()
                .filter(|answer| answer.status == 403)
                .map(|answer| answer.json()["decision_id"].as_str().unwrap().to_owned()),
        );

        let recorded = ids(&gateway.records_of("decision"));
        let received: Vec<String> =
            tool.seen().iter().flat_map(|seen| seen.header("X-Aegis-Decision-Id")).collect();
        assert_eq!(received.len(), tool.count());
        assert!(!received.is_empty() && !denied.is_empty());
        assert_eq!(received.iter().find(|id| !recorded.contains(*id)), None, "received but not recorded");
        assert_eq!(denied.iter().find(|id| !recorded.contains(*id)), None, "answered but not recorded");
        assert!(gateway.verify().status.success(), "before the restart: {:?}", gateway.verify());

        gateway = gateway.restart();
        each_is_told_once(&gateway);
        assert_eq!(gateway.client().get("/crm/contacts/1").status, 200);
        assert!(gateway.verify().status.success(), "after the restart: {:?}", gateway.verify());
        assert!(recorded.is_subset(&ids(&gateway.records_of("decision"))));
        let (epochs, repairs) = (gateway.records_of("epoch"), gateway.records_of("repair"));
        assert_eq!((epochs.len(), repairs.len()), (round + 2, round + 1));
        let (before, now) = (&epochs[round], &epochs[round + 1]);
        assert_eq!(now["predecessor"]["epoch"], before["origin"]);
        assert_eq!(repairs[round]["epoch"], before["origin"]);
        for member in ["records", "last_hash"] {
            assert_eq!(now["predecessor"][member], repairs[round][member]);
        }
    }
    assert!(gateway.stop().success());
    assert!(gateway.verify().status.success());
    each_is_told_once(&gateway);
}

#[test]
fn every_call_the_tool_received_has_its_record_with_process_durability() {
    crash("process");
}

#[test]
fn every_call_the_tool_received_has_its_record_with_disk_durability() {
    crash("disk");
}
