//! What is known of callers outlives the gateway, however it ends.

use std::fs;

use crate::decisions::RULES;
use crate::support::{Gateway, Tool, eventually};

/// Waits until so many actors are known.
fn knows(gateway: &Gateway, actors: f64) {
    eventually("the number of actors", || (gateway.metric("aegis_facts_actors") == actors).then_some(()));
}

#[test]
fn what_is_known_of_callers_outlives_a_kill_a_stop_and_a_damaged_checkpoint() {
    let tool = Tool::start();
    let mut gateway = Gateway::in_front_of(tool.address, RULES).start();
    let checkpoint = gateway.folder().join("data/facts.checkpoint");
    assert_eq!(gateway.metric("aegis_facts_actors"), 0.0);
    assert_eq!(gateway.client().get("/crm/contacts/1").status, 200);
    knows(&gateway, 1.0);
    // Killed before the checkpoint has the call.
    gateway.kill();
    let mut gateway = gateway.restart();
    knows(&gateway, 1.0);
    assert_eq!(gateway.client().get("/crm/contacts/2").status, 200);
    assert!(gateway.stop().success());
    let stopped = fs::read(&checkpoint).unwrap();
    // After a stop there is nothing to be read again but what the next start writes itself.
    let mut gateway = gateway.restart();
    knows(&gateway, 1.0);
    assert!(gateway.stop().success());
    fs::write(&checkpoint, &stopped[..stopped.len() / 2]).unwrap();
    let mut gateway = gateway.restart();
    knows(&gateway, 1.0);
    assert!(gateway.log().contains("the checkpoint cannot be used"), "{}", gateway.log());
    assert!(gateway.stop().success());
    assert_ne!(fs::read(&checkpoint).unwrap().len(), stopped.len() / 2);
}
