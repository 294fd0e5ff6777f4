//! The enforcement point in one process: a panic while judging is a recorded denial, and the ledger comes before the swap.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http::{HeaderMap, HeaderValue};
use tempfile::TempDir;

use crate::admin::{FileSet, MemoryAdminStore};
use crate::audit::reconcile::{Reconciled, reconcile};
use crate::audit::{Durability, Ledger, LedgerOptions, OpenReport, tail};
use crate::config::{Sources, load_document};
use crate::decision::{PolicySnapshot, compile};
use crate::facts::Who;
use crate::gateway::{
    Candidate, Clock, Gateway, GatewayParts, HoldDesk, Incoming, Permit, PublishError, Publisher,
    PublisherParts, RefusalForm, SystemClock, Verdict,
};
use crate::holds::MemoryStore;
use crate::identity::SessionSeal;
use crate::model::decision::{ReasonCode, SnapshotRef};
use crate::model::document::Document;
use crate::model::id::Id;
use crate::model::time::Timestamp;
use crate::policy::rules;
use crate::telemetry::Metrics;
use crate::telemetry::Redaction;

const CONFIG: &str = "routes:\n- name: crm\n  match: {path_prefix: /crm}\n  protocol: http\n  capability_prefix: crm\n  \
    operations: [{method: GET, path: \"/crm/{id}\", capability: crm.items.read}]\n  \
    upstream: {addresses: [\"127.0.0.1:9\"]}\n  anonymous: {id: dev}\n";
const RULES: &str = "version: 1\nrules:\n- {name: reads, match: {type: \"crm.*.read\"}, approval: auto}\n";

struct NoSources;

impl Sources for NoSources {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, _path: &Path) -> Result<String, String> {
        Err("no files here".to_owned())
    }
}

/// The system's clock, except that one of its ids cannot be made.
#[derive(Debug)]
struct PanicsOnce {
    ids_before: AtomicU32,
}

impl Clock for PanicsOnce {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn random(&self) -> [u8; 10] {
        SystemClock.random()
    }

    fn id(&self, prefix: &'static str, now: Timestamp) -> Id {
        let before = self.ids_before.fetch_sub(1, Ordering::Relaxed);
        assert!(before != 0, "a planted panic");
        SystemClock.id(prefix, now)
    }
}

struct Parts {
    folder: TempDir,
    ledger: Arc<Ledger>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
}

impl Parts {
    /// With a clock that panics at the id after so many.
    fn panicking_after(ids_before: u32) -> Self {
        let folder = TempDir::new().unwrap();
        let (ledger, _report) = open(&folder);
        let clock = Arc::new(PanicsOnce { ids_before: AtomicU32::new(ids_before) });
        Self { folder, ledger, metrics: Arc::new(Metrics::new("test").unwrap()), clock }
    }

    /// The ledger, as a next start would open it.
    fn reopen(&self) -> (Arc<Ledger>, OpenReport) {
        open(&self.folder)
    }

    fn publisher(&self) -> Result<Publisher, PublishError> {
        let mut first = Candidate {
            hash: "first".into(),
            source: "start",
            by: None,
            files: &FileSet::default(),
            build: &mut |reference| Some(snapshot(reference)),
        };
        let parts = PublisherParts {
            ledger: Arc::clone(&self.ledger),
            store: Arc::new(MemoryAdminStore::default()),
            metrics: Arc::clone(&self.metrics),
            clock: Arc::clone(&self.clock),
            seen: 0,
            issued: Arc::default(),
        };
        Publisher::start(&mut first, parts)
    }

    fn gateway(&self, publisher: &Publisher) -> Gateway {
        Gateway::new(GatewayParts {
            snapshot: publisher.handle(),
            ledger: Arc::clone(&self.ledger),
            max_concurrent_requests: 64,
            sessions: SessionSeal::new([7; 32]),
            throttle: Arc::default(),
            holds: Arc::new(HoldDesk::new(
                Arc::new(MemoryStore::default()),
                Arc::clone(&self.ledger),
                Arc::clone(&self.metrics),
                Arc::clone(&self.clock),
            )),
            redaction: Redaction::default(),
            access_log: None,
            facts: Arc::default(),
            metrics: Arc::clone(&self.metrics),
            clock: Arc::clone(&self.clock),
        })
    }

    fn records(&self) -> Vec<serde_json::Value> {
        let records = tail(&self.folder.path().join("ledger"), 100).unwrap().poll_new().unwrap();
        records.iter().map(|record| serde_json::from_slice(record.line()).unwrap()).collect()
    }

    fn has_metric(&self, line: &str) -> bool {
        let text = String::from_utf8(self.metrics.render(0, 0).unwrap()).unwrap();
        text.lines().any(|found| found == line)
    }
}

fn open(folder: &TempDir) -> (Arc<Ledger>, OpenReport) {
    let mut options = LedgerOptions::new(folder.path().join("ledger"));
    options.durability = Durability::Process;
    options.segment_bytes = 1 << 20;
    options.reserve_percent = 0;
    Ledger::open(options, SystemClock.now()).unwrap()
}

fn snapshot(reference: SnapshotRef) -> PolicySnapshot {
    let document = Document::parse("gateway.yaml", CONFIG).unwrap();
    let config = load_document(document, Path::new("."), Vec::new(), &NoSources).unwrap();
    let rules = rules::compile(&Document::parse("rules.yaml", RULES).unwrap()).unwrap();
    compile(&config, Some(rules), &[], reference).unwrap()
}

async fn get(gateway: &Gateway) -> Verdict {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("localhost"));
    let incoming = Incoming {
        peer: None,
        tls: false,
        method: "GET",
        path: "/crm/1",
        query: None,
        headers: &headers,
        body: b"",
        client: None,
        may_upgrade: true,
    };
    gateway.judge(incoming, &mut None).await
}

#[tokio::test]
async fn a_panic_while_judging_is_a_recorded_denial_and_the_next_request_is_served() {
    let parts = Parts::panicking_after(0);
    let gateway = parts.gateway(&parts.publisher().unwrap());
    let Verdict::Refuse(refusal) = get(&gateway).await else { panic!("a panic was forwarded") };
    assert_eq!((refusal.status, refusal.code), (500, ReasonCode::InternalError));
    assert_eq!(refusal.form, RefusalForm::Problem);
    assert!(!refusal.detail.contains("planted"), "{}", refusal.detail);
    assert!(matches!(get(&gateway).await, Verdict::Forward(_)));

    let mut records = parts.records();
    records.retain(|record| record["kind"] != "execution");
    let [.., panic, decision] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((panic["kind"].as_str(), panic["outcome"].as_str()), (Some("panic"), Some("DENY")));
    assert_eq!(panic["code"], "internal_error");
    assert_eq!((decision["kind"].as_str(), decision["outcome"].as_str()), (Some("decision"), Some("ALLOW")));
    assert_eq!(records.iter().filter(|record| record["kind"] == "panic").count(), 1);
    assert!(parts.has_metric("aegis_panics_total 1"));
    assert!(parts.has_metric("aegis_requests_total{code=\"internal_error\",outcome=\"DENY\",route=\"\"} 1"));
}

#[tokio::test]
async fn when_the_ledger_takes_nothing_neither_calls_nor_panics_get_through() {
    let parts = Parts::panicking_after(0);
    let gateway = parts.gateway(&parts.publisher().unwrap());
    parts.ledger.close(SystemClock.now()).unwrap();
    for _panic_then_call in 0..2 {
        let Verdict::Refuse(refusal) = get(&gateway).await else { panic!("forwarded without a record") };
        assert_eq!((refusal.status, refusal.code), (503, ReasonCode::LedgerUnavailable));
    }
    assert!(parts.has_metric("aegis_panics_total 1"));
}

#[tokio::test]
async fn a_snapshot_that_is_not_recorded_is_not_put_in_force() {
    let parts = Parts::panicking_after(100);
    let publisher = parts.publisher().unwrap();
    parts.ledger.close(SystemClock.now()).unwrap();
    let mut second = Candidate {
        hash: "second".into(),
        source: "file",
        by: None,
        files: &FileSet::default(),
        build: &mut |reference| Some(snapshot(reference)),
    };
    assert!(publisher.publish(&mut second).is_err());
    assert_eq!(publisher.status().active.version, 1);
    assert_eq!(&*publisher.handle().load().reference.hash, "first");
    assert!(parts.has_metric("aegis_snapshot_version 1"));
}

#[tokio::test]
async fn versions_count_up_only_when_the_content_changes() {
    let parts = Parts::panicking_after(100);
    let publisher = parts.publisher().unwrap();
    let publish = |hash: &str| {
        let mut candidate = Candidate {
            hash: hash.into(),
            source: "file",
            by: None,
            files: &FileSet::default(),
            build: &mut |reference| Some(snapshot(reference)),
        };
        publisher.publish(&mut candidate).unwrap().version
    };
    assert_eq!([publish("first"), publish("second"), publish("second"), publish("first")], [1, 2, 2, 3]);
    publisher.reject("rules.yaml:1:1: bad".to_owned());
    assert!(publisher.status().rejected.is_some());
    assert_eq!(publish("first"), 3);
    assert!(publisher.status().rejected.is_none());
    let versions: Vec<_> = parts
        .records()
        .iter()
        .filter(|record| record["kind"] == "snapshot")
        .map(|record| record["snapshot"]["version"].as_u64().unwrap())
        .collect();
    assert_eq!(versions, [1, 2, 3]);
    assert!(parts.has_metric("aegis_snapshot_rejected_total 1"));
}

/// The one execution record there is, once what is forwarded has gone through `course`.
async fn executed(course: impl FnOnce(Permit)) -> serde_json::Value {
    let parts = Parts::panicking_after(100);
    let gateway = parts.gateway(&parts.publisher().unwrap());
    let Verdict::Forward(permit) = get(&gateway).await else { panic!("not forwarded") };
    course(permit);
    let mut records = parts.records();
    let execution = records.pop().unwrap();
    assert_eq!(execution["kind"], "execution", "{execution}");
    let decision = records.pop().unwrap();
    for member in ["tenant", "actor", "capability", "route", "decision_id", "request_id"] {
        assert_eq!(execution[member], decision[member], "{member}");
    }
    let result = execution["result"].as_str().unwrap();
    assert!(parts.has_metric(&format!("aegis_executions_total{{result=\"{result}\",route=\"crm\"}} 1")));
    execution
}

#[tokio::test]
async fn every_permit_leaves_one_execution_record_whatever_becomes_of_it() {
    let said = |record: &serde_json::Value| {
        let word = |member: &str| record[member].as_str().unwrap_or_default().to_owned();
        (word("result"), word("code"))
    };
    let pair = |result: &str, code: &str| (result.to_owned(), code.to_owned());

    assert_eq!(said(&executed(drop).await), pair("not_forwarded", "interrupted"));
    let withdrawn = executed(|permit| permit.withdraw(ReasonCode::ClientGone)).await;
    assert_eq!(said(&withdrawn), pair("not_forwarded", "client_gone"));
    let sent = executed(|permit| permit.spend().sent().mark()).await;
    assert_eq!(said(&sent), pair("unknown_outcome", "interrupted"));
    assert!(sent["status"].is_null() && sent["duration_ms"].is_number());
    let panicked = executed(|permit| {
        let dropped = std::thread::spawn(move || {
            let forwarding = permit.spend();
            forwarding.sent().mark();
            panic!("a planted panic");
        });
        assert!(dropped.join().is_err());
    });
    assert_eq!(said(&panicked.await), pair("unknown_outcome", "internal_error"));
    let whole = executed(|permit| {
        let mut forwarding = permit.spend();
        forwarding.sent().mark();
        forwarding.answered(418);
        forwarding.received(5);
        forwarding.received(6);
        forwarding.ended(Ok(()));
    });
    let whole = whole.await;
    assert_eq!((said(&whole), &whole["status"]), (pair("completed", ""), &418.into()));
    assert_eq!(whole["response_bytes"], 11);
}

#[tokio::test]
async fn an_execution_record_that_is_not_taken_is_counted_and_left_to_the_next_start() {
    let parts = Parts::panicking_after(100);
    let gateway = parts.gateway(&parts.publisher().unwrap());
    let Verdict::Forward(permit) = get(&gateway).await else { panic!("not forwarded") };
    parts.ledger.close(SystemClock.now()).unwrap();
    drop(permit);
    assert!(parts.has_metric("aegis_ledger_execution_failed_total 1"));
    gateway.close();
    let (ledger, report) = parts.reopen();
    assert_eq!(report.unreconciled, [parts.ledger.status().epoch]);
    let reconciled = reconcile(&ledger, &report, 8, SystemClock.now()).await;
    assert!(matches!(reconciled.as_slice(), [Reconciled { calls: Ok(1), .. }]), "{reconciled:?}");
}

#[tokio::test]
async fn what_is_let_through_and_how_it_ends_is_known_of_its_caller() {
    let parts = Parts::panicking_after(100);
    let publisher = parts.publisher().unwrap();
    let gateway = parts.gateway(&publisher);
    let who = Who::new("default", "dev", "crm.items.read");
    let known = || {
        let conduct = gateway.live().conduct(&who, SystemClock.now());
        (gateway.live().size().actors, conduct.reports, conduct.failures)
    };
    let permit = async || match get(&gateway).await {
        Verdict::Forward(permit) => permit,
        other => panic!("{other:?}"),
    };
    assert_eq!(known(), (0, 0, 0));
    // Nothing was sent: it was let through, and that is all.
    drop(permit().await);
    assert_eq!(known(), (1, 0, 0));
    for (status, ending, reports, failures) in [
        (200, Ok(()), 1, 0),
        (404, Ok(()), 2, 0),
        (502, Ok(()), 3, 1),
        (200, Err(ReasonCode::UpstreamTimeout), 4, 2),
        (200, Err(ReasonCode::ClientGone), 4, 2),
    ] {
        let mut forwarding = permit().await.spend();
        forwarding.sent().mark();
        forwarding.answered(status);
        forwarding.ended(ending);
        drop(forwarding);
        assert_eq!(known(), (1, reports, failures), "{status} {ending:?}");
    }
    // Without a record nothing is let through, and nothing is known of it.
    let other = parts.gateway(&publisher);
    parts.ledger.close(SystemClock.now()).unwrap();
    assert!(matches!(get(&other).await, Verdict::Refuse(_)));
    assert_eq!(other.live().size().actors, 0);
}
