//! The gateway stops or dies between the steps of a held call.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::json;

use super::world::{AGENT, OPS, SCRIPT, Terms, World, hold_id, raw_create, refused};
use crate::support::{Tool, aegis, eventually};

#[test]
fn holds_and_approvals_survive_a_restart_and_a_crash() {
    for signal in ["TERM", "KILL"] {
        let mut world = World::start();
        let (approved, pending) =
            (hold_id(&world.create(AGENT, "ada")), hold_id(&world.create(AGENT, "eve")));
        let rejected = hold_id(&world.create(AGENT, "bob"));
        assert_eq!(world.approve(OPS, &approved).status, 200);
        assert_eq!(world.reject(OPS, &rejected).status, 200);
        world.restart(signal);
        assert_eq!(hold_id(&world.create(AGENT, "eve")), pending);
        refused(&world.create(AGENT, "bob"), 403, "hold_rejected");
        assert_eq!(world.tool.count(), 0);
        assert_eq!(world.create(AGENT, "ada").status, 200, "{signal}");
        world.restart(signal);
        refused(&world.create(AGENT, "ada"), 403, "approval_required");
        assert_eq!(world.tool.count(), 1);
        assert_eq!(world.approve(OPS, &pending).status, 200);
        assert_eq!(world.create(AGENT, "eve").status, 200);
        assert_eq!(world.tool.count(), 2);
        assert!(world.gateway.verify().status.success());
    }
}

#[test]
fn who_waits_when_the_gateway_stops_is_told_and_keeps_the_hold() {
    let mut world = World::waiting("{wait_ms: 30000}");
    let call = world.creating(AGENT, "ada");
    let hold = world.waited_for(1);
    world.gateway.signal("TERM");
    let told = call.join().unwrap();
    refused(&told, 503, "stopping");
    assert_eq!(hold_id(&told), hold);
    assert!(told.header("retry-after").is_some());
    assert!(world.gateway.wait().success());
    world.gateway = world.gateway.restart();
    assert_eq!(world.approve(OPS, &hold).status, 200);
    assert_eq!(world.create(AGENT, "ada").status, 200);
    assert_eq!(world.tool.count(), 1);
}

#[test]
fn people_decide_as_long_as_calls_are_under_way() {
    let (tool, release) = Tool::waiting();
    let mut world = World::before(tool, Terms::default());
    let hold = hold_id(&world.create(AGENT, "ada"));
    let mut client = world.gateway.client();
    client.send(format!("GET /crm/contacts/1 HTTP/1.1\r\nHost: x\r\nX-Api-Key: {AGENT}\r\n\r\n").as_bytes());
    world.tool.wait();
    world.gateway.signal("TERM");
    let address = world.gateway.address;
    eventually("no new calls", || TcpStream::connect(address).is_err().then_some(()));
    // With a connection of its own, and in the midst of its request when the last call ends.
    let path = format!("/api/v1/holds/{hold}/approve");
    let mut approver = world.gateway.control_client();
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {OPS}\r\nContent-Type: application/json\r\n");
    approver.send(format!("{head}Content-Length: 2\r\n\r\n{{").as_bytes());
    assert_eq!(world.hold(&hold)["state"], "pending", "others are answered meanwhile");
    release.send(()).unwrap();
    assert_eq!(client.answer().unwrap().status, 200);
    let control = world.gateway.control;
    eventually("nobody else is answered", || TcpStream::connect(control).is_err().then_some(()));
    approver.send(b"}");
    assert_eq!(approver.answer().unwrap().status, 200);
    assert!(world.gateway.wait().success());
    world.gateway = world.gateway.restart();
    assert_eq!(world.hold(&hold)["state"], "approved");
}

#[test]
fn a_hold_that_cannot_be_read_back_keeps_no_other_from_anything() {
    let mut world = World::start();
    let [bad, good] = ["ada", "eve"].map(|name| hold_id(&world.create(AGENT, name)));
    world.gateway.kill();
    let file = world.gateway.folder().join("data/aegis.db");
    let store = rusqlite::Connection::open(&file).unwrap();
    // As after a change by hand: its time ran out, the ledger is to be told, and nobody knows what of.
    let spoil = "UPDATE holds SET rest = '{', expires_at = 1, recorded = 0 WHERE id = ?1";
    assert_eq!(store.execute(spoil, [&bad]).unwrap(), 1);
    drop(store);
    world.gateway = world.gateway.restart();
    let listed = world.ask(OPS, "GET", "/api/v1/holds", &json!(null));
    assert_eq!((listed.status, &listed.json()["holds"][0]["hold_id"]), (200, &json!(good)));
    assert_eq!(listed.json()["holds"].as_array().map(Vec::len), Some(1));
    assert_eq!(world.ask(OPS, "GET", &format!("/api/v1/holds/{bad}"), &json!(null)).status, 503);
    refused(&world.create(AGENT, "ada"), 503, "store_unavailable");
    assert_eq!(world.approve(OPS, &good).status, 200);
    assert_eq!(world.create(AGENT, "eve").status, 200);
    let log = world.gateway.log();
    let named = log.lines().filter(|line| line.contains(&bad) && line.contains("left out")).count();
    assert_eq!(named, 1, "{log}");
}

#[test]
fn a_start_that_cannot_take_its_holds_up_names_the_file_and_what_to_do() {
    let mut world = World::with(Terms { holds: "ttl_s: {default: 3600, automation: 1}", ..Terms::default() });
    hold_id(&world.create(SCRIPT, "ada"));
    world.gateway.kill();
    let file = world.gateway.folder().join("data/aegis.db");
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("UPDATE holds SET expires_at = 1; BEGIN IMMEDIATE").unwrap();
    let config = world.gateway.folder().join("gateway.yaml");
    let output = aegis().args(["serve", "--config"]).arg(config).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let output = String::from_utf8(output.stderr).unwrap();
    assert!(output.contains("aegis.db cannot be taken up") && output.contains("put a copy"), "{output}");
    assert!(output.contains("locked by another process"), "{output}");
}

#[test]
fn holds_whose_time_ran_out_meanwhile_have_expired_before_anything_is_served() {
    let mut world = World::with(Terms { holds: "ttl_s: {default: 3600, automation: 1}", ..Terms::default() });
    let hold = hold_id(&world.create(SCRIPT, "ada"));
    assert_eq!(world.approve(OPS, &hold).status, 200);
    world.gateway.kill();
    // Time that passes while nobody runs.
    std::thread::sleep(Duration::from_millis(1100));
    world.gateway = world.gateway.restart();
    assert_eq!(world.hold(&hold)["state"], "expired");
    refused(&world.create(SCRIPT, "ada"), 403, "approval_required");
    assert_eq!(world.tool.count(), 0);
}

#[test]
fn a_crash_between_the_approvals_use_and_the_call_does_not_repeat_the_call() {
    let (listener, crowd) = listener_that_takes_nobody();
    let mut tool = Tool::start();
    let real = std::mem::replace(&mut tool.address, listener.local_addr().unwrap());
    let mut world = World::before(tool, Terms::default());
    let hold = hold_id(&world.create(AGENT, "ada"));
    assert_eq!(world.approve(OPS, &hold).status, 200);
    let mut client = world.gateway.client();
    client.send(&raw_create("ada"));
    // The approval is used up, then recorded, and the tool's address takes nobody.
    world.until(&hold, "consumed");
    eventually("the record of the call that is let through", || {
        let recorded = world.gateway.records();
        recorded.iter().any(|record| record["code"] == "approved").then_some(())
    });
    world.gateway.kill();
    drop((crowd, listener));
    let config = world.gateway.folder().join("gateway.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace(&world.tool.address.to_string(), &real.to_string())).unwrap();
    world.gateway = world.gateway.restart();

    assert_eq!(world.hold(&hold)["state"], "consumed");
    let again = world.create(AGENT, "ada");
    refused(&again, 403, "approval_required");
    assert_ne!(hold_id(&again), hold);
    let named = world.create_with(AGENT, "ada", &[("X-Aegis-Hold", &hold)]);
    refused(&named, 409, "already_executed");
    assert_eq!(world.tool.count(), 0);
    // The ledger says that nobody knows, of the call and of the hold.
    let records = world.gateway.records();
    let unknown = records.iter().find(|record| record["kind"] == "reconciliation").unwrap();
    let allowed = records.iter().find(|record| record["code"] == "approved").unwrap();
    assert_eq!(
        (&unknown["decision_id"], &unknown["result"]),
        (&allowed["decision_id"], &json!("outcome_unknown"))
    );
    let late =
        records.iter().find(|record| record["hold_id"] == hold.as_str() && record["state"] == "consumed");
    assert!(late.unwrap()["note"].as_str().unwrap().contains("ended"), "{late:?}");
}

#[test]
fn killed_at_any_moment_a_call_runs_once_at_most_and_never_unrecorded() {
    let mut world = World::waiting("{wait_ms: 30000}");
    for round in 0..10_u64 {
        let name = format!("contact {round}");
        let call = {
            let (mut client, name) = (world.gateway.client(), name.clone());
            std::thread::spawn(move || {
                let sent = client.try_send(&raw_create(&name));
                sent.then(|| client.answer()).flatten()
            })
        };
        let hold = world.waited_for(1);
        let control = world.gateway.control;
        let approval = std::thread::spawn(move || approve_whatever_happens(control, &hold));
        // A moment that differs from round to round: which one it is is left to chance.
        std::thread::sleep(Duration::from_micros(400 * round));
        world.gateway.kill();
        let _answer = call.join().unwrap();
        approval.join().unwrap();
        world.gateway = world.gateway.restart();
        let again = world.create_with(AGENT, &name, &[("Prefer", "wait=0")]);
        assert!(again.status == 200 || again.json()["code"] == "approval_required", "{}", again.text());
        let runs = world.tool.seen().iter().filter(|seen| seen.text().contains(&name)).count();
        assert!(runs <= 1, "{name} ran {runs} times");
        for hold in world.pending() {
            world.reject(OPS, hold["hold_id"].as_str().unwrap());
        }
    }
    let records = world.gateway.records_of("decision");
    for seen in world.tool.seen() {
        let id = seen.header("x-aegis-decision-id").pop().unwrap();
        let record = records.iter().find(|record| record["decision_id"] == id.as_str());
        assert_eq!(record.unwrap()["code"], "approved");
    }
    assert!(world.gateway.verify().status.success());
}

/// Approves a hold of a gateway that may die meanwhile.
fn approve_whatever_happens(control: SocketAddr, hold: &str) {
    let Ok(mut stream) = TcpStream::connect(control) else { return };
    let request = format!(
        "POST /api/v1/holds/{hold}/approve HTTP/1.1\r\nHost: x\r\nX-Api-Key: {OPS}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    );
    let _dead = stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_end(&mut Vec::new()));
}

/// A listener whose queue is full: whoever connects to it now is neither taken nor turned away.
pub fn listener_that_takes_nobody() -> (TcpListener, Vec<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut crowd = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        crowd.push(stream);
    }
    (listener, crowd)
}
