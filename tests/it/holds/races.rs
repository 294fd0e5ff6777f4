//! Many who want the same approval.

use std::sync::{Arc, Barrier};

use super::world::{AGENT, OPS, World, hold_id, refused, send_create};
use crate::support::eventually;

#[test]
fn of_two_that_wait_for_one_approval_one_is_let_through() {
    let world = World::waiting("{wait_ms: 30000}");
    let calls = [world.creating(AGENT, "ada"), world.creating(AGENT, "ada")];
    let hold = world.waited_for(2);
    assert_eq!(world.approve(OPS, &hold).status, 200);
    let mut answers = calls.map(|call| call.join().unwrap());
    answers.sort_by_key(|answer| answer.status);
    assert_eq!((answers[0].status, answers[0].text().as_str()), (200, "{\"ok\":true}"));
    refused(&answers[1], 409, "already_executed");
    assert!(!answers[1].text().contains("true"), "the result is the first one's alone");
    assert_eq!(world.tool.count(), 1);
    let allowed =
        world.gateway.records_of("decision").into_iter().find(|record| record["code"] == "approved");
    assert_eq!(answers[1].json()["decision_id"], allowed.unwrap()["decision_id"]);
}

#[test]
fn of_sixteen_repeats_that_race_one_is_let_through() {
    let world = World::start();
    for round in 1..=5_usize {
        let hold = hold_id(&world.create(AGENT, "ada"));
        assert_eq!(world.approve(OPS, &hold).status, 200);
        let start = Arc::new(Barrier::new(16));
        let racers: Vec<_> = (0..16)
            .map(|_| {
                let (mut client, start) = (world.gateway.client(), Arc::clone(&start));
                std::thread::spawn(move || {
                    start.wait();
                    send_create(&mut client, AGENT, "ada", &[])
                })
            })
            .collect();
        let answers: Vec<_> = racers.into_iter().map(|racer| racer.join().unwrap()).collect();
        let through = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!((through, world.tool.count()), (1, round));
        // Who came too late asks for another approval; who lost the race is told that it has run.
        let rest =
            answers.iter().filter(|answer| answer.status != 200).map(|answer| answer.json()["code"].clone());
        for code in rest {
            assert!(code == "already_executed" || code == "approval_required", "{code}");
        }
        let left: Vec<_> =
            world.pending().iter().map(|hold| hold["hold_id"].as_str().unwrap().to_owned()).collect();
        assert!(left.len() <= 1, "one call, one hold: {left:?}");
        left.iter().for_each(|hold| assert_eq!(world.cancel(AGENT, hold).status, 200));
    }
    assert!(world.gateway.verify().status.success());
}

#[test]
fn yes_and_no_at_once_are_one_or_the_other() {
    let world = World::waiting("{wait_ms: 30000}");
    let mut through = 0;
    for name in ["a", "b", "c", "d", "e", "f"] {
        let call = world.creating(AGENT, name);
        let hold = world.waited_for(1);
        let [yes, no] = ["approve", "reject"]
            .map(|verb| {
                let mut client = world.gateway.control_client();
                let path = format!("/api/v1/holds/{hold}/{verb}");
                let headers = [("X-Api-Key", OPS), ("Content-Type", "application/json")];
                std::thread::spawn(move || client.request("POST", &path, &headers, b"{}").status)
            })
            .map(|asked| asked.join().unwrap());
        let mut both = [yes, no];
        both.sort_unstable();
        assert_eq!(both, [200, 409]);
        let status = call.join().unwrap().status;
        assert_eq!(status, if yes == 200 { 200 } else { 403 });
        through += usize::from(yes == 200);
        eventually("an empty desk", || world.pending().is_empty().then_some(()));
    }
    assert_eq!(world.tool.count(), through);
}
