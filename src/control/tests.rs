//! The control listener in one process: what it says while the gateway stops, and while the ledger takes nothing.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::admin::{By, FileSet, MemoryAdminStore, MemoryGenerationStore, MemoryReplayStore, ReplayStore};
use crate::audit::index::{AuditIndex, NoStore};
use crate::audit::{Durability, Ledger, LedgerOptions};
use crate::config::{Sources, load_document};
use crate::control::{
    Access, ControlState, CursorSeal, PolicyRefused, PolicyWriter, Replays, SnapshotRollback, control_router,
    serve, telemetry_router,
};
use crate::decision::compile;
use crate::gateway::{
    ActionDesk, ActionDeskParts, AdminError, Administrator, Approval, Candidate, Clock, DriftDesk,
    EvaluationDesk, Gateway, GatewayParts, GenerationDesk, HoldDesk, KeyDesk, NoExecutor, OverrideDesk,
    PolicyProviders, ProposalDesk, Publisher, PublisherParts, SystemClock,
};
use crate::holds::{
    Ask, Hold, HoldCounts, HoldFilter, HoldPage, HoldState, HoldStore, Inserted, MemoryOverrideStore,
    MemoryStore, PendingCounts, ShownArguments, StoreError,
};
use crate::identity::SessionSeal;
use crate::model::call::{CallDigest, PrincipalKind};
use crate::model::decision::{Outcome, SnapshotRef};
use crate::model::document::Document;
use crate::model::id::{HOLD, Id};
use crate::model::time::Timestamp;
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

/// Nowhere to store a policy.
#[derive(Debug)]
struct NoPolicies;

impl PolicyWriter for NoPolicies {
    fn replace(&self, _text: &str, _by: &str) -> Result<usize, PolicyRefused> {
        Err(PolicyRefused::Unavailable("no disk".to_owned()))
    }
}

impl SnapshotRollback for NoPolicies {
    fn roll_back(&self, _version: u64, _by: &By) -> Result<SnapshotRef, AdminError> {
        Err(crate::admin::Refused::NoSnapshot.into())
    }
}

struct Control {
    _folder: TempDir,
    state: ControlState,
    /// Where the holds of `state` are kept.
    store: Arc<MemoryStore>,
    /// What `/readyz` and `/health` take for the gateway's stop.
    stop: watch::Sender<bool>,
    /// Keeps the listeners open.
    _serving: watch::Sender<bool>,
    serving: watch::Receiver<bool>,
}

fn ledger(folder: &TempDir) -> Arc<Ledger> {
    let mut options = LedgerOptions::new(folder.path().join("ledger"));
    options.durability = Durability::Process;
    options.segment_bytes = 1 << 20;
    options.reserve_percent = 0;
    Ledger::open(options, SystemClock.now()).unwrap().0
}

impl Control {
    fn new(access: Access) -> Self {
        let folder = TempDir::new().unwrap();
        let ledger = ledger(&folder);
        let metrics = Arc::new(Metrics::new("test").unwrap());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let document = Document::parse("gateway.yaml", "version: 1\n").unwrap();
        let config = load_document(document, Path::new("."), Vec::new(), &NoSources).unwrap();
        let mut first = Candidate {
            hash: "first".into(),
            source: "start",
            by: None,
            files: &FileSet::default(),
            build: &mut |reference| compile(&config, None, &[], reference).ok(),
        };
        let parts = PublisherParts {
            ledger: Arc::clone(&ledger),
            store: Arc::new(MemoryAdminStore::default()),
            metrics: Arc::clone(&metrics),
            clock: Arc::clone(&clock),
            seen: 0,
            issued: Arc::default(),
        };
        let publisher = Arc::new(Publisher::start(&mut first, parts).unwrap());
        let (stop, stopped) = watch::channel(false);
        let (serving_sender, serving) = watch::channel(false);
        let store = Arc::new(MemoryStore::default());
        let desk = Arc::new(HoldDesk::new(
            Arc::clone(&store) as Arc<dyn HoldStore>,
            Arc::clone(&ledger),
            Arc::clone(&metrics),
            Arc::clone(&clock),
        ));
        let gateway = Arc::new(Gateway::new(GatewayParts {
            snapshot: publisher.handle(),
            ledger: Arc::clone(&ledger),
            max_concurrent_requests: 16,
            sessions: SessionSeal::new([0; 32]),
            throttle: Arc::default(),
            holds: Arc::clone(&desk),
            redaction: Redaction::default(),
            access_log: None,
            facts: Arc::default(),
            metrics: Arc::clone(&metrics),
            clock: Arc::clone(&clock),
        }));
        let index = Arc::new(AuditIndex::new(Arc::new(NoStore), Arc::clone(&ledger)));
        let actions = ActionDesk::new(ActionDeskParts {
            gateway: Arc::clone(&gateway),
            executor: Arc::new(NoExecutor),
            approval: Approval::Hold,
            numbered: 0,
        });
        let keys = KeyDesk::new(Arc::clone(&publisher), Arc::clone(&clock), Vec::new());
        let overrides = Arc::new(MemoryOverrideStore::default());
        let state = ControlState {
            cedar: cedar(&publisher, &index),
            administrator: Administrator::new(Arc::clone(&publisher)),
            drift: DriftDesk::new(Arc::clone(&gateway)),
            rollback: Arc::new(NoPolicies),
            publisher,
            actions: Arc::new(actions),
            policies: Arc::new(NoPolicies),
            evaluations: Arc::new(EvaluationDesk::new(Arc::clone(&gateway))),
            overrides: Arc::new(OverrideDesk::new(Arc::clone(&gateway), Arc::clone(&index), overrides)),
            proposals: Arc::new(ProposalDesk::new(gateway, Arc::clone(&index))),
            index,
            ledger,
            metrics,
            clock,
            stage: "dev",
            access,
            holds: desk,
            keys: Arc::new(keys),
            throttle: Arc::default(),
            rates: Arc::default(),
            started: Instant::now(),
            cursors: CursorSeal::new(&[0; 32]),
            replays: Arc::new(Replays::new(Arc::new(MemoryReplayStore::default()))),
            stop: stopped,
        };
        Self { _folder: folder, state, store, stop, _serving: serving_sender, serving }
    }

    async fn listen(&self, telemetry: bool) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = self.state.clone();
        let router = if telemetry { telemetry_router(state) } else { control_router(state) };
        tokio::spawn(serve(listener, router, self.serving.clone()));
        address
    }
}

/// Status and body.
async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let (head, body) = ask(address, "GET", path).await;
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
}

/// Head and body.
async fn ask(address: SocketAddr, method: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn a_stopping_gateway_is_alive_but_not_ready() {
    let control = Control::new(Access::Keys);
    let address = control.listen(false).await;
    assert_eq!(get(address, "/readyz").await.0, 200);
    control.stop.send_replace(true);
    let (status, body) = get(address, "/readyz").await;
    assert_eq!(
        (status, &json(&body)["stopping"], &json(&body)["ledger"]),
        (503, &Value::Bool(true), &Value::Bool(true))
    );
    assert_eq!(get(address, "/healthz").await.0, 200);
    assert_eq!(json(&get(address, "/health").await.1)["status"], "ok");
}

#[tokio::test]
async fn a_gateway_without_its_ledger_is_alive_degraded_and_not_ready() {
    let control = Control::new(Access::Keys);
    control.state.ledger.close(SystemClock.now()).unwrap();
    for telemetry in [false, true] {
        let address = control.listen(telemetry).await;
        let (status, body) = get(address, "/readyz").await;
        assert_eq!((status, &json(&body)["ledger"]), (503, &Value::Bool(false)));
        assert_eq!(get(address, "/healthz").await.0, 200);
        let (status, body) = get(address, "/health").await;
        assert_eq!((status, &json(&body)["status"]), (503, &Value::from("degraded")));
    }
}

#[tokio::test]
async fn a_refused_candidate_shows_and_takes_nothing_out_of_service() {
    let control = Control::new(Access::Keys);
    let address = control.listen(false).await;
    control.state.publisher.reject("rules.yaml:1:1: bad\nrules.yaml:2:1: worse".to_owned());
    let health = json(&get(address, "/health").await.1);
    let check = &health["checks"]["config"];
    assert_eq!((&health["status"], &check["ok"]), (&Value::from("ok"), &Value::Bool(true)));
    assert_eq!(check["rejected"]["problems"], 2);
    assert!(!health.to_string().contains("rules.yaml"), "open to everyone, so it names no file contents");
    assert_eq!(get(address, "/readyz").await.0, 200);
}

#[tokio::test]
async fn metrics_are_open_only_on_the_telemetry_listener_and_in_open_mode() {
    for (access, status) in [(Access::Keys, 401), (Access::OpenOnLoopback, 200)] {
        let control = Control::new(access);
        assert_eq!(get(control.listen(false).await, "/metrics").await.0, status);
        assert_eq!(get(control.listen(true).await, "/metrics").await.0, 200);
    }
}

#[tokio::test]
async fn who_changes_one_cedar_engine_holds_up_no_other() {
    let control = Control::new(Access::OpenOnLoopback);
    let address = control.listen(false).await;
    let turn = control.state.cedar.turn_of("one").await;
    let delete = |engine: &'static str| async move {
        ask(address, "DELETE", &format!("/api/v1/policy/engines/{engine}")).await.0
    };
    assert!(delete("two").await.starts_with("HTTP/1.1 204 "));
    let mut same = tokio::spawn(delete("one"));
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut same).await.is_err());
    drop(turn);
    assert!(same.await.unwrap().starts_with("HTTP/1.1 204 "));
}

fn pending(now: Timestamp) -> Hold {
    let ask = Ask {
        tenant: "acme".into(),
        actor: "agent-1".into(),
        actor_kind: PrincipalKind::AiAgent,
        key: Some("bot".into()),
        person: None,
        ticket: true,
        digest: CallDigest::from_bytes([7; 32]),
        route: "crm".into(),
        capability: "crm.contacts.create".to_owned(),
        resource: "contacts".to_owned(),
        arguments: ShownArguments::new("{\"share\":12.50}".to_owned(), 0),
        outcome: Outcome::RequireConfirmation,
        reason: "Somebody must look.".to_owned(),
        lifts: Vec::new(),
        roles: Vec::new(),
        decision_id: "dec_1".to_owned(),
        snapshot_version: 1,
        created_at: now,
        expires_at: Timestamp::from_micros(now.as_micros() + 60_000_000),
    };
    Hold::open(SystemClock.id(HOLD, now), ask)
}

#[tokio::test]
async fn what_the_ledger_does_not_take_does_not_hold() {
    let control = Control::new(Access::OpenOnLoopback);
    let hold = pending(SystemClock.now());
    assert_eq!(control.store.insert(&hold), Ok(Inserted::Yes));
    let address = control.listen(false).await;
    control.state.ledger.close(SystemClock.now()).unwrap();
    for verb in ["approve", "reject", "cancel"] {
        let (head, body) = ask(address, "POST", &format!("/api/v1/holds/{}/{verb}", hold.id)).await;
        assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nretry-after: 1"), "{head}");
        assert_eq!(json(&body)["type"], "urn:aegis:ledger-unavailable");
        assert_eq!(control.store.by_id(&hold.id).unwrap().unwrap().state, HoldState::Pending);
    }
}

#[tokio::test]
async fn a_hold_whose_time_is_over_is_expired_before_anybody_tends_to_it() {
    let control = Control::new(Access::OpenOnLoopback);
    let mut hold = pending(SystemClock.now());
    hold.ask.expires_at = hold.ask.created_at;
    assert_eq!(control.store.insert(&hold), Ok(Inserted::Yes));
    let address = control.listen(false).await;
    let path = format!("/api/v1/holds/{}", hold.id);
    assert_eq!(json(&get(address, &path).await.1)["state"], "expired");
    assert_eq!(json(&get(address, "/api/v1/holds?state=pending").await.1)["total"], 0);
    assert_eq!(json(&get(address, "/api/v1/holds?state=expired").await.1)["total"], 1);
    let (head, body) = ask(address, "POST", &format!("{path}/approve")).await;
    assert!(head.starts_with("HTTP/1.1 409 "), "{head}");
    assert_eq!(
        (&json(&body)["state"], &json(&body)["hold"]["state"]),
        (&Value::from("expired"), &Value::from("expired"))
    );
}

/// A store that does nothing it is asked.
#[derive(Debug)]
struct BrokenStore;

fn broken<T>() -> Result<T, StoreError> {
    Err(StoreError::Failed("the disk is on fire".to_owned()))
}

impl HoldStore for BrokenStore {
    fn insert(&self, _: &Hold) -> Result<Inserted, StoreError> {
        broken()
    }
    fn replace(&self, _: &Hold) -> Result<bool, StoreError> {
        broken()
    }
    fn replace_all(&self, _: &[Hold]) -> Result<Vec<bool>, StoreError> {
        broken()
    }
    fn mark_recorded(&self, _: &Id, _: u64) -> Result<(), StoreError> {
        broken()
    }
    fn by_id(&self, _: &Id) -> Result<Option<Hold>, StoreError> {
        broken()
    }
    fn current(&self, _: &str, _: &CallDigest, _: Timestamp) -> Result<Option<Hold>, StoreError> {
        broken()
    }
    fn pending(&self, _: &str, _: &str, _: Timestamp) -> Result<PendingCounts, StoreError> {
        broken()
    }
    fn list(&self, _: &HoldFilter, _: Timestamp) -> Result<HoldPage, StoreError> {
        broken()
    }
    fn due(&self, _: Timestamp, _: usize) -> Result<Vec<Hold>, StoreError> {
        broken()
    }
    fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        broken()
    }
    fn unrecorded(&self, _: usize) -> Result<Vec<Hold>, StoreError> {
        broken()
    }
    fn counts(&self) -> Result<HoldCounts, StoreError> {
        broken()
    }
    fn forget(&self, _: Timestamp) -> Result<usize, StoreError> {
        broken()
    }
}

#[tokio::test]
async fn a_gateway_without_its_store_says_so_everywhere() {
    let mut control = Control::new(Access::OpenOnLoopback);
    let ControlState { ledger, metrics, clock, .. } = control.state.clone();
    control.state.holds = Arc::new(HoldDesk::new(Arc::new(BrokenStore), ledger, metrics, clock));
    let address = control.listen(false).await;
    assert_eq!(get(address, "/readyz").await.0, 200, "nothing was asked of it yet");
    let hold = format!("/api/v1/holds/{}", pending(SystemClock.now()).id);
    for (method, path) in [
        ("GET", "/api/v1/holds".to_owned()),
        ("GET", hold.clone()),
        ("POST", format!("{hold}/approve")),
        ("POST", format!("{hold}/reject")),
        ("POST", format!("{hold}/cancel")),
    ] {
        let (head, body) = ask(address, method, &path).await;
        assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nretry-after: 1"), "{path}: {head}");
        assert_eq!(json(&body)["type"], "urn:aegis:store-unavailable");
        assert!(!body.contains("fire"), "{body}");
    }
    let (status, ready) = get(address, "/readyz").await;
    assert_eq!((status, &json(&ready)["store"], &json(&ready)["ledger"]), (503, &false.into(), &true.into()));
    let health = json(&get(address, "/health").await.1);
    assert_eq!((&health["status"], &health["checks"]["store"]["ok"]), (&"degraded".into(), &false.into()));
    let (status, shown) = get(address, "/api/v1/status").await;
    let holds = &json(&shown)["holds"];
    assert_eq!((status, &holds["ok"], &holds["pending"]), (200, &false.into(), &Value::Null));
    assert!(holds["reason"].as_str().unwrap().contains("fire"), "{holds}");
}

/// A policy that a key is sent with.
const POLICY: &str = r#"{"name":"a","rules":[{"capability":"a.b","outcome":"DENY"}]}"#;

/// Makes a policy of `body` with the idempotency key `k`: the whole answer.
async fn make(address: SocketAddr, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST /api/v1/policies HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nIdempotency-Key: k\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Whether an answer has that status, and says `text`.
fn says(answer: &str, status: u16, text: &str) -> bool {
    answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(text)
}

impl Control {
    /// Has answers kept in `store`, and what the store did not take forgotten, as a restart would.
    fn keeps_answers_in(&mut self, store: &Arc<MemoryReplayStore>) {
        self.state.replays = Arc::new(Replays::new(Arc::clone(store) as Arc<dyn ReplayStore>));
    }

    fn policies(&self) -> usize {
        self.state.administrator.objects().objects().len()
    }
}

#[tokio::test]
async fn where_a_key_cannot_be_looked_for_or_claimed_nothing_is_done() {
    let mut control = Control::new(Access::OpenOnLoopback);
    let kept = Arc::new(MemoryReplayStore::default());
    control.keeps_answers_in(&kept);
    let address = control.listen(false).await;
    for broken in [&kept.fails, &kept.unreadable] {
        broken.store(true, Ordering::SeqCst);
        let answer = make(address, POLICY).await;
        assert!(says(&answer, 503, "store-unavailable") && !answer.contains("fire"), "{answer}");
        assert!(answer.contains("\r\nretry-after: 1"), "{answer}");
        assert_eq!(control.policies(), 0);
        broken.store(false, Ordering::SeqCst);
    }
    let (first, again) = (make(address, POLICY).await, make(address, POLICY).await);
    assert!(says(&first, 201, "") && !first.contains("idempotent-replay"), "{first}");
    assert!(says(&again, 201, "idempotent-replay: true"), "{again}");
    assert_eq!(control.policies(), 1);
}

#[tokio::test]
async fn where_nobody_can_tell_whether_a_request_was_done_it_is_not_done_again() {
    let mut control = Control::new(Access::OpenOnLoopback);
    let kept = Arc::new(MemoryReplayStore::default());
    control.keeps_answers_in(&kept);
    kept.stuck.store(true, Ordering::SeqCst);
    let address = control.listen(false).await;
    // What was refused may be sent otherwise, although its claim is still there.
    let refused = make(address, "{}").await;
    assert!(says(&refused, 400, "bad-body"), "{refused}");
    let (first, again) = (make(address, POLICY).await, make(address, POLICY).await);
    assert!(says(&first, 201, "") && says(&again, 201, "idempotent-replay: true"), "{first} {again}");
    // The next gateway knows the claim and not the answer.
    control.keeps_answers_in(&kept);
    let address = control.listen(false).await;
    for stuck in [true, false] {
        kept.stuck.store(stuck, Ordering::SeqCst);
        let answer = make(address, POLICY).await;
        assert!(says(&answer, 409, "idempotency-unknown") && !answer.contains("retry-after"), "{answer}");
        let other = make(address, "{}").await;
        assert!(says(&other, 409, "idempotency-key-reused"), "{other}");
    }
    assert_eq!(control.policies(), 1);
}

fn cedar(publisher: &Arc<Publisher>, index: &Arc<AuditIndex>) -> Arc<PolicyProviders> {
    let store = Arc::new(MemoryGenerationStore::default());
    let desk = GenerationDesk::new(Arc::clone(publisher), Arc::clone(index), store, Vec::new());
    Arc::new(PolicyProviders::new(Arc::clone(publisher), Arc::new(desk)))
}
