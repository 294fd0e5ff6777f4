//! The state that is made again, over several epochs, cuts, crashes and clocks.

use std::path::PathBuf;
use std::sync::Arc;

use crate::facts::{Live, Reservation, Who};
use crate::gateway::rebuild::tests::support::{SECOND, World, append, copy, open};
use crate::gateway::{Begun, Fold};
use crate::model::decision::RateLimit;

#[test]
fn a_checkpoint_at_any_place_and_the_rest_make_the_state_of_all_records() {
    let mut world = World::new();
    let mut begun = Begun::AtFirstRecord;
    // Epochs whose clocks are ahead and behind by seconds, hours and days.
    for (number, off) in [0, 3600, -20, -90_000, 200_000, 0, 7].into_iter().enumerate() {
        world.off = off * SECOND;
        let ledger = world.open();
        world.check(&begun);
        world.call(&ledger, 37);
        world.check(&begun);
        if number % 2 == 0 {
            let (mut fold, _) = world.fold();
            assert!(fold.is_unsaved());
            fold.save().unwrap();
            assert!(!fold.is_unsaved());
            begun = Begun::AtCheckpoint;
        }
        world.call(&ledger, 11);
        ledger.close(world.now()).unwrap();
        world.check(&begun);
    }
    world.check(&Begun::AtCheckpoint);
    // The same without any checkpoint.
    std::fs::remove_file(world.file()).unwrap();
    world.check(&Begun::AtFirstRecord);
}

#[test]
fn batches_and_segments_make_no_difference() {
    let mut world = World::new();
    let ledger = world.open();
    // More than two batches, and more than one segment of a megabyte.
    world.call(&ledger, 6000);
    let (mut fold, _) = Fold::begin(&world.ledger(), &world.file()).unwrap();
    let mut steps = 0;
    while !fold.step(None).unwrap().idle {
        steps += 1;
        fold.save().unwrap();
        let (again, begun) = Fold::begin(&world.ledger(), &world.file()).unwrap();
        assert_eq!(begun, Begun::AtCheckpoint);
        assert!(again.state().checkpoint() == fold.state().checkpoint());
        fold = again;
    }
    assert!(steps >= 3, "{steps}");
    world.check(&Begun::AtCheckpoint);
}

#[test]
fn a_process_that_was_killed_between_record_and_checkpoint_refills_nothing() {
    let who = Who::new("t", "ann", "a.b");
    let limit = RateLimit { max_requests: 10, window_s: 3600 };
    for tail in [&b""[..], b"{\"seq\":12,\"time\":\"20", b"garbage without an end"] {
        let world = World::new();
        let ledger = world.open();
        let live = Arc::new(Live::default());
        for number in 0..10 {
            let reservation = live.reserve(Some((who, limit)), None, world.now()).unwrap();
            let at = reservation.charged().grant.unwrap().at.to_rfc3339();
            let payload = format!(
                r#""kind":"decision","tenant":"t","actor":"ann","capability":"a.b","outcome":"ALLOW","facts":{{"now":"{at}"}},"charge":{{"max_requests":10,"window_s":3600,"at":"{at}"}}"#
            );
            append(&ledger, &payload, world.now());
            reservation.spend();
            if number == 5 {
                world.fold().0.save().unwrap();
            }
        }
        // What the kill leaves: no seal, and perhaps half a record.
        let left = World::new();
        copy(&world.ledger(), &left.ledger());
        std::fs::copy(world.file(), left.file()).unwrap();
        tear(&left, tail);
        let _next = open(&left.ledger(), world.now());
        let (fold, begun) = left.fold();
        assert_eq!(begun, Begun::AtCheckpoint);
        let again = Arc::new(fold.live().unwrap());
        assert_eq!(again.uses(&who, 3600, world.now()), 10);
        assert!(again.reserve(Some((who, limit)), None, world.now()).is_err());
        let later = world.now().after(std::time::Duration::from_secs(3600));
        assert!(again.reserve(Some((who, limit)), None, later).map(Reservation::spend).is_ok());
    }
}

/// Writes `tail` behind the last record.
fn tear(world: &World, tail: &[u8]) {
    let epoch = std::fs::read_dir(world.ledger()).unwrap().map(|entry| entry.unwrap().path());
    let epoch: PathBuf = epoch.filter(|path| path.is_dir()).max().unwrap();
    let segments = std::fs::read_dir(epoch).unwrap().map(|entry| entry.unwrap().path());
    let jsonl = segments.filter(|path| path.extension().is_some_and(|it| it == "jsonl"));
    let mut written: Vec<(PathBuf, Vec<u8>)> =
        jsonl.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    written.retain(|(_, bytes)| bytes.first().is_some_and(|first| *first != 0));
    let (path, mut bytes) = written.pop().unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    bytes[end..end + tail.len()].copy_from_slice(tail);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn what_another_process_records_is_added_to_the_live_numbers_too() {
    let mut world = World::new();
    let old = world.open();
    world.call(&old, 20);
    // The next process starts while the old one goes on.
    let new = world.open();
    let own = new.epoch_directory().file_name().unwrap().to_str().unwrap().to_owned();
    let (mut fold, _) = world.fold();
    let live = fold.live().unwrap();
    assert!(live.checkpoint() == world.live.checkpoint());
    world.call(&old, 20);
    let mut seen = 0;
    loop {
        let step = fold.step(Some((&live, &own))).unwrap();
        seen += step.records;
        if step.idle {
            break;
        }
    }
    assert_eq!(seen, 20);
    assert!(live.checkpoint() == world.live.checkpoint());
    // Its own records it knows already, since it makes them.
    let before = live.checkpoint();
    world.call(&new, 20);
    while !fold.step(Some((&live, &own))).unwrap().idle {}
    assert!(live.checkpoint() == before);
    assert!(fold.state().checkpoint() == world.live.checkpoint());
}
