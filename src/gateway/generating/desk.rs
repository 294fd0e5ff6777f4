//! [`GenerationDesk`]: where runs are asked for and looked at.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use thiserror::Error;

use crate::admin::{AdminStoreError, By, GenerationRun, GenerationState, GenerationStore};
use crate::audit::index::{AuditIndex, IndexError};
use crate::audit::record::GenerationRecord;
use crate::gateway::generating::observing::observations;
use crate::gateway::generating::run::{Outcome, made};
use crate::gateway::{Clock, Publisher};
use crate::model::time::Timestamp;
use crate::policy::cedar::Engine;
use crate::policy::engines::HeldEngine;
use crate::policy::generation::{
    ConfigError, GenerationConfig, ObservationLimits, Observations, Simulation, Window, simulate,
};

/// How long a run and its assets are kept.
const KEPT: Duration = Duration::from_hours(7 * 24);

/// Most runs under way at once, of all engines together.
const MOST_AT_ONCE: usize = 2;

/// How the ids of runs begin.
const RUN: &str = "pgn_";

/// Where policies are made of what agents did. Every call blocks: for `spawn_blocking`.
#[derive(Debug)]
pub struct GenerationDesk {
    publisher: Arc<Publisher>,
    index: Arc<AuditIndex>,
    store: Arc<dyn GenerationStore>,
    /// Words that hide arguments in records.
    hidden: Vec<String>,
    /// The engines that a run is under way for.
    running: Mutex<HashSet<Arc<str>>>,
    /// How many drafts are being tried.
    simulating: AtomicUsize,
}

/// Why a run was not begun, or not shown.
#[derive(Debug, Error)]
pub enum GenerationRefused {
    /// The provider in force makes none: `provider: noop`.
    #[error("Policy generation not supported by this provider")]
    Unsupported,
    /// There is no such engine.
    #[error("there is no such policy engine")]
    NoEngine,
    /// There is no such run.
    #[error("there is no such generation")]
    NoRun,
    /// One run of an engine a time, and two of all.
    #[error("generation already running")]
    Running,
    /// Two drafts a time: each holds all calls of its window in memory.
    #[error("{MOST_AT_ONCE} drafts are being tried already")]
    Simulating,
    /// What is asked for is not understood.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// The ledger cannot be searched.
    #[error("the ledger cannot be searched now")]
    Index(#[from] IndexError),
    /// The store failed.
    #[error("the store is out of order")]
    Store(#[from] AdminStoreError),
    /// The ledger takes nothing.
    #[error("the ledger takes no record, so nothing was begun")]
    Ledger,
}

impl GenerationDesk {
    /// A desk over what the store keeps.
    #[must_use]
    pub fn new(
        publisher: Arc<Publisher>,
        index: Arc<AuditIndex>,
        store: Arc<dyn GenerationStore>,
        hidden: Vec<String>,
    ) -> Self {
        Self { publisher, index, store, hidden, running: Mutex::default(), simulating: AtomicUsize::new(0) }
    }

    /// At a start: nothing is under way any more, and what is old is forgotten.
    ///
    /// # Errors
    /// The store failed.
    pub fn begin(&self) -> Result<(), AdminStoreError> {
        let now = self.clock().now();
        let outcome = Outcome::failure("The gateway stopped while it was under way.").json.to_string();
        self.store.tidy_runs(oldest(now), &outcome, now)
    }

    /// Begins a run for `engine` over the records of `tenant`, and answers it as it stands: under way.
    ///
    /// # Errors
    /// [`GenerationRefused`].
    pub fn start(
        self: &Arc<Self>,
        engine: &str,
        (config, tenant): (&Value, String),
        by: &By,
    ) -> Result<GenerationRun, GenerationRefused> {
        let now = self.clock().now();
        self.check(engine)?;
        let read = GenerationConfig::read(config, now)?;
        let turn = self.take_turn(engine)?;
        self.store.forget_runs(oldest(now))?;
        let run = GenerationRun {
            id: self.clock().id(RUN, now).to_string().into(),
            engine: engine.into(),
            name: config.get("name").and_then(Value::as_str).map(str::to_owned),
            state: GenerationState::Generating,
            config: config.to_string(),
            by: Arc::clone(&by.key),
            created_at: now,
            updated_at: now,
            outcome: None,
        };
        self.record(&run, "cedar.generation.started", None)?;
        self.store.put_run(&run)?;
        let engine = Arc::clone(&run.engine);
        self.spawn((run.clone(), turn), move |desk| desk.outcome(&engine, (&read, &tenant)))?;
        Ok(run)
    }

    /// Does `work` for `run` on a thread of its own, and keeps what comes of it.
    pub(super) fn spawn(
        self: &Arc<Self>,
        (run, turn): (GenerationRun, Turn),
        work: impl FnOnce(&Self) -> Outcome + Send + 'static,
    ) -> Result<(), AdminStoreError> {
        let (desk, unbegun) = (Arc::clone(self), run.clone());
        let work = move || {
            let _turn = turn;
            // Nothing that it shares is left half done: it reads snapshots and the ledger.
            let outcome = catch_unwind(AssertUnwindSafe(|| work(&desk))).unwrap_or_else(|_| {
                tracing::error!(run = &*run.id, "a generation panicked");
                Outcome::failure("It ended by a fault of the gateway's; the log has more.")
            });
            desk.end(run, &outcome);
        };
        let thread = std::thread::Builder::new().name("generation".to_owned()).spawn(work);
        thread.map(drop).map_err(|error| {
            self.end(unbegun, &Outcome::failure("There was no thread for it."));
            AdminStoreError(format!("no thread for a generation: {error}"))
        })
    }

    /// The runs of `engine`, the oldest first, without what came of them.
    ///
    /// # Errors
    /// [`GenerationRefused`].
    pub fn list(&self, engine: &str) -> Result<Vec<GenerationRun>, GenerationRefused> {
        let oldest = self.check(engine)?.max(oldest(self.clock().now()));
        let mut runs = self.store.runs_of(engine)?;
        runs.retain(|run| run.created_at >= oldest);
        Ok(runs)
    }

    /// One run of `engine`.
    ///
    /// # Errors
    /// [`GenerationRefused`].
    pub fn find(&self, engine: &str, id: &str) -> Result<GenerationRun, GenerationRefused> {
        let oldest = self.check(engine)?.max(oldest(self.clock().now()));
        let found = self.store.find_run(id)?;
        let found = found.filter(|run| &*run.engine == engine && run.created_at >= oldest);
        found.ok_or(GenerationRefused::NoRun)
    }

    /// Takes a run away that has ended; nothing where there is none.
    ///
    /// # Errors
    /// [`GenerationRefused`].
    pub fn remove(&self, engine: &str, id: &str) -> Result<(), GenerationRefused> {
        match self.find(engine, id) {
            Ok(run) if run.state == GenerationState::Generating => Err(GenerationRefused::Running),
            Ok(_) => Ok(self.store.remove_run(id)?),
            Err(GenerationRefused::NoRun) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What the calls of `tenant` in `window` would have come to under `draft` instead of the policies of `engine`, with so many examples.
    ///
    /// # Errors
    /// [`GenerationRefused`].
    pub fn simulate(
        &self,
        (engine, tenant): (&str, &str),
        draft: &Engine,
        (window, examples): (Window, usize),
    ) -> Result<Simulation, GenerationRefused> {
        self.check(engine)?;
        let _place = Simulating::begin(&self.simulating)?;
        let snapshot = self.publisher.in_force();
        let (Some(settings), Some(held)) = (snapshot.cedar.settings(), snapshot.cedar.engines().find(engine))
        else {
            return Err(GenerationRefused::NoEngine);
        };
        let (present, draft) = (held.engine(), draft);
        let [present, draft] = [present, draft].map(|engine| engine.with_options(settings.options));
        // What was really decided plays no part, so neither does what stopped a call.
        let nothing = Observations::new(window, tenant, ObservationLimits::default()).with_stopped();
        let found = observations(&self.index, &snapshot, nothing, &[&present, &draft])?;
        Ok(simulate(&found, &present, &draft, examples))
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        &self.publisher.parts.clock
    }

    /// Since when there is that engine: runs of another of its name are none of it.
    fn check(&self, engine: &str) -> Result<Timestamp, GenerationRefused> {
        let snapshot = self.publisher.in_force();
        let held = snapshot.cedar.engines().find(engine).and_then(HeldEngine::object);
        held.map(|object| object.stamp.created_at).ok_or(GenerationRefused::NoEngine)
    }

    fn running(&self) -> MutexGuard<'_, HashSet<Arc<str>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take_turn(self: &Arc<Self>, engine: &str) -> Result<Turn, GenerationRefused> {
        let mut running = self.running();
        if running.len() >= MOST_AT_ONCE || !running.insert(engine.into()) {
            return Err(GenerationRefused::Running);
        }
        Ok(Turn { desk: Arc::clone(self), engine: engine.into() })
    }

    /// What comes of a run for `engine`.
    fn outcome(&self, engine: &str, (config, tenant): (&GenerationConfig, &str)) -> Outcome {
        let snapshot = self.publisher.in_force();
        match snapshot.cedar.engines().find(engine) {
            Some(held) => made(&snapshot, held, (config, tenant), (&self.index, &self.hidden)),
            None => Outcome::failure("The policy engine is gone."),
        }
    }

    /// Keeps what came of `run`.
    fn end(&self, mut run: GenerationRun, outcome: &Outcome) {
        run.state = if outcome.failed { GenerationState::Failed } else { GenerationState::Generated };
        run.updated_at = self.clock().now();
        run.outcome = Some(outcome.json.to_string());
        // What is not recorded is not shown.
        if self.record(&run, "cedar.generation.ended", Some(outcome)).is_err() {
            run.state = GenerationState::Failed;
            run.outcome = Some(Outcome::failure("The ledger took no record of it.").json.to_string());
        }
        if let Err(error) = self.store.put_run(&run) {
            tracing::error!(%error, "what came of a generation could not be kept");
        }
    }

    fn record(
        &self,
        run: &GenerationRun,
        kind: &'static str,
        outcome: Option<&Outcome>,
    ) -> Result<(), GenerationRefused> {
        let record = GenerationRecord {
            kind,
            by: &run.by,
            id: &run.id,
            engine: &run.engine,
            status: run.state.as_str(),
            digest: outcome.and_then(|outcome| outcome.digest.as_deref()),
            policies: outcome.map(|outcome| outcome.policies),
        };
        let taken = self.publisher.parts.ledger.record_blocking(&record.payload(), run.updated_at);
        taken.map(drop).map_err(|error| {
            tracing::error!(%error, "the ledger took no record of a generation");
            GenerationRefused::Ledger
        })
    }
}

/// A place among the drafts that are being tried, given back when it is dropped.
struct Simulating<'d>(&'d AtomicUsize);

impl<'d> Simulating<'d> {
    fn begin(count: &'d AtomicUsize) -> Result<Self, GenerationRefused> {
        let one_more = |count: usize| (count < MOST_AT_ONCE).then_some(count + 1);
        let taken = count.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more);
        taken.map(|_| Self(count)).map_err(|_| GenerationRefused::Simulating)
    }
}

impl Drop for Simulating<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The right to run for an engine, given back when it is dropped, also by a panic.
pub(super) struct Turn {
    desk: Arc<GenerationDesk>,
    engine: Arc<str>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.desk.running().remove(&self.engine);
    }
}

/// When a run must have been asked for, at the earliest, to be shown at `now`.
fn oldest(now: Timestamp) -> Timestamp {
    Timestamp::from_micros(
        now.as_micros().saturating_sub(i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX)),
    )
}
