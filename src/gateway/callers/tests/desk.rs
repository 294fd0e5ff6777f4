//! A change of keys is recorded, kept and in force, or nothing of it is.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::admin::sample::{policy, root as admin};
use crate::admin::{AdminStore, Change, Faults, FileSet, IssuedKey, MemoryAdminStore, Pin, Pins};
use crate::audit::{Durability, Ledger, LedgerOptions, tail};
use crate::config::{Sources, load_document};
use crate::decision::{PolicySnapshot, compile};
use crate::gateway::{
    Administrator, Candidate, Clock, KeyAdmin, KeyConflict, KeyDesk, KeyRefused, PublishError, Publisher,
    PublisherParts, SystemClock, live_keys,
};
use crate::identity::Key;
use crate::model::decision::SnapshotRef;
use crate::model::document::Document;
use crate::model::time::Timestamp;
use crate::telemetry::Metrics;

/// Steps are not taken.
const FAILS: Faults = Faults { commit: true, silent: false, read: false, pin: false };
/// Steps are taken and said to have failed.
const KEEPS_AND_FAILS: Faults = Faults { commit: false, silent: true, read: false, pin: false };

struct World {
    folder: TempDir,
    ledger: Arc<Ledger>,
    publisher: Arc<Publisher>,
    store: Arc<MemoryAdminStore>,
    desk: KeyDesk,
}

struct NoSources;

impl Sources for NoSources {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, _path: &Path) -> Result<String, String> {
        Err("no files".to_owned())
    }
}

impl World {
    fn new(keys: Vec<IssuedKey>) -> Self {
        let folder = TempDir::new().unwrap();
        let mut options = LedgerOptions::new(folder.path().join("ledger"));
        options.durability = Durability::Process;
        options.segment_bytes = 1 << 20;
        options.reserve_percent = 0;
        let (ledger, _report) = Ledger::open(options, SystemClock.now()).unwrap();
        Self::over(folder, ledger, Arc::new(MemoryAdminStore::default()), keys, "first")
    }

    fn over(
        folder: TempDir,
        ledger: Arc<Ledger>,
        store: Arc<MemoryAdminStore>,
        keys: Vec<IssuedKey>,
        hash: &str,
    ) -> Self {
        let parts = PublisherParts {
            ledger: Arc::clone(&ledger),
            store: Arc::clone(&store) as Arc<dyn AdminStore>,
            metrics: Arc::new(Metrics::new("test").unwrap()),
            clock: Arc::new(SystemClock),
            seen: 0,
            issued: live_keys(&keys),
        };
        let files = FileSet::default();
        let mut build = |reference| Some(snapshot(reference));
        let mut first =
            Candidate { hash: hash.into(), source: "start", by: None, files: &files, build: &mut build };
        let publisher = Arc::new(Publisher::start(&mut first, parts).unwrap());
        let desk = KeyDesk::new(Arc::clone(&publisher), Arc::new(SystemClock), keys);
        Self { folder, ledger, publisher, store, desk }
    }

    /// The same after a restart with files of this hash.
    fn restart(self, hash: &str) -> Self {
        let Self { folder, ledger, store, .. } = self;
        let keys = store.keys().unwrap();
        Self::over(folder, ledger, store, keys, hash)
    }

    fn publish(&self, hash: &str) -> u64 {
        let files = FileSet::default();
        let mut build = |reference| Some(snapshot(reference));
        let mut next =
            Candidate { hash: hash.into(), source: "file", by: None, files: &files, build: &mut build };
        self.publisher.publish(&mut next).unwrap().version
    }

    fn version(&self) -> u64 {
        self.publisher.status().active.version
    }

    fn knows(&self, text: &str) -> bool {
        let snapshot = self.publisher.handle().load_full();
        snapshot.keys.find(text.as_bytes(), SystemClock.now()).is_some()
    }

    /// The kinds of its records of keys, each with the version of the snapshot it is about.
    fn told(&self) -> Vec<(String, u64)> {
        let records = tail(&self.folder.path().join("ledger"), 100).unwrap().poll_new().unwrap();
        let records =
            records.iter().map(|record| serde_json::from_slice::<serde_json::Value>(record.line()).unwrap());
        let of_keys = records.filter_map(|record| {
            let kind = record["kind"].as_str()?.to_owned();
            let about = if kind == "snapshot.reverted" { "undone" } else { "snapshot" };
            let version = record[about]["version"].as_u64()?;
            (kind != "snapshot").then_some((kind, version))
        });
        of_keys.collect()
    }

    fn fault(&self, faults: Faults) {
        self.store.fail(faults);
    }
}

fn snapshot(reference: SnapshotRef) -> PolicySnapshot {
    let document = Document::parse("gateway.yaml", "version: 1\n").unwrap();
    let config = load_document(document, Path::new("."), Vec::new(), &NoSources).unwrap();
    compile(&config, None, &[key("configured")], reference).unwrap()
}

fn key(id: &str) -> Key {
    Key {
        id: id.into(),
        hash: [0; 32],
        tenant: "acme".into(),
        scopes: Vec::new(),
        actors: Vec::new(),
        actor: None,
        roles: [].into(),
        groups: [].into(),
        claims: [].into(),
        person: None,
        expires_at: None,
    }
}

fn root() -> KeyAdmin {
    KeyAdmin { name: "root".into(), tenant: Some("default".into()) }
}

fn told(kinds: &[(&str, u64)]) -> Vec<(String, u64)> {
    kinds.iter().map(|(kind, version)| ((*kind).to_owned(), *version)).collect()
}

#[test]
fn what_the_store_does_not_keep_does_not_happen_and_the_ledger_says_so() {
    let world = World::new(Vec::new());
    world.fault(FAILS);
    let refused = world.desk.issue(key("bot"), &root()).unwrap_err();
    assert!(matches!(refused, KeyRefused::Failed(PublishError::Store(_))), "{refused:?}");
    assert!(world.desk.list(&root()).is_empty());
    assert_eq!(world.publisher.status().active.version, 1);
    world.fault(Faults::default());
    // Nothing of it is left but its version, which is not given again.
    let (_, text) = world.desk.issue(key("bot"), &root()).unwrap();
    assert!(world.knows(&text));
    assert_eq!(world.told(), told(&[("key.created", 2), ("snapshot.reverted", 2), ("key.created", 3)]));
    assert_eq!(world.publisher.status().active.version, 3);

    world.fault(FAILS);
    assert!(world.desk.revoke("bot", &root()).is_err());
    assert!(world.desk.rotate("bot", Duration::ZERO, &root()).is_err());
    assert!(world.knows(&text));
    world.fault(Faults::default());
    world.desk.revoke("bot", &root()).unwrap();
    assert!(!world.knows(&text));
}

#[test]
fn what_is_kept_although_the_store_failed_holds() {
    let world = World::new(Vec::new());
    world.fault(KEEPS_AND_FAILS);
    let (_, text) = world.desk.issue(key("bot"), &root()).unwrap();
    assert!(world.knows(&text));
    world.desk.revoke("bot", &root()).unwrap();
    assert!(!world.knows(&text));
    assert_eq!(world.told(), told(&[("key.created", 2), ("key.revoked", 3)]));
}

#[test]
fn what_the_ledger_does_not_take_does_not_happen() {
    let world = World::new(Vec::new());
    let (_, text) = world.desk.issue(key("bot"), &root()).unwrap();
    world.ledger.close(SystemClock.now()).unwrap();
    assert!(matches!(
        world.desk.issue(key("other"), &root()),
        Err(KeyRefused::Failed(PublishError::Ledger(_)))
    ));
    assert!(world.desk.revoke("bot", &root()).is_err());
    assert!(world.knows(&text));
    assert_eq!(world.store.keys().unwrap().len(), 1);
    assert!(world.store.keys().unwrap()[0].revoked_at.is_none());
}

#[test]
fn keys_and_objects_are_kept_by_each_others_changes() {
    let world = World::new(Vec::new());
    let administrator = Administrator::new(Arc::clone(&world.publisher));
    let make = |id| {
        let change = Change::CreatePolicy(policy(id, None, "DENY"));
        administrator.apply(change, &admin(), SystemClock.now()).unwrap().snapshot.version
    };
    let count = || administrator.objects().objects().len();
    let (_, text) = world.desk.issue(key("bot"), &root()).unwrap();
    assert_eq!((world.version(), make("one"), world.publish("second")), (2, 3, 4));
    assert!(world.knows(&text) && count() == 1);
    let (_, other) = world.desk.issue(key("other"), &root()).unwrap();
    assert!(world.knows(&text) && world.knows(&other) && count() == 1);
    // The hash is that of what is in files and objects.
    let hashes: Vec<_> = world.store.snapshots(None, 2).unwrap().iter().map(|row| row.hash.clone()).collect();
    assert_eq!(hashes[0], hashes[1]);

    world.desk.revoke("bot", &root()).unwrap();
    let version = world.version();
    let world = world.restart("second");
    assert!(!world.knows(&text) && world.knows(&other));
    assert_eq!(world.version(), version);
    assert!(matches!(world.desk.issue(key("bot"), &root()), Err(KeyRefused::Conflict(KeyConflict::Exists))));
    assert_eq!(Administrator::new(Arc::clone(&world.publisher)).objects().objects().len(), 1);
    world.desk.issue(key("third"), &root()).unwrap();
    assert_eq!(world.version(), version + 1);
}

/// A revoked key that came back with an earlier snapshot would be anybody's who found it.
#[test]
fn keys_do_not_go_back_with_a_rollback() {
    let world = World::new(Vec::new());
    let administrator = Administrator::new(Arc::clone(&world.publisher));
    let (_, text) = world.desk.issue(key("bot"), &root()).unwrap();
    world.desk.revoke("bot", &root()).unwrap();
    let (_, later) = world.desk.issue(key("later"), &root()).unwrap();
    let content = administrator.snapshot(2).unwrap();
    let pin = Pin { version: 2, base: "now".into(), texts: content.texts.clone() };
    let files = FileSet { pins: Pins { rules: None, governance: Some(pin) }, ..FileSet::default() };
    let mut build = |reference| Some(snapshot(reference));
    let mut candidate =
        Candidate { hash: "first".into(), source: "rollback", by: None, files: &files, build: &mut build };
    assert_eq!(administrator.roll_back(content, &mut candidate).unwrap().version, 5);
    assert!(!world.knows(&text) && world.knows(&later));
}

#[test]
fn texts_end_when_they_should() {
    let world = World::new(Vec::new());
    let end = SystemClock.now().after(Duration::from_secs(1000));
    let (_, first) = world.desk.issue(Key { expires_at: Some(end), ..key("bot") }, &root()).unwrap();
    let (rotated, second) = world.desk.rotate("bot", Duration::from_secs(3600), &root()).unwrap();
    let found = |text: &str, now: Timestamp| {
        let snapshot = world.publisher.handle().load_full();
        snapshot.keys.find(text.as_bytes(), now).is_some()
    };
    let before = Timestamp::from_micros(end.as_micros() - 1);
    assert!(found(&first, before) && found(&second, before));
    // The overlap is not longer than the key.
    assert!(!found(&first, end) && !found(&second, end));
    assert_eq!(rotated.key.expires_at, Some(end));
    let (_, other) = world.desk.issue(key("other"), &root()).unwrap();
    let (rotated, _) = world.desk.rotate("other", Duration::from_secs(60), &root()).unwrap();
    let until = rotated.earlier_until(SystemClock.now()).unwrap();
    assert!(found(&other, Timestamp::from_micros(until.as_micros() - 1)) && !found(&other, until));
}

#[test]
fn there_are_only_so_many() {
    let issued = |number: usize| IssuedKey {
        key: Key { hash: [u8::try_from(number % 251).unwrap(); 32], ..key(&format!("k{number}")) },
        earlier: None,
        created_at: Timestamp::from_micros(0),
        created_by: "root".into(),
        revoked_at: None,
    };
    let world = World::new((0..10_000).map(issued).collect());
    assert!(matches!(
        world.desk.issue(key("one-more"), &root()),
        Err(KeyRefused::Conflict(KeyConflict::Full))
    ));
    world.desk.revoke("k0", &root()).unwrap();
    let (_, text) = world.desk.issue(key("one-more"), &root()).unwrap();
    assert!(world.knows(&text));
}
