//! What changes between the question and the release: policy, time, a person's mind, the tool.

use serde_json::json;

use super::approvals::refused_with;
use super::world::{AGENT, FORBIDDEN, OPS, OTHER, RULES, SCRIPT, STRICTER, Terms, World, hold_id, refused};
use crate::support::{Tool, eventually};

#[test]
fn a_policy_that_forbids_by_now_forbids_what_was_approved() {
    let world = World::waiting("{wait_ms: 30000}");
    let call = world.creating(AGENT, "ada");
    let hold = world.waited_for(1);
    world.rule(FORBIDDEN);
    assert_eq!(world.approve(OPS, &hold).status, 200);
    refused(&call.join().unwrap(), 403, "default_denied");
    refused(&world.create(AGENT, "ada"), 403, "default_denied");
    assert_eq!(world.tool.count(), 0);
    // The approval is not used up, and is good again with the rules it was given under.
    world.rule(RULES);
    assert_eq!(world.create(AGENT, "ada").status, 200);
    assert_eq!(world.tool.count(), 1);
}

#[test]
fn a_new_rule_wants_an_approval_of_its_own() {
    let world = World::start();
    let first = hold_id(&world.create(AGENT, "ada"));
    assert_eq!(world.approve(OPS, &first).status, 200);
    world.rule(STRICTER);
    let asked = world.create(AGENT, "ada");
    refused(&asked, 403, "approval_required");
    let second = hold_id(&asked);
    assert_ne!(second, first);
    assert_eq!(world.hold(&first)["state"], "cancelled", "nobody approved what is asked for now");
    assert_eq!(world.tool.count(), 0);
    assert_eq!(world.approve(OPS, &second).status, 200);
    assert_eq!(world.create(AGENT, "ada").status, 200);
    assert_eq!(world.tool.count(), 1);
}

#[test]
fn a_request_that_waits_goes_on_waiting_for_what_the_new_rule_wants() {
    let world = World::waiting("{wait_ms: 30000}");
    let call = world.creating(AGENT, "ada");
    let first = world.waited_for(1);
    world.rule(STRICTER);
    assert_eq!(world.approve(OPS, &first).status, 200);
    let second = eventually("a new hold", || {
        let pending = world.pending();
        pending.first().map(|hold| hold["hold_id"].as_str().unwrap().to_owned())
    });
    assert_eq!(world.tool.count(), 0);
    assert_eq!(world.approve(OPS, &second).status, 200);
    assert_eq!(call.join().unwrap().status, 200);
    assert_eq!(world.tool.count(), 1);
}

#[test]
fn a_policy_that_allows_by_now_needs_no_approval() {
    let world = World::start();
    hold_id(&world.create(AGENT, "ada"));
    world.rule("version: 1\nrules: [{name: all, match: {type: \"*\"}, approval: auto}]\n");
    assert_eq!(world.create(AGENT, "ada").status, 200);
    assert_eq!(world.tool.count(), 1);
}

#[test]
fn an_approval_is_used_up_though_policy_allows_by_now() {
    let world = World::waiting("{wait_ms: 30000}");
    let call = world.creating(AGENT, "ada");
    let hold = world.waited_for(1);
    world.rule("version: 1\nrules: [{name: all, match: {type: \"*\"}, approval: auto}]\n");
    assert_eq!(world.approve(OPS, &hold).status, 200);
    assert_eq!(call.join().unwrap().status, 200);
    world.until(&hold, "consumed");
    // One yes, one call: with the rules back, the same call is asked for anew.
    world.rule(RULES);
    let again = world.create_with(AGENT, "ada", &[("Prefer", "wait=0")]);
    refused(&again, 403, "approval_required");
    assert_eq!(world.tool.count(), 1);
}

#[test]
fn a_no_ends_the_wait_though_policy_allows_by_now() {
    let world = World::waiting("{wait_ms: 30000}");
    let call = world.creating(AGENT, "ada");
    let hold = world.waited_for(1);
    world.rule("version: 1\nrules: [{name: all, match: {type: \"*\"}, approval: auto}]\n");
    assert_eq!(world.reject(OPS, &hold).status, 200);
    refused(&call.join().unwrap(), 403, "hold_rejected");
    assert_eq!(world.tool.count(), 0);
}

#[test]
fn a_rejection_sticks_until_the_hold_would_have_expired() {
    let world = World::with(Terms { holds: "ttl_s: {default: 3600, automation: 1}", ..Terms::default() });
    let hold = hold_id(&world.create(SCRIPT, "ada"));
    assert_eq!(world.reject(OPS, &hold).status, 200);
    let again = world.create(SCRIPT, "ada");
    refused(&again, 403, "hold_rejected");
    assert_eq!(hold_id(&again), hold);
    assert!(again.json()["detail"].as_str().unwrap().contains("not today"), "{}", again.text());
    refused_with(&world.approve(OPS, &hold), 409, "not-pending");
    // It says nothing of other calls.
    refused(&world.create(SCRIPT, "eve"), 403, "approval_required");
    let later = eventually("a new hold", || {
        let answer = world.create(SCRIPT, "ada");
        (answer.json()["code"] == "approval_required").then(|| hold_id(&answer))
    });
    assert_ne!(later, hold);
    assert_eq!(world.tool.count(), 0);
}

#[test]
fn a_rejection_ends_the_wait() {
    let world = World::waiting("{wait_ms: 30000}");
    let call = world.creating(AGENT, "ada");
    let hold = world.waited_for(1);
    assert_eq!(world.reject(OPS, &hold).status, 200);
    refused(&call.join().unwrap(), 403, "hold_rejected");
    assert_eq!(world.tool.count(), 0);
}

#[test]
fn what_nobody_approves_in_time_expires() {
    let terms = Terms {
        hold: Some("{wait_ms: 30000}"),
        holds: "ttl_s: {default: 3600, automation: 1}",
        ..Terms::default()
    };
    let world = World::with(terms);
    let call = world.creating(SCRIPT, "ada");
    let hold = world.waited_for(1);
    refused(&call.join().unwrap(), 403, "hold_expired");
    refused_with(&world.approve(OPS, &hold), 409, "not-pending");
    world.until(&hold, "expired");
    eventually("the record", || {
        let records = world.gateway.records_of("hold");
        records
            .iter()
            .any(|record| record["state"] == "expired" && record["hold_id"] == hold.as_str())
            .then_some(())
    });
    assert_eq!(world.tool.count(), 0);
}

#[test]
fn an_approval_that_is_not_used_in_time_expires_too() {
    let world = World::with(Terms { holds: "ttl_s: {default: 3600, automation: 1}", ..Terms::default() });
    let hold = hold_id(&world.create(SCRIPT, "ada"));
    assert_eq!(world.approve(OPS, &hold).status, 200);
    world.until(&hold, "expired");
    let again = world.create(SCRIPT, "ada");
    refused(&again, 403, "approval_required");
    assert_ne!(hold_id(&again), hold);
    assert_eq!(world.tool.count(), 0);
}

#[test]
fn an_approval_is_good_again_when_the_tool_could_not_be_reached() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    let mut tool = Tool::start();
    tool.address = address;
    drop(nobody);
    let world = World::before(tool, Terms::default());
    let hold = hold_id(&world.create(AGENT, "ada"));
    assert_eq!(world.approve(OPS, &hold).status, 200);
    for _round in 0..3 {
        // Told that nothing was sent, a caller repeats at once, and is not asked to find another approver.
        let failed = world.create(AGENT, "ada");
        refused(&failed, 502, "upstream_failed");
        assert_eq!(world.hold(&hold)["state"], "approved");
    }
    let records = world.gateway.records();
    let results: Vec<_> = records.iter().filter_map(|record| record["result"].as_str()).collect();
    assert_eq!(results, ["not_forwarded"; 3]);
    // Once the tool is there it runs, once.
    let listener = std::net::TcpListener::bind(address).unwrap();
    let serving = std::thread::spawn(move || Tool::serve_one(&listener));
    assert_eq!(world.create(AGENT, "ada").status, 200);
    serving.join().unwrap();
    world.until(&hold, "consumed");
}

#[test]
fn a_call_whose_tool_breaks_off_is_never_made_again() {
    let tool = Tool::answering(|_, stream| {
        let _closed = stream.shutdown(std::net::Shutdown::Both);
    });
    let world = World::before(tool, Terms::default());
    let hold = hold_id(&world.create(AGENT, "ada"));
    assert_eq!(world.approve(OPS, &hold).status, 200);
    refused(&world.create(AGENT, "ada"), 502, "upstream_failed");
    assert_eq!(world.tool.count(), 1);
    assert_eq!(world.hold(&hold)["state"], "consumed", "it may have run");
    let again = world.create(AGENT, "ada");
    refused(&again, 403, "approval_required");
    assert_ne!(hold_id(&again), hold);
    refused(&world.create(OTHER, "ada"), 403, "approval_required");
    assert_eq!(world.tool.count(), 1);
    let executions = world.gateway.records_of("execution");
    assert_eq!(executions[0]["result"], json!("unknown_outcome"));
}
