//! The store of holds does not do what it is asked.

use rusqlite::Connection;

use super::crashes::listener_that_takes_nobody;
use super::world::{AGENT, OPS, Terms, World, hold_id, raw_create, refused};
use crate::support::{Tool, eventually};

/// Keeps the gateway from changing its store.
fn locked(world: &World) -> Connection {
    let store = Connection::open(world.gateway.folder().join("data/aegis.db")).unwrap();
    store.execute_batch("BEGIN IMMEDIATE").unwrap();
    store
}

#[test]
fn while_the_store_is_locked_calls_that_need_nobody_go_on_and_all_others_are_told() {
    let world = World::start();
    let hold = hold_id(&world.create(AGENT, "ada"));
    let lock = locked(&world);
    refused(&world.create(AGENT, "eve"), 503, "store_unavailable");
    let mut client = world.gateway.client();
    let read = |client: &mut crate::support::Client| {
        client.request("GET", "/crm/contacts/1", &[("X-Api-Key", AGENT)], b"").status
    };
    assert_eq!(read(&mut client), 200);
    let ready = || world.gateway.control_client().get("/readyz");
    assert_eq!((ready().status, ready().json()["store"].as_bool()), (503, Some(false)));
    assert_eq!(world.approve(OPS, &hold).status, 503);
    // That approvers can look changes nothing about it.
    assert_eq!(world.pending().len(), 1);
    assert_eq!(ready().status, 503);
    assert_eq!(read(&mut client), 200);

    drop(lock);
    eventually("a store that works", || (ready().status == 200).then_some(()));
    assert_eq!(world.approve(OPS, &hold).status, 200);
    assert_eq!(world.create(AGENT, "ada").status, 200);
    assert_eq!(world.tool.count(), 2 + 1);
}

#[test]
fn an_approval_that_could_not_be_given_back_at_once_is_given_back_later() {
    let (listener, crowd) = listener_that_takes_nobody();
    let mut tool = Tool::start();
    tool.address = listener.local_addr().unwrap();
    let world = World::before(tool, Terms::default());
    let hold = hold_id(&world.create(AGENT, "ada"));
    assert_eq!(world.approve(OPS, &hold).status, 200);
    let mut client = world.gateway.client();
    client.send(&raw_create("ada"));
    world.until(&hold, "consumed");
    let lock = locked(&world);
    refused(&client.answer().unwrap(), 504, "upstream_timeout");
    assert_eq!(world.hold(&hold)["state"], "consumed");
    drop(lock);
    world.until(&hold, "approved");
    drop((crowd, listener));
}
