//! Actions in one process: the ledger comes before the executor, and whatever the executor does leaves its record.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use serde_json::Value;
use serde_json::value::RawValue;
use tempfile::TempDir;

use crate::audit::{Durability, Ledger, LedgerOptions, tail};
use crate::config::{Sources, load_document};
use crate::decision::{PolicySnapshot, compile};
use crate::extract::{ActionCall, Actions};
use crate::facts::{Deciding, Live, Who};
use crate::gateway::{
    ActionAnswer, ActionCaller, ActionDesk, ActionDeskParts, ActionRefused, Approval, Clock, Executor,
    ExecutorAction, ExecutorError, Fold, Gateway, GatewayParts, HoldDesk, SystemClock, Vote,
};
use crate::holds::{Approver, MemoryStore};
use crate::identity::SessionSeal;
use crate::model::call::{Principal, PrincipalKind};
use crate::model::decision::{Outcome, ReasonCode, SnapshotRef};
use crate::model::document::Document;
use crate::model::handle::Handle;
use crate::model::json::Reader;
use crate::policy::rules;
use crate::telemetry::{Metrics, Redaction};

const RULES: &str = "rules:\n- {name: reads, match: {type: \"read*\"}, approval: auto}\n\
    - {name: writes, match: {type: write}, approval: approve}\n- {name: odd, match: {type: odd}, approval: escalate}\n";

struct NoSources;

impl Sources for NoSources {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, _path: &Path) -> Result<String, String> {
        Err("no files here".to_owned())
    }
}

/// Counts what it is asked, and does what the action's type says.
#[derive(Debug, Default)]
struct Obedient(AtomicU32);

#[async_trait]
impl Executor for Obedient {
    async fn execute(&self, action: ExecutorAction) -> Result<Box<RawValue>, ExecutorError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        match action.action_type.as_str() {
            "read_panic" => panic!("a planted panic"),
            "read_nothing" => Err(ExecutorError::not_sent("nobody listens")),
            _ => Ok(action.params),
        }
    }
}

struct World {
    folder: TempDir,
    ledger: Arc<Ledger>,
    snapshot: Arc<PolicySnapshot>,
    executor: Arc<Obedient>,
    holds: Arc<HoldDesk>,
    desk: Arc<ActionDesk>,
    live: Arc<Live>,
}

impl World {
    fn new(approval: Approval) -> Self {
        let folder = TempDir::new().unwrap();
        let mut options = LedgerOptions::new(folder.path().join("ledger"));
        (options.durability, options.segment_bytes, options.reserve_percent) =
            (Durability::Process, 1 << 20, 0);
        let (ledger, _report) = Ledger::open(options, SystemClock.now()).unwrap();
        let document = Document::parse("gateway.yaml", "version: 1\n").unwrap();
        let config = load_document(document, Path::new("."), Vec::new(), &NoSources).unwrap();
        let rules = rules::compile(&Document::parse("rules.yaml", RULES).unwrap()).unwrap();
        let snapshot = compile(&config, Some(rules), &[], SnapshotRef::new(1, "hash".into())).unwrap();
        let snapshot = Arc::new(snapshot);
        let metrics = Arc::new(Metrics::new("test").unwrap());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = Arc::new(MemoryStore::default());
        let holds = HoldDesk::new(store, Arc::clone(&ledger), Arc::clone(&metrics), Arc::clone(&clock));
        let holds = Arc::new(holds);
        let facts = Arc::new(Deciding::default());
        let live = Arc::clone(facts.live());
        let gateway = Gateway::new(GatewayParts {
            snapshot: Arc::new(Handle::new(Arc::clone(&snapshot))),
            ledger: Arc::clone(&ledger),
            max_concurrent_requests: 16,
            sessions: SessionSeal::new([7; 32]),
            holds: Arc::clone(&holds),
            throttle: Arc::default(),
            redaction: Redaction::new(["password"]),
            access_log: None,
            facts,
            metrics,
            clock,
        });
        let executor = Arc::new(Obedient::default());
        let desk = ActionDesk::new(ActionDeskParts {
            gateway: Arc::new(gateway),
            executor: Arc::clone(&executor) as Arc<dyn Executor>,
            approval,
            numbered: 41,
        });
        Self { folder, ledger, snapshot, executor, holds, desk: Arc::new(desk), live }
    }

    async fn execute(&self, action: &str) -> Result<ActionAnswer, ActionRefused> {
        let principal = Principal::new("acme", "ann", PrincipalKind::default());
        let caller = ActionCaller { principal, is_agent: false, named_agent: false };
        let actions = Actions::read(&Reader::default(), action.as_bytes()).unwrap();
        let action: &ActionCall<'_> = actions.items.first().unwrap().as_ref().unwrap();
        self.desk.execute(&self.snapshot, &caller, action).await
    }

    fn evaluate(&self, action: &str) {
        let principal = Principal::new("acme", "ann", PrincipalKind::default());
        let caller = ActionCaller { principal, is_agent: false, named_agent: false };
        let text = format!("{{\"type\":\"{action}\"}}");
        let actions = Actions::read(&Reader::default(), text.as_bytes()).unwrap();
        let decision =
            self.desk.dry_run().evaluate(&self.snapshot, &caller, actions.items[0].as_ref().unwrap());
        assert_eq!(decision.unwrap().outcome, Outcome::Allow);
    }

    fn records(&self) -> Vec<Value> {
        let records = tail(&self.folder.path().join("ledger"), 100).unwrap().poll_new().unwrap();
        let values = records.iter().map(|record| record.parse().unwrap());
        values
            .filter(|record: &Value| record["kind"] == "decision" || record["kind"] == "execution")
            .collect()
    }
}

#[tokio::test]
async fn an_executor_that_panics_or_fails_leaves_its_record() {
    let world = World::new(Approval::Auto);
    for (action, error, result) in [
        ("read_panic", "a defect of the executor was caught", "unknown_outcome"),
        ("read_nothing", "nobody listens", "not_forwarded"),
    ] {
        let answer = world.execute(&format!("{{\"type\":\"{action}\"}}")).await.unwrap();
        assert_eq!((answer.status, answer.error.as_deref()), ("failed", Some(error)));
        let execution = world.records().pop().unwrap();
        assert_eq!(
            (&execution["kind"], &execution["result"], &execution["result_error"]),
            (&Value::from("execution"), &Value::from(result), &Value::from(error))
        );
        assert_eq!(execution["decision_id"], answer.decision_id.to_string());
    }
}

#[tokio::test]
async fn nothing_is_run_that_the_ledger_does_not_take() {
    let world = World::new(Approval::Auto);
    world.ledger.close(SystemClock.now()).unwrap();
    for action in ["read", "write"] {
        let refused = world.execute(&format!("{{\"type\":\"{action}\"}}")).await;
        assert_eq!(refused.unwrap_err(), ActionRefused::Ledger);
    }
    assert_eq!(world.executor.0.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn only_what_wants_one_person_is_approved_by_itself() {
    let world = World::new(Approval::Auto);
    let write = world.execute(r#"{"type":"write","params":{"password":"x","n":12.50}}"#).await.unwrap();
    assert_eq!(write.data.unwrap().get(), r#"{"password":"x","n":12.50}"#);
    let odd = world.execute(r#"{"type":"odd"}"#).await.unwrap();
    assert_eq!((odd.status, odd.hold.is_some()), ("pending", true));
    assert_eq!(world.executor.0.load(Ordering::Relaxed), 1);
    let records = world.records();
    let [decision, execution, pending] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((&decision["outcome"], &decision["code"]), (&Value::from("ALLOW"), &Value::from("approved")));
    assert_eq!(
        (&decision["action_no"], &decision["approved_by"][0]),
        (&Value::from(42), &Value::from("auto"))
    );
    assert_eq!(execution["result_data"]["password"], "[REDACTED]");
    assert_eq!(
        (&pending["result_status"], &pending["outcome"]),
        (&Value::from("pending"), &Value::from("ESCALATE"))
    );
}

#[tokio::test]
async fn where_people_are_asked_nothing_runs_before_they_answer() {
    let world = World::new(Approval::Hold);
    let first = world.execute(r#"{"type":"write","target":"a"}"#).await.unwrap();
    let again = world.execute(r#"{"type":"write","target":"a"}"#).await.unwrap();
    let other = world.execute(r#"{"type":"write","target":"b"}"#).await.unwrap();
    let id = |answer: &ActionAnswer| answer.hold.as_ref().unwrap().id;
    assert_eq!((first.status, id(&first) == id(&again), id(&first) == id(&other)), ("pending", true, false));
    assert_eq!(world.executor.0.load(Ordering::Relaxed), 0);
}

/// An approval lets one action through. Whoever wanted it at the same moment is asked for anew, as if it had come after that.
#[tokio::test]
async fn of_two_that_race_for_an_approval_one_runs_and_the_other_waits() {
    let world = World::new(Approval::Hold);
    let action = r#"{"type":"write","target":"a"}"#;
    let first = world.execute(action).await.unwrap().hold.unwrap();
    let approved = world.holds.decide(&Approver::local_admin(), first.id, Vote::Approve, None).await;
    approved.unwrap();
    let (one, other) = tokio::join!(world.execute(action), world.execute(action));
    let (mut ran, mut waits) = (one.unwrap(), other.unwrap());
    if ran.status != "success" {
        std::mem::swap(&mut ran, &mut waits);
    }
    assert_eq!((ran.status, ran.hold.is_none()), ("success", true));
    assert_eq!((waits.status, waits.code), ("pending", Some(ReasonCode::ApprovalRequired)));
    let second = waits.hold.unwrap();
    assert_ne!(second.id, first.id);
    assert_eq!(world.execute(action).await.unwrap().hold.unwrap().id, second.id);
    assert_eq!(world.executor.0.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_is_known_of_a_caller_is_what_its_records_make_again() {
    let world = World::new(Approval::Auto);
    let live = &world.live;
    let caller = |action: &str| Who::new("acme", "ann", action);
    // Decided without being done, refused, or waiting: nothing is known.
    for action in ["refused", "odd"] {
        world.execute(&format!("{{\"type\":\"{action}\"}}")).await.unwrap();
    }
    world.evaluate("read");
    assert_eq!(live.size().actors, 0);
    for action in ["read"; 9].iter().chain(&["read_panic", "read_nothing", "write"]) {
        world.execute(&format!("{{\"type\":\"{action}\"}}")).await.unwrap();
    }
    let (mut fold, _) =
        Fold::begin(&world.folder.path().join("ledger"), &world.folder.path().join("facts.checkpoint"))
            .unwrap();
    fold.catch_up().unwrap();
    let (again, now) = (fold.live().unwrap(), SystemClock.now());
    for (action, reports, failures, new) in [
        ("read", 9, 0, false),
        ("read_panic", 1, 1, false),
        ("read_nothing", 0, 0, false),
        ("write", 1, 0, false),
        ("odd", 0, 0, true),
    ] {
        let known = live.conduct(&caller(action), now);
        assert_eq!((known.reports, known.failures), (reports, failures), "{action}");
        assert_eq!(known.anomaly.new_capability, new, "{action}");
        assert_eq!(known, again.conduct(&caller(action), now), "{action}");
    }
}
