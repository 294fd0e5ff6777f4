//! A bad file is refused whole and visibly, and takes nothing out of service.

use std::fs;

use super::reload::{allowing, replace};
use crate::support::{Gateway, Tool, eventually, refused_start};

const BROKEN: &str = "version: 1\nrules:\n- {name: bad, match: {typ: x}, approval: auto}\n- {name: worse, approval: perhaps}\n";

fn rejected(gateway: &Gateway) -> Option<()> {
    (!gateway.config_check()["rejected"].is_null()).then_some(())
}

fn accepted(gateway: &Gateway) -> Option<()> {
    gateway.config_check()["rejected"].is_null().then_some(())
}

#[test]
fn a_bad_file_is_refused_whole_and_the_last_good_stays() {
    let tool = Tool::start();
    let gateway = Gateway::in_front_of(tool.address, &allowing("first")).start();
    let rules = gateway.folder().join("rules.yaml");
    replace(&rules, BROKEN);
    eventually("the rejection", || rejected(&gateway));

    let check = gateway.config_check();
    assert_eq!((check["ok"].as_bool(), check["snapshot_version"].as_u64()), (Some(true), Some(1)), "{check}");
    assert_eq!(check["rejected"]["problems"], 2, "{check}");
    assert_eq!(gateway.health()["status"], "ok");
    assert_eq!(gateway.control_client().get("/readyz").status, 200);
    assert!(gateway.metric("aegis_snapshot_rejected_total") >= 1.0);
    for place in ["rules.yaml:3:", "rules.yaml:4:"] {
        eventually(place, || gateway.log().contains(place).then_some(()));
    }
    assert_eq!(gateway.client().get("/crm/contacts/1").status, 200);
    assert_eq!(gateway.records_of("snapshot").len(), 1);

    replace(&rules, &allowing("second"));
    gateway.await_version(2);
    eventually("the rejection is forgotten", || accepted(&gateway));
    assert_eq!(gateway.client().get("/crm/contacts/1").status, 200);
    let decisions = gateway.records_of("decision");
    let rules: Vec<_> =
        decisions.iter().map(|record| record["findings"][0]["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["first", "second"]);
}

#[test]
fn going_back_to_what_runs_clears_the_rejection_without_a_new_version() {
    let tool = Tool::start();
    let gateway = Gateway::in_front_of(tool.address, &allowing("first")).start();
    let rules = gateway.folder().join("rules.yaml");
    replace(&rules, BROKEN);
    eventually("the rejection", || rejected(&gateway));
    replace(&rules, &allowing("first"));
    eventually("the rejection is forgotten", || accepted(&gateway));
    assert_eq!(gateway.version(), 1);
}

#[test]
fn a_bad_configuration_and_a_missing_file_are_refused_like_bad_rules() {
    let tool = Tool::start();
    let gateway = Gateway::in_front_of(tool.address, &allowing("first")).start();
    let path = gateway.folder().join("gateway.yaml");
    let config = fs::read_to_string(&path).unwrap();
    replace(&path, &config.replace("protocol: http", "protocol: htp"));
    eventually("the rejection", || rejected(&gateway));
    eventually("the nearest word", || gateway.log().contains("did you mean").then_some(()));
    replace(&path, &config);
    eventually("the rejection is forgotten", || accepted(&gateway));

    fs::remove_file(gateway.folder().join("rules.yaml")).unwrap();
    eventually("the rejection", || rejected(&gateway));
    assert_eq!((gateway.version(), gateway.client().get("/crm/contacts/1").status), (1, 200));
}

#[test]
fn a_rejected_candidate_is_refused_at_the_next_start_with_every_place() {
    let tool = Tool::start();
    let mut gateway = Gateway::in_front_of(tool.address, &allowing("first")).start();
    replace(&gateway.folder().join("rules.yaml"), BROKEN);
    gateway.stop();
    let (status, _, errors) = refused_start(gateway.folder());
    assert_eq!(status.code(), Some(64), "{errors}");
    assert!(errors.contains("rules.yaml:3:") && errors.contains("rules.yaml:4:"), "{errors}");
}

/// A swapped ConfigMap is noticed more than once. Who asks by a signal is answered each time.
#[test]
fn the_same_problems_are_refused_once_for_a_file_and_each_time_for_a_signal() {
    let tool = Tool::start();
    let gateway = Gateway::in_front_of(tool.address, &allowing("first")).start();
    let rules = gateway.folder().join("rules.yaml");
    let count = || gateway.metric("aegis_snapshot_rejected_total");
    replace(&rules, BROKEN);
    eventually("the rejection", || rejected(&gateway));
    replace(&rules, &format!("{BROKEN}# the same again\n"));
    gateway.signal("HUP");
    eventually("the rejection by signal", || (count() >= 2.0).then_some(()));
    replace(&rules, &allowing("second"));
    gateway.await_version(2);
    assert_eq!(count(), 2.0);
}
