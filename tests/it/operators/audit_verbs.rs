//! `aegis audit tail` and `verify`, beside a living gateway and after it.

use std::process::Output;

use serde_json::Value;

use crate::decisions::RULES;
use crate::support::{Gateway, Running, Tool, aegis, eventually};

fn audit(gateway: &Gateway, arguments: &[&str]) -> Output {
    aegis().arg("audit").args(arguments).arg(gateway.ledger()).output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{output:?}");
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A gateway that has blocked so many calls: each leaves one record.
fn gateway(calls: usize) -> Gateway {
    let tool = Tool::start();
    let gateway = Gateway::in_front_of(tool.address, RULES).start();
    let mut client = gateway.client();
    for id in 0..calls {
        client.request("DELETE", &format!("/crm/contacts/{id}"), &[], b"");
    }
    gateway
}

#[test]
fn tail_prints_the_last_records() {
    let gateway = gateway(15);
    let resources = |records: &[Value]| -> Vec<String> {
        records.iter().map(|record| record["resource"].as_str().unwrap().to_owned()).collect()
    };
    let last = lines(&audit(&gateway, &["tail", "-n", "3"]));
    assert_eq!(resources(&last), ["contact:12", "contact:13", "contact:14"]);
    assert_eq!(lines(&audit(&gateway, &["tail"])).len(), 10);
    assert!(lines(&audit(&gateway, &["tail", "-n", "0"])).is_empty());
    let all = lines(&audit(&gateway, &["tail", "-n", "100"]));
    let kinds: Vec<_> = all.iter().take(3).map(|record| record["kind"].as_str().unwrap()).collect();
    assert_eq!((all.len(), kinds), (17, vec!["epoch", "snapshot", "decision"]));
}

#[test]
fn tail_goes_back_over_epochs() {
    let mut first = gateway(3);
    first.stop();
    let second = first.restart();
    let last = lines(&audit(&second, &["tail", "-n", "4"]));
    let kinds: Vec<_> = last.iter().map(|record| record["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["decision", "close", "epoch", "snapshot"]);
}

#[test]
fn tail_follows_new_records_also_into_the_next_epoch() {
    let mut first = gateway(2);
    let follower = Running::spawn(aegis().args(["audit", "tail", "-f", "-n", "1"]).arg(first.ledger()));
    eventually("the last record", || follower.said().contains("contact:1\"").then_some(()));
    first.client().request("DELETE", "/crm/contacts/new-one", &[], b"");
    eventually("a new record", || follower.said().contains("contact:new-one").then_some(()));
    first.stop();
    let second = first.restart();
    second.client().request("DELETE", "/crm/contacts/new-epoch", &[], b"");
    eventually("a record of the next epoch", || follower.said().contains("contact:new-epoch").then_some(()));
    assert!(!follower.said().contains("contact:0\""));
    let kinds: Vec<String> = follower
        .said()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["decision", "decision", "close", "epoch", "snapshot", "decision"]);
}

#[test]
fn verify_counts_and_says_what_it_cannot_show() {
    let mut gateway = gateway(2);
    gateway.client().get("/crm/contacts/1");
    gateway.stop();
    let text = String::from_utf8(audit(&gateway, &["verify"]).stdout).unwrap();
    assert!(text.contains("1 decision ALLOW") && text.contains("2 decision DENY"), "{text}");
    assert!(text.contains("1 execution completed"), "{text}");
    assert!(text.contains("OK: 7 records in 1 epochs") && text.contains("consistent with itself"), "{text}");

    let json = lines(&audit(&gateway, &["verify", "--json"])).remove(0);
    assert_eq!((json["ok"].as_bool(), json["records"].as_u64()), (Some(true), Some(7)));
    let epoch = &json["epochs"][0];
    assert_eq!((epoch["state"].as_str(), epoch["records"].as_u64()), (Some("sealed"), Some(7)));
    assert_eq!(epoch["last_hash"].as_str().unwrap().len(), 64);
    let counts = json["counts"].as_array().unwrap();
    let executed = counts.iter().find(|count| count["result"] == "completed").unwrap();
    assert_eq!((executed["kind"].as_str(), executed["count"].as_u64()), (Some("execution"), Some(1)));
    let denied = counts.iter().find(|count| count["outcome"] == "DENY").unwrap();
    assert_eq!((denied["kind"].as_str(), denied["count"].as_u64()), (Some("decision"), Some(2)));
}

#[test]
fn a_ledger_that_is_not_there_is_an_error() {
    let folder = tempfile::TempDir::new().unwrap();
    for verb in ["verify", "tail"] {
        let output = aegis().args(["audit", verb, "nowhere"]).current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{verb}");
        assert!(String::from_utf8(output.stderr).unwrap().contains("nowhere"), "{verb}");
    }
}
