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
    assert!(text.contains("OK: 7 records in 1 epoch,") && text.contains("consistent with itself"), "{text}");

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
    for verb in ["verify", "tail", "list", "export"] {
        let output = aegis().args(["audit", verb, "nowhere"]).current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{verb}");
        assert!(String::from_utf8(output.stderr).unwrap().contains("nowhere"), "{verb}");
    }
}

#[test]
fn list_shows_calls_and_what_became_of_them_beside_a_gateway_and_after_it() {
    let mut gateway = gateway(3);
    gateway.client().get("/crm/contacts/7");
    eventually("the call's end", || gateway.records_of("execution").pop());
    for _running_then_stopped in 0..2 {
        let all = lines(&audit(&gateway, &["list", "--json"]));
        let resources: Vec<_> = all.iter().map(|call| call["record"]["resource"].as_str().unwrap()).collect();
        assert_eq!(resources, ["contact:7", "contact:2", "contact:1", "contact:0"]);
        assert_eq!(all[0]["execution"]["result"], "completed");
        assert_eq!(all[0]["execution"]["decision_id"], all[0]["record"]["decision_id"]);
        assert!(all[1]["execution"].is_null() && all[0]["epoch"].is_string());

        let denied = ["list", "--json", "--outcome", "DENY", "--order", "asc", "--limit", "2"];
        let denied = lines(&audit(&gateway, &denied));
        let resources: Vec<_> =
            denied.iter().map(|call| call["record"]["resource"].as_str().unwrap()).collect();
        assert_eq!(resources, ["contact:0", "contact:1"]);
        for (option, value, count) in [
            ("--actor", "dev", 4),
            ("--actor", "DEV", 0),
            ("--capability", "crm.contacts.read", 1),
            ("--since", "2026-01-01T00:00:00Z", 4),
            ("--until", "2026-01-01T00:00:00Z", 0),
            ("--until", all[1]["record"]["time"].as_str().unwrap(), 2),
            ("--since", all[1]["record"]["time"].as_str().unwrap(), 2),
        ] {
            let found = lines(&audit(&gateway, &["list", "--json", option, value]));
            assert_eq!(found.len(), count, "{option} {value}");
        }
        let text = String::from_utf8(audit(&gateway, &["list", "--limit", "1"]).stdout).unwrap();
        let decision = all[0]["record"]["decision_id"].as_str().unwrap();
        assert!(text.contains("ALLOW") && text.contains("completed") && text.contains(decision), "{text}");
        assert!(text.contains("there are more: raise --limit"), "{text}");
        if gateway.ended().is_none() {
            gateway.stop();
        }
    }
}

#[test]
fn export_prints_the_records_as_they_stand() {
    let mut gateway = gateway(3);
    gateway.stop();
    let stored = audit(&gateway, &["tail", "-n", "100"]).stdout;
    assert_eq!(audit(&gateway, &["export"]).stdout, stored);
    assert_eq!(audit(&gateway, &["export", "--format", "ndjson"]).stdout, stored);
    let records = lines(&audit(&gateway, &["export"]));
    let time = records[3]["time"].as_str().unwrap();
    let (from, before) =
        (audit(&gateway, &["export", "--since", time]), audit(&gateway, &["export", "--until", time]));
    assert_eq!([before.stdout, from.stdout].concat(), stored);
}

#[test]
fn a_time_that_is_none_is_an_error_that_says_how_to_write_one() {
    let gateway = gateway(1);
    for verb in ["list", "export"] {
        let output = audit(&gateway, &[verb, "--since", "yesterday"]);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(
            errors.contains("--since: `yesterday`") && errors.contains("2030-01-01T00:00:00Z"),
            "{errors}"
        );
    }
}

#[test]
fn a_folder_without_a_ledger_is_not_found_to_be_sound() {
    let folder = tempfile::tempdir().unwrap();
    for flags in [&[][..], &["--json"]] {
        let told = aegis().args(["audit", "verify"]).args(flags).arg(folder.path()).output().unwrap();
        let said = String::from_utf8(told.stderr).unwrap();
        assert!(!told.status.success() && told.stdout.is_empty(), "{said}");
        assert!(said.contains("holds no ledger") && said.contains(folder.path().to_str().unwrap()), "{said}");
    }
}
