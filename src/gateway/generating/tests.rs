//! A run whose work panics ends like any other that fails.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::admin::{
    FileSet, GenerationRun, GenerationState, GenerationStore, MemoryAdminStore, MemoryGenerationStore,
};
use crate::audit::index::{AuditIndex, NoStore};
use crate::audit::{Durability, Ledger, LedgerOptions, tail};
use crate::config::{Sources, load_document};
use crate::decision::compile;
use crate::gateway::{Candidate, Clock, GenerationDesk, Publisher, PublisherParts, SystemClock};
use crate::model::document::Document;
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

fn ledger(folder: &Path) -> Arc<Ledger> {
    let mut options = LedgerOptions::new(folder.to_owned());
    options.durability = Durability::Disk;
    options.segment_bytes = 1 << 20;
    options.reserve_percent = 0;
    Ledger::open(options, SystemClock.now()).unwrap().0
}

fn desk(ledger: &Arc<Ledger>, store: &Arc<MemoryGenerationStore>) -> Arc<GenerationDesk> {
    let document = Document::parse("gateway.yaml", "version: 1\n").unwrap();
    let config = load_document(document, Path::new("."), Vec::new(), &NoSources).unwrap();
    let parts = PublisherParts {
        ledger: Arc::clone(ledger),
        store: Arc::new(MemoryAdminStore::default()),
        metrics: Arc::new(Metrics::new("test").unwrap()),
        clock: Arc::new(SystemClock),
        seen: 0,
        issued: Arc::default(),
    };
    let mut first = Candidate {
        hash: "first".into(),
        source: "start",
        by: None,
        files: &FileSet::default(),
        build: &mut |reference| compile(&config, None, &[], reference).ok(),
    };
    let publisher = Arc::new(Publisher::start(&mut first, parts).unwrap());
    let index = Arc::new(AuditIndex::new(Arc::new(NoStore), Arc::clone(ledger)));
    let store = Arc::clone(store) as Arc<dyn GenerationStore>;
    Arc::new(GenerationDesk::new(publisher, index, store, Vec::new()))
}

fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < patience);
        std::thread::yield_now();
    }
}

#[test]
fn a_run_that_panics_has_failed_and_is_recorded_and_another_may_begin() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger");
    let (ledger, store) = (ledger(&path), Arc::new(MemoryGenerationStore::default()));
    let desk = desk(&ledger, &store);
    let run = GenerationRun {
        id: "pgn_1".into(),
        engine: "main".into(),
        name: None,
        state: GenerationState::Generating,
        config: "{}".to_owned(),
        by: "root".into(),
        created_at: SystemClock.now(),
        updated_at: SystemClock.now(),
        outcome: None,
    };
    store.put_run(&run).unwrap();
    let turn = desk.take_turn("main").unwrap();
    assert!(desk.take_turn("main").is_err());
    desk.spawn((run, turn), |_| panic!("as the test wants it")).unwrap();
    let ended =
        until(|| store.find_run("pgn_1").unwrap().filter(|run| run.state != GenerationState::Generating));
    assert_eq!(ended.state, GenerationState::Failed);
    let outcome: serde_json::Value = serde_json::from_str(&ended.outcome.unwrap()).unwrap();
    assert!(outcome["status_reasons"][0].as_str().unwrap().contains("a fault of the gateway"), "{outcome}");
    assert_eq!(outcome["assets"], serde_json::json!([]));
    drop(until(|| desk.take_turn("main").ok()));
    let records = tail(&path, 100).unwrap().poll_new().unwrap();
    let lines: Vec<_> = records.iter().map(|record| String::from_utf8_lossy(record.line())).collect();
    let of_run = lines.iter().filter(|line| line.contains("\"kind\":\"cedar.generation.ended\""));
    let of_run: Vec<_> = of_run.filter(|line| line.contains("\"GENERATE_FAILED\"")).collect();
    assert_eq!(of_run.len(), 1, "{lines:?}");
}
