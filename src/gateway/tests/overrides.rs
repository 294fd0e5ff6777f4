//! Overrides in one process: a vote counts once ledger and store have it, and for as long as it lasts.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::Value;
use tempfile::TempDir;

use crate::audit::index::{AuditIndex, NoStore};
use crate::audit::{Durability, Ledger, LedgerOptions, tail};
use crate::config::{Sources, load_document};
use crate::decision::{PolicySnapshot, compile};
use crate::facts::Deciding;
use crate::gateway::{
    Clock, EvaluationCaller, EvaluationDesk, Gateway, GatewayParts, HoldDesk, OverrideDesk, OverrideError,
    SystemClock,
};
use crate::holds::sample::approver;
use crate::holds::{
    Approver, MemoryOverrideStore, MemoryStore, OVERRIDE_LASTS, Override, OverrideRefused, OverrideState,
};
use crate::identity::SessionSeal;
use crate::model::call::{Principal, PrincipalKind};
use crate::model::decision::SnapshotRef;
use crate::model::document::Document;
use crate::model::handle::Handle;
use crate::model::json::Reader;
use crate::model::time::Timestamp;
use crate::risk::gates::EvaluateRequest;
use crate::telemetry::{Metrics, Redaction};

struct NoSources;

impl Sources for NoSources {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, _path: &Path) -> Result<String, String> {
        Err("no files here".to_owned())
    }
}

/// A clock that is moved by hand.
#[derive(Debug)]
struct ByHand(AtomicI64);

impl Clock for ByHand {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }

    fn random(&self) -> [u8; 10] {
        SystemClock.random()
    }
}

struct World {
    folder: TempDir,
    ledger: Arc<Ledger>,
    snapshot: PolicySnapshot,
    clock: Arc<ByHand>,
    store: Arc<MemoryOverrideStore>,
    evaluations: EvaluationDesk,
    desk: Arc<OverrideDesk>,
}

impl World {
    fn new(redacted: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Arc::new(ByHand(AtomicI64::new(SystemClock.now().as_micros())));
        let mut options = LedgerOptions::new(folder.path().join("ledger"));
        (options.durability, options.segment_bytes, options.reserve_percent) =
            (Durability::Process, 1 << 20, 0);
        let (ledger, _report) = Ledger::open(options, clock.now()).unwrap();
        let document = Document::parse("gateway.yaml", "version: 1\n").unwrap();
        let config = load_document(document, Path::new("."), Vec::new(), &NoSources).unwrap();
        let snapshot = || compile(&config, None, &[], SnapshotRef::new(1, "hash".into())).unwrap();
        let metrics = Arc::new(Metrics::new("test").unwrap());
        let any: Arc<dyn Clock> = Arc::clone(&clock) as Arc<dyn Clock>;
        let holds = HoldDesk::new(
            Arc::new(MemoryStore::default()),
            Arc::clone(&ledger),
            Arc::clone(&metrics),
            Arc::clone(&any),
        );
        let gateway = Arc::new(Gateway::new(GatewayParts {
            snapshot: Arc::new(Handle::new(Arc::new(snapshot()))),
            ledger: Arc::clone(&ledger),
            max_concurrent_requests: 16,
            sessions: SessionSeal::new([7; 32]),
            holds: Arc::new(holds),
            throttle: Arc::default(),
            redaction: Redaction::new(redacted),
            access_log: None,
            facts: Arc::new(Deciding::default()),
            metrics,
            clock: any,
        }));
        let index = Arc::new(AuditIndex::new(Arc::new(NoStore), Arc::clone(&ledger)));
        let store = Arc::new(MemoryOverrideStore::default());
        let desk = OverrideDesk::new(Arc::clone(&gateway), index, Arc::clone(&store) as _);
        let evaluations = EvaluationDesk::new(gateway);
        Self { folder, ledger, snapshot: snapshot(), clock, store, evaluations, desk: Arc::new(desk) }
    }

    /// The id of a decision that `novelty` alone failed.
    async fn failed(&self) -> String {
        let text = br#"{"complexity_score": 0.8, "quality_score": 0.9, "novelty_score": 0.1}"#;
        let asked = Reader::default().parse_answer(text).unwrap();
        let request = EvaluateRequest::read(&asked).unwrap();
        let principal = Principal::new("default", "bot", PrincipalKind::default());
        let caller = EvaluationCaller { principal, session_id: "s".to_owned(), request_id: "r".to_owned() };
        let told = self.evaluations.evaluate(&self.snapshot, &caller, (&request, &asked)).await.unwrap();
        assert_eq!(told.answer["override_eligible"], true);
        told.decision_id.to_string()
    }

    async fn vote(&self, who: &Approver, id: &str) -> Result<Override, OverrideError> {
        self.desk.vote(who, id.to_owned(), "because").await
    }

    async fn state(&self, id: &str) -> Result<OverrideState, OverrideError> {
        Ok(self.desk.show(None, id.to_owned()).await?.state_at(self.clock.now()))
    }

    fn records(&self) -> Vec<Value> {
        let records = tail(&self.folder.path().join("ledger"), 100).unwrap().poll_new().unwrap();
        let values = records.iter().map(|record| record.parse().unwrap());
        values.filter(|record: &Value| record["kind"] == "override").collect()
    }
}

fn people() -> [Approver; 2] {
    [("rita", "risk_lead"), ("sam", "security_lead")].map(|(name, role)| approver(name, Some(name), &[role]))
}

#[tokio::test]
async fn a_request_runs_out_after_a_day_and_begins_anew() {
    let world = World::new(&[]);
    let (id, [risk, security]) = (world.failed().await, people());
    assert_eq!(world.state(&id).await, Err(OverrideError::NotRequested));
    world.vote(&risk, &id).await.unwrap();
    assert_eq!(world.state(&id).await, Ok(OverrideState::Pending));
    let day = i64::try_from(OVERRIDE_LASTS.as_micros()).unwrap();
    world.clock.0.fetch_add(day, Ordering::SeqCst);
    assert_eq!(world.state(&id).await, Ok(OverrideState::Expired));
    let anew = world.vote(&security, &id).await.unwrap();
    assert_eq!((anew.needs(), anew.votes.len()), (vec!["risk_lead"], 1));
    world.clock.0.fetch_add(day - 1, Ordering::SeqCst);
    assert!(world.vote(&risk, &id).await.unwrap().is_granted());
    world.clock.0.fetch_add(day * 30, Ordering::SeqCst);
    assert_eq!(world.state(&id).await, Ok(OverrideState::Overridden));
    let records = world.records();
    let told: Vec<_> = records.iter().map(|record| (&record["state"], &record["revision"])).collect();
    let (requested, granted) = (Value::from("requested"), Value::from("granted"));
    assert_eq!(told, [(&requested, &1.into()), (&requested, &2.into()), (&granted, &3.into())]);
}

#[tokio::test]
async fn what_the_ledger_or_the_store_does_not_take_does_not_count() {
    let world = World::new(&[]);
    let (id, [risk, security]) = (world.failed().await, people());
    world.vote(&risk, &id).await.unwrap();
    world.store.fails.store(true, Ordering::SeqCst);
    assert_eq!(world.vote(&security, &id).await, Err(OverrideError::Store));
    world.store.fails.store(false, Ordering::SeqCst);
    assert_eq!(world.state(&id).await, Ok(OverrideState::Pending));
    world.ledger.close(world.clock.now()).unwrap();
    assert_eq!(world.vote(&security, &id).await, Err(OverrideError::Ledger));
    assert_eq!(world.state(&id).await, Ok(OverrideState::Pending));
    // Who has voted before needs neither.
    assert!(world.vote(&risk, &id).await.is_ok());
}

#[tokio::test]
async fn a_justification_that_must_not_be_kept_still_is_what_two_people_agree_on() {
    let world = World::new(&["Justification"]);
    let (id, [risk, security]) = (world.failed().await, people());
    let kept = world.vote(&risk, &id).await.unwrap().message;
    assert_eq!(kept.justification, "[REDACTED]");
    let other = world.desk.vote(&security, id.clone(), "[REDACTED]").await;
    assert_eq!(other, Err(OverrideError::Refused(OverrideRefused::MessageDiffers(kept.hash))));
    assert!(world.vote(&security, &id).await.unwrap().is_granted());
    assert!(world.records().iter().all(|record| record["justification"] == "[REDACTED]"));
}
