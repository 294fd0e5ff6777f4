//! Checkpoints that are damaged, cut off, of another ledger, or ahead of theirs.

use std::fs;

use crate::gateway::Begun;
use crate::gateway::rebuild::tests::support::{World, copy};

/// A ledger of three epochs, with a checkpoint within the third.
fn world() -> (World, std::sync::Arc<crate::audit::Ledger>) {
    let mut world = World::new();
    for _ in 0..2 {
        let ledger = world.open();
        world.call(&ledger, 40);
        ledger.close(world.now()).unwrap();
    }
    let ledger = world.open();
    world.call(&ledger, 40);
    world.fold().0.save().unwrap();
    world.call(&ledger, 40);
    (world, ledger)
}

#[test]
fn what_is_damaged_or_cut_off_is_made_anew() {
    let (world, _ledger) = world();
    world.check(&Begun::AtCheckpoint);
    let whole = fs::read(world.file()).unwrap();
    for length in (0..whole.len()).step_by(97).chain([13, 14, 45, 46, whole.len() - 1]) {
        fs::write(world.file(), &whole[..length]).unwrap();
        assert!(matches!(world.fold().1, Begun::Anew(_)), "{length} bytes of it");
    }
    for place in (0..whole.len()).step_by(61) {
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        fs::write(world.file(), &damaged).unwrap();
        let (fold, begun) = world.fold();
        assert!(matches!(begun, Begun::Anew(_)), "byte {place}");
        assert!(fold.state().checkpoint() == world.live.checkpoint());
    }
    fs::write(world.file(), b"something else").unwrap();
    world.check(&Begun::Anew("it is no checkpoint of this version".to_owned()));
    // It is written over, and good again.
    world.fold().0.save().unwrap();
    world.check(&Begun::AtCheckpoint);
}

#[test]
fn what_is_of_another_ledger_is_made_anew() {
    let ((world, _ledger), (other, _other)) = (world(), world());
    fs::copy(other.file(), world.file()).unwrap();
    world.check(&Begun::Anew("it is of another ledger".to_owned()));
    // A folder in its place is no checkpoint, and keeps nothing from starting.
    fs::remove_file(world.file()).unwrap();
    fs::create_dir(world.file()).unwrap();
    let (mut fold, begun) = world.fold();
    assert!(matches!(begun, Begun::Anew(_)));
    assert!(fold.save().is_err() && fold.is_unsaved());
}

#[test]
fn a_ledger_that_lost_its_end_is_read_anew() {
    let mut world = World::new();
    let ledger = world.open();
    world.call(&ledger, 20);
    // The disk has so much when the machine dies.
    let disk = World::new();
    copy(&world.ledger(), &disk.ledger());
    let known = world.live.checkpoint();
    world.call(&ledger, 20);
    world.fold().0.save().unwrap();
    fs::copy(world.file(), disk.file()).unwrap();
    let (fold, begun) = disk.fold();
    assert!(matches!(begun, Begun::Anew(why) if why.starts_with("the ledger says otherwise in ")));
    assert!(fold.state().checkpoint() == known);
}

#[test]
fn epochs_that_are_taken_out_of_the_ledger_stay_counted() {
    let (world, _ledger) = world();
    let mut epochs: Vec<_> =
        fs::read_dir(world.ledger()).unwrap().map(|entry| entry.unwrap().path()).collect();
    epochs.retain(|path| path.is_dir());
    epochs.sort();
    fs::remove_dir_all(&epochs[0]).unwrap();
    world.check(&Begun::AtCheckpoint);
}
