//! Changes by API, from the request for one to the snapshot in force: whole or not at all, whatever fails.

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use crate::admin::sample::{file, grant, policy, revoke, root, written};
use crate::admin::{
    AdminStore, By, Change, Digest, Faults, FileObject, FileSet, IfMatch, MemoryAdminStore, Pin, Pins,
    Refused, Role, SnapshotContent, Text, comes_back,
};
use crate::audit::{Durability, Ledger, LedgerOptions, tail};
use crate::config::{Sources, load_document};
use crate::decision::{PolicySnapshot, compile};
use crate::gateway::{
    AdminError, Administrator, Applied, Candidate, Clock, PublishError, Publisher, PublisherParts,
    SystemClock, live_keys,
};
use crate::model::decision::SnapshotRef;
use crate::model::document::Document;
use crate::policy::governance::Kind;
use crate::telemetry::Metrics;

struct NoSources;

impl Sources for NoSources {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, _path: &Path) -> Result<String, String> {
        Err("no files".to_owned())
    }
}

fn snapshot(reference: SnapshotRef) -> PolicySnapshot {
    let document = Document::parse("gateway.yaml", "version: 1\n").unwrap();
    let config = load_document(document, Path::new("."), Vec::new(), &NoSources).unwrap();
    compile(&config, None, &[], reference).unwrap()
}

/// A gateway's writer of snapshots.
struct World {
    folder: TempDir,
    ledger: Arc<Ledger>,
    store: Arc<MemoryAdminStore>,
    publisher: Arc<Publisher>,
    administrator: Administrator,
}

fn ledger(folder: &TempDir) -> Arc<Ledger> {
    let mut options = LedgerOptions::new(folder.path().join("ledger"));
    options.durability = Durability::Disk;
    options.segment_bytes = 1 << 20;
    options.reserve_percent = 0;
    Ledger::open(options, SystemClock.now()).unwrap().0
}

/// What a configuration with this text is known by.
fn hash(text: &str) -> Arc<str> {
    Digest::of_text(text).to_hex().into()
}

/// What files with this text hold.
fn files(text: &str) -> FileSet {
    let texts = vec![Text { role: Role::Governance, name: "g.yaml".into(), text: text.into() }];
    FileSet { texts, objects: file("g.yaml", text), ..FileSet::default() }
}

fn start(
    ledger: &Arc<Ledger>,
    store: &Arc<MemoryAdminStore>,
    text: &str,
    seen: u64,
) -> Result<Publisher, PublishError> {
    let parts = PublisherParts {
        ledger: Arc::clone(ledger),
        store: Arc::clone(store) as Arc<dyn AdminStore>,
        metrics: Arc::new(Metrics::new("test").unwrap()),
        clock: Arc::new(SystemClock),
        seen,
        issued: live_keys(&store.keys()?),
    };
    let mut build = |reference| Some(snapshot(reference));
    let files = files(text);
    let mut first =
        Candidate { hash: hash(text), source: "start", by: None, files: &files, build: &mut build };
    Publisher::start(&mut first, parts)
}

impl World {
    fn new(text: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let (ledger, store) = (ledger(&folder), Arc::new(MemoryAdminStore::default()));
        Self::over(folder, ledger, store, text, 0)
    }

    fn over(
        folder: TempDir,
        ledger: Arc<Ledger>,
        store: Arc<MemoryAdminStore>,
        text: &str,
        seen: u64,
    ) -> Self {
        let publisher = Arc::new(start(&ledger, &store, text, seen).unwrap());
        let administrator = Administrator::new(Arc::clone(&publisher));
        Self { folder, ledger, store, publisher, administrator }
    }

    /// The same after a restart, with files that hold `text`, and the last records naming version `seen`.
    fn restart(self, text: &str, seen: u64) -> Self {
        let Self { folder, ledger, store, .. } = self;
        Self::over(folder, ledger, store, text, seen)
    }

    fn apply(&self, change: Change) -> Result<Applied, AdminError> {
        self.administrator.apply(change, &root(), SystemClock.now())
    }

    fn publish(&self, text: &str) -> Result<u64, PublishError> {
        let files = files(text);
        let mut build = |reference| Some(snapshot(reference));
        let mut candidate =
            Candidate { hash: hash(text), source: "file", by: None, files: &files, build: &mut build };
        self.publisher.publish(&mut candidate).map(|reference| reference.version)
    }

    /// Goes back while the files hold `now`, whose grants and statuses count whatever they held then.
    fn roll_back(&self, version: u64, now: &str) -> Result<u64, AdminError> {
        let content = self.administrator.snapshot(version)?;
        let text = content.texts.first().map(|text| text.text.to_string()).unwrap_or_default();
        let comes_back = |object: &FileObject| comes_back(object.written.key.kind);
        let mut objects = files(&text).objects;
        objects.retain(comes_back);
        objects.extend(files(now).objects.into_iter().filter(|object| !comes_back(object)));
        let pin = Pin { version, base: "now".into(), texts: content.texts.clone() };
        let pins = Pins { rules: None, governance: Some(pin) };
        let files = FileSet { pins, objects, ..files(&text) };
        let mut build = |reference| Some(snapshot(reference));
        let hash = hash(&text);
        let mut candidate =
            Candidate { hash, source: "rollback", by: Some("root"), files: &files, build: &mut build };
        self.administrator.roll_back(content, &mut candidate).map(|reference| reference.version)
    }

    /// What holds in the snapshot in force: kind, name and version of each object.
    fn holding(&self) -> Vec<String> {
        let governance = self.administrator.objects();
        let objects = governance.objects().iter();
        objects
            .map(|object| {
                format!("{} {} v{}", object.key.kind.as_str(), object.key.name, object.stamp.version)
            })
            .collect()
    }

    fn version(&self) -> u64 {
        let handle = self.publisher.handle();
        let version = handle.load().reference.version;
        assert_eq!(self.publisher.status().active.version, version);
        version
    }

    /// What is kept: the latest version, and all objects of it.
    fn kept(&self) -> (u64, String) {
        (self.store.latest().unwrap(), format!("{:?}", self.store.load().unwrap()))
    }

    fn records(&self) -> Vec<serde_json::Value> {
        let records = tail(&self.folder.path().join("ledger"), 10_000).unwrap().poll_new().unwrap();
        records.iter().map(|record| serde_json::from_slice(record.line()).unwrap()).collect()
    }

    /// Kind and version of each record that names a snapshot; of one taken back the version that is not.
    fn told(&self) -> Vec<(String, u64)> {
        let told = |record: serde_json::Value| {
            let version =
                record.pointer("/undone/version").or(record.pointer("/snapshot/version"))?.as_u64()?;
            Some((record["kind"].as_str()?.to_owned(), version))
        };
        self.records().into_iter().filter_map(told).collect()
    }
}

const GRANTS: &str = "grants: [{actor: f, capability: a.b}]\n";

fn give(actor: &str) -> Change {
    Change::Grant(grant("default", actor, "a.b"))
}

fn suspend(actor: &str, status: &str) -> Change {
    Change::SetActor {
        written: written(Kind::Actor, &format!("{{actor: {actor}, status: {status}}}")),
        if_match: None,
    }
}

#[test]
fn a_change_is_in_force_recorded_and_kept_when_it_is_answered() {
    let world = World::new(GRANTS);
    let applied = world.apply(give("x")).unwrap();
    assert!(applied.created && applied.snapshot.version == 2);
    assert_eq!((world.version(), world.kept().0), (2, 2));
    assert_eq!(world.holding(), ["grant a.b f v1", "grant a.b x v1"]);
    let object = applied.object.unwrap();
    let record = world.records().pop().unwrap();
    let expected = serde_json::json!({
        "kind": "grant.created", "by": "root", "tenant": "default", "id": &*object.stamp.id, "actor": "x",
        "capability": "a.b", "version": 1,
        "snapshot": {"version": 2, "hash": &*applied.snapshot.hash},
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&record[name], value, "{name}: {record}");
    }
    assert_eq!(record["digest"].as_str().map(str::len), Some(64));
    // What is taken away from a file is told of too, and twice is nothing.
    let gone = world.apply(revoke("default", "f", "a.b")).unwrap();
    assert_eq!((gone.snapshot.version, world.holding()), (3, vec!["grant a.b x v1".to_owned()]));
    assert_eq!(world.records().pop().unwrap()["actor"], "f");
    let again = world.apply(revoke("default", "f", "a.b")).unwrap();
    assert!(again.object.is_none() && again.snapshot.version == 3 && world.told().len() == 3);
}

#[test]
fn a_refused_change_changes_nothing() {
    let world = World::new(GRANTS);
    let before = (world.kept(), world.told());
    assert!(matches!(world.apply(give("f")), Err(AdminError::Refused(Refused::FromFile { .. }))));
    let by = By::key("k", "acme");
    let refused = world.administrator.apply(give("x"), &by, SystemClock.now());
    assert!(matches!(refused, Err(AdminError::Refused(Refused::Forbidden { .. }))));
    assert_eq!((world.kept(), world.told()), before);
}

#[test]
fn whatever_fails_everything_stays_and_the_ledger_says_so() {
    let commit = Faults { commit: true, ..Faults::default() };
    let blind = Faults { commit: true, read: true, ..Faults::default() };
    for faults in [commit, blind] {
        let world = World::new(GRANTS);
        world.apply(give("x")).unwrap();
        let before = (world.kept(), world.holding());
        world.store.fail(faults);
        let failed = [
            world.apply(give("y")).map(drop),
            world.publish("grants: []\n").map(drop).map_err(AdminError::from),
        ];
        for failed in failed {
            assert!(matches!(failed, Err(AdminError::Failed(PublishError::Store(_)))), "{failed:?}");
        }
        world.store.fail(Faults { commit: true, ..Faults::default() });
        assert!(matches!(world.roll_back(1, ""), Err(AdminError::Failed(PublishError::Store(_)))));
        world.store.fail(Faults::default());
        assert_eq!((world.kept(), world.holding(), world.version()), (before.0, before.1, 2));
        // The versions that the ledger named are not given again.
        assert_eq!(world.apply(give("z")).unwrap().snapshot.version, 6);
        let kinds: Vec<_> = world.told().into_iter().skip(2).collect();
        let told = |kind: &str, version| (kind.to_owned(), version);
        assert_eq!(
            kinds,
            [
                told("grant.created", 3),
                told("snapshot.reverted", 3),
                told("snapshot", 4),
                told("snapshot.reverted", 4),
                told("snapshot", 5),
                told("snapshot.reverted", 5),
                told("grant.created", 6),
            ]
        );
        assert_eq!(world.holding(), ["grant a.b f v1", "grant a.b x v1", "grant a.b z v1"]);
    }
}

#[test]
fn a_step_that_was_taken_although_the_answer_was_lost_counts() {
    let world = World::new(GRANTS);
    world.store.fail(Faults { silent: true, ..Faults::default() });
    assert_eq!(world.apply(give("x")).unwrap().snapshot.version, 2);
    world.store.fail(Faults::default());
    assert_eq!(world.apply(give("y")).unwrap().snapshot.version, 3);
    let world = world.restart(GRANTS, 3);
    assert_eq!((world.version(), world.holding().len()), (3, 3));
}

#[test]
fn without_the_ledger_nothing_changes() {
    let world = World::new(GRANTS);
    let before = world.kept();
    world.ledger.close(SystemClock.now()).unwrap();
    assert!(matches!(world.apply(give("x")), Err(AdminError::Failed(PublishError::Ledger(_)))));
    assert!(matches!(world.roll_back(1, ""), Err(AdminError::Failed(PublishError::Ledger(_)))));
    assert_eq!((world.kept(), world.version()), (before, 1));
    assert_eq!(world.holding(), ["grant a.b f v1"]);
}

#[test]
fn versions_go_on_over_restarts_and_the_same_content_keeps_its_own() {
    let world = World::new(GRANTS);
    world.apply(give("x")).unwrap();
    let world = world.restart(GRANTS, 2);
    assert_eq!((world.version(), world.kept().0, world.holding().len()), (2, 2, 2));
    // Files that were edited while nobody was here.
    let world = world.restart("grants: [{actor: f, capability: a.b}, {actor: g, capability: a.b}]\n", 2);
    assert_eq!((world.version(), world.holding().len()), (3, 3));
    // A change of which only the ledger knows: the process ended before it was kept.
    let world = world.restart(GRANTS, 7);
    assert_eq!((world.version(), world.kept().0), (8, 8));
    let last = world.records().pop().unwrap();
    assert_eq!(
        (&last["kind"], &last["source"], &last["snapshot"]["version"]),
        (&"snapshot".into(), &"start".into(), &8.into())
    );
    let world = world.restart(GRANTS, 9);
    assert_eq!(world.version(), 10, "also where the content is the same");
}

#[test]
fn a_start_fails_with_its_store() {
    let world = World::new(GRANTS);
    for faults in [Faults { read: true, ..Faults::default() }, Faults { commit: true, ..Faults::default() }] {
        world.store.fail(faults);
        let failed = start(&world.ledger, &world.store, "grants: []\n", 1);
        assert!(matches!(failed, Err(PublishError::Store(_))), "{failed:?}");
    }
    assert_eq!(world.told().last().unwrap().0, "snapshot.reverted");
}

#[test]
fn a_load_keeps_what_came_by_api_and_the_same_files_make_no_difference() {
    let world = World::new(GRANTS);
    world.apply(give("x")).unwrap();
    world.apply(revoke("default", "f", "a.b")).unwrap();
    assert_eq!(world.publish(GRANTS).unwrap(), 3, "nothing new");
    world.publisher.reject("g.yaml:1:1: bad".to_owned());
    world.apply(give("y")).unwrap();
    assert!(world.publisher.status().rejected.is_some(), "a change by API mends no file");
    assert_eq!(world.publish("grants: [{actor: g, capability: a.b}]\n").unwrap(), 5);
    assert!(world.publisher.status().rejected.is_none());
    assert_eq!(world.holding(), ["grant a.b g v1", "grant a.b x v1", "grant a.b y v1"]);
}

#[test]
fn another_version_of_the_gateway_gives_no_revoked_grant_back() {
    let world = World::new(GRANTS);
    world.apply(revoke("default", "f", "a.b")).unwrap();
    world.store.write_otherwise();
    let world = world.restart(GRANTS, 2);
    assert!(world.holding().is_empty(), "{:?}", world.holding());
    let world = world.restart(GRANTS, 3);
    assert!(world.holding().is_empty() && world.version() == 3);
    world.store.write_otherwise();
    // Also where the file was edited meanwhile, and says the same of it.
    let world = world.restart(&format!("# more\n{GRANTS}"), 3);
    assert!(world.holding().is_empty(), "{:?}", world.holding());
    let content = world.administrator.snapshot(world.version()).unwrap();
    assert!(content.holding().is_empty(), "{content:?}");
    let world =
        world.restart("grants: [{actor: f, capability: a.b, expires_at: \"2030-01-01T00:00:00Z\"}]\n", 4);
    assert_eq!(world.holding().len(), 1);
}

#[test]
fn a_rollback_is_a_new_version_with_an_old_content_and_can_be_rolled_back() {
    let world = World::new(GRANTS);
    world.apply(Change::CreatePolicy(policy("pol_1", None, "ALLOW"))).unwrap();
    world.apply(give("x")).unwrap();
    let third = world.holding();
    let deny = || Change::ReplacePolicy {
        id: "pol_1".into(),
        written: policy("pol_1", None, "DENY"),
        if_match: Some(IfMatch::Version(1)),
    };
    world.apply(deny()).unwrap();
    world.apply(revoke("default", "x", "a.b")).unwrap();
    world.apply(revoke("default", "f", "a.b")).unwrap();
    world.publish("grants: [{actor: g, capability: a.b}]\n").unwrap();
    let seventh = world.holding();
    let now = "grants: [{actor: g, capability: a.b}]\n";
    assert_eq!(world.roll_back(3, now).unwrap(), 8);
    // The policy is as it was, under a version that it never had; what was revoked and what was taken out of a file stays so.
    assert_eq!(third, ["policy pol_1 v1", "grant a.b f v1", "grant a.b x v1"]);
    assert_eq!(world.holding(), ["policy pol_1 v3", "grant a.b g v1"]);
    let hash = |version: u64| world.administrator.snapshot(version).unwrap().row.hash;
    assert_ne!(hash(8), hash(3), "the grants are others");
    let row = world.administrator.snapshots(None, 1).unwrap().pop().unwrap();
    assert_eq!((row.back_to, row.by.as_deref(), &*row.source), (Some(3), Some("root"), "rollback"));
    let record = world.records().pop().unwrap();
    assert_eq!(
        (&record["source"], &record["back_to"], &record["by"]),
        (&"rollback".into(), &3.into(), &"root".into())
    );
    assert_eq!(world.publisher.pins().governance.unwrap().version, 3);
    // A stale ETag is stale still.
    assert!(matches!(world.apply(deny()), Err(AdminError::Refused(Refused::Stale { version: Some(3) }))));
    // And back again.
    assert_eq!(world.roll_back(7, now).unwrap(), 9);
    assert_eq!(seventh, ["policy pol_1 v2", "grant a.b g v1"]);
    assert_eq!(world.holding(), ["policy pol_1 v4", "grant a.b g v1"]);
    assert_eq!(hash(9), hash(7));
    assert!(matches!(world.roll_back(77, now), Err(AdminError::Refused(Refused::NoSnapshot))));
}

#[test]
fn going_back_lets_go_nobody_who_is_stopped_now() {
    let world = World::new("");
    world.apply(suspend("a", "active")).unwrap();
    world.apply(suspend("a", "revoked")).unwrap();
    world
        .apply(Change::SetKillSwitch { written: written(Kind::KillSwitch, "{active: true}"), if_match: None })
        .unwrap();
    let before = world.holding();
    world.roll_back(2, "").unwrap();
    assert_eq!(world.holding(), before);
    // One whom a file stops and did not stop then.
    let (world, now) = (World::new(""), "actors: [{actor: b, status: suspended}]\n");
    world.publish(now).unwrap();
    assert_eq!(world.roll_back(1, now).unwrap(), 3);
    assert_eq!(world.holding(), ["actor b v1"]);
    // Should the files of then count nevertheless, nobody is let go.
    let refused = world.roll_back(1, "").unwrap_err();
    assert!(refused.to_string().contains("g.yaml"), "{refused}");
}

#[test]
fn what_cannot_be_read_any_more_does_not_come_back() {
    let world = World::new("");
    world.apply(Change::CreatePolicy(policy("pol_1", None, "ALLOW"))).unwrap();
    let mut content: SnapshotContent = world.administrator.snapshot(2).unwrap();
    content.objects[0].written = "{\"name\": \"x\", \"rules\": []}".to_owned();
    let files = files("");
    let mut build = |reference| Some(snapshot(reference));
    let mut candidate =
        Candidate { hash: "".into(), source: "rollback", by: None, files: &files, build: &mut build };
    let refused = world.administrator.roll_back(content, &mut candidate).unwrap_err();
    assert!(matches!(&refused, AdminError::Bad(_)) && refused.to_string().contains("pol_"), "{refused}");
    assert_eq!(world.version(), 2);
}

#[test]
fn changes_and_loads_at_once_are_all_there_in_the_end() {
    let world = World::new(GRANTS);
    std::thread::scope(|scope| {
        let world = &world;
        for thread in 0..3 {
            scope.spawn(move || {
                for number in 0..20 {
                    world.apply(give(&format!("x{thread}-{number}"))).unwrap();
                }
            });
        }
        scope.spawn(|| {
            for number in 0..20 {
                world.publish(&format!("{GRANTS}# {number}\n")).unwrap();
            }
        });
    });
    assert_eq!((world.version(), world.kept().0, world.holding().len()), (81, 81, 61));
    let versions: Vec<_> = world.told().into_iter().map(|(_, version)| version).collect();
    assert_eq!(versions, (1..=81).collect::<Vec<_>>());
    let before = world.holding();
    let world = world.restart(&format!("{GRANTS}# 19\n"), 81);
    assert_eq!((world.version(), world.holding()), (81, before));
}
