//! Starting: everything is built and bound before anything is served, so a start that fails changes nothing outside.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::load::{ConfigSource, Loaded};
use crate::app::reload::Reloader;
use crate::app::stop::Signals;
use crate::app::{admin_key, watch as file_watch};
use crate::audit::reconcile::{Reconciled, reconcile};
use crate::audit::{Durability, Ledger, LedgerOptions, OpenReport};
use crate::config::{self, Config};
use crate::control::{Access, ControlState, CursorSeal, control_router, serve, telemetry_router};
use crate::decision::compile;
use crate::gateway::{Candidate, Clock, Gateway, GatewayParts, HoldDesk, Publisher, SystemClock};
use crate::identity::{Key, SessionSeal};
use crate::proxy::{DataPlane, DataPlaneOptions, ListeningAt};
use crate::store::SqliteStore;
use crate::telemetry::{AccessLog, LogFormat, Metrics, Redaction};

/// Calls of an earlier epoch that are named when their outcome is unknown, besides as many as may have been under way.
const MOST_LEFT_OPEN: usize = 65_536;

/// How to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the configuration is.
    pub source: ConfigSource,
    /// Who may call the control listener.
    pub access: Access,
}

/// A gateway that is bound and serves as soon as it is run.
#[derive(Debug)]
pub struct App {
    pub(super) ledger: Arc<Ledger>,
    pub(super) gateway: Arc<Gateway>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) reloader: Arc<Reloader>,
    pub(super) data_plane: DataPlane,
    pub(super) data_runtime: Runtime,
    pub(super) control_runtime: Runtime,
    pub(super) control: TcpListener,
    pub(super) telemetry: Option<TcpListener>,
    pub(super) state: ControlState,
    pub(super) stop: watch::Sender<bool>,
    pub(super) watcher: Option<file_watch::Watcher>,
    pub(super) signals: Signals,
    gateway_addresses: Vec<ListeningAt>,
    control_address: SocketAddr,
    telemetry_address: Option<SocketAddr>,
    made_key: Option<PathBuf>,
    ledger_directory: PathBuf,
    opened: OpenReport,
    reconciled: Vec<Reconciled>,
}

impl App {
    /// Loads, opens and binds.
    ///
    /// # Errors
    /// Whatever keeps the gateway from serving; for a bad configuration, every problem of it.
    pub fn start(options: Options, loaded: &Loaded) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION"))?);
        let data_dir = loaded.config.data_dir.clone();
        make_private(&data_dir)?;
        let (own_keys, made_key) = own_keys(&loaded.config, options.access)?;
        let ledger_directory = data_dir.join("ledger");
        let (ledger, opened) = Ledger::open(ledger_options(&loaded.config), clock.now())
            .with_context(|| format!("the ledger in {} cannot be opened", ledger_directory.display()))?;
        let data_runtime = Builder::new_multi_thread().thread_name("aegis-data").enable_all().build()?;
        // Before any other record, so that a start that is cut off here can be told by the next one.
        let most = loaded.config.gateway.max_concurrent_requests + MOST_LEFT_OPEN;
        let reconciled = data_runtime.block_on(reconcile(&ledger, &opened, most, clock.now()));
        let session_key = admin_key::session_key(&data_dir)?;
        let holds = holds(&data_dir, &ledger, &metrics, &clock)?;
        let publisher = Arc::new(publish_first(loaded, &own_keys, &ledger, &metrics, &clock)?);
        let gateway = Arc::new(Gateway::new(GatewayParts {
            snapshot: publisher.handle(),
            ledger: Arc::clone(&ledger),
            max_concurrent_requests: loaded.config.gateway.max_concurrent_requests,
            holds: Arc::clone(&holds),
            sessions: SessionSeal::new(session_key),
            redaction: Redaction::new(&loaded.config.audit.redact),
            access_log: access_log(&loaded.config, &metrics)?,
            metrics: Arc::clone(&metrics),
            clock: Arc::clone(&clock),
        }));
        let (stop, stopped) = watch::channel(false);
        let control_runtime = control_runtime()?;
        let data_plane = data_runtime
            .block_on(DataPlane::bind(data_plane_options(&loaded.config), Arc::clone(&gateway)))?;
        let control = bind(&control_runtime, loaded.config.control.listen)?;
        let telemetry =
            loaded.config.telemetry.listen.map(|address| bind(&control_runtime, address)).transpose()?;
        let state = ControlState {
            publisher: Arc::clone(&publisher),
            ledger: Arc::clone(&ledger),
            holds: Arc::clone(&holds),
            metrics,
            clock: Arc::clone(&clock),
            stage: loaded.config.stage.as_str(),
            access: options.access,
            started: Instant::now(),
            cursors: CursorSeal::new(&session_key),
            stop: stopped,
        };
        let control_address = control.local_addr()?;
        if !control_address.ip().is_unspecified() {
            holds.listens_at(&format!("http://{control_address}"));
        }
        // From here on signals do what they say; before, they end the process.
        let signals = control_runtime.block_on(async { Signals::listen() })?;
        let watched = if loaded.config.policy.watch { loaded.files.as_slice() } else { &[] };
        let watcher = file_watch::Watcher::start(watched)?;
        let reloader = Arc::new(Reloader::new(
            options.source,
            publisher,
            own_keys,
            data_plane.certificates(),
            &loaded.config,
        ));
        Ok(Self {
            gateway_addresses: data_plane.listening(),
            control_address,
            telemetry_address: telemetry.as_ref().map(TcpListener::local_addr).transpose()?,
            ledger,
            gateway,
            clock,
            reloader,
            data_plane,
            data_runtime,
            control_runtime,
            control,
            telemetry,
            state,
            stop,
            watcher,
            signals,
            made_key,
            ledger_directory,
            opened,
            reconciled,
        })
    }

    /// Where the data plane listens.
    #[must_use]
    pub fn gateway_addresses(&self) -> &[ListeningAt] {
        &self.gateway_addresses
    }

    /// Where the control listener listens.
    #[must_use]
    pub const fn control_address(&self) -> SocketAddr {
        self.control_address
    }

    /// Where `telemetry.listen` listens.
    #[must_use]
    pub const fn telemetry_address(&self) -> Option<SocketAddr> {
        self.telemetry_address
    }

    /// The file of an admin key that was made by this start.
    #[must_use]
    pub const fn made_key(&self) -> Option<&PathBuf> {
        self.made_key.as_ref()
    }

    /// The folder of the ledger.
    #[must_use]
    pub const fn ledger_directory(&self) -> &PathBuf {
        &self.ledger_directory
    }

    /// What opening the ledger found.
    #[must_use]
    pub const fn opened(&self) -> &OpenReport {
        &self.opened
    }

    /// What was found of calls whose process ended before it said what became of them.
    #[must_use]
    pub fn reconciled(&self) -> &[Reconciled] {
        &self.reconciled
    }

    /// Starts the servers of the control runtime; each ends soon after `end` turns true.
    pub(super) fn spawn_control(
        runtime: &Runtime,
        control: TcpListener,
        telemetry: Option<TcpListener>,
        state: &ControlState,
        end: &watch::Receiver<bool>,
    ) -> Vec<JoinHandle<()>> {
        let listeners = [
            Some((control, control_router(state.clone()))),
            telemetry.map(|listener| (listener, telemetry_router(state.clone()))),
        ];
        let listeners = listeners.into_iter().flatten();
        listeners.map(|(listener, router)| runtime.spawn(serve(listener, router, end.clone()))).collect()
    }
}

/// The desk for holds, with those expired whose time ran out while nobody was here.
fn holds(
    data_dir: &std::path::Path,
    ledger: &Arc<Ledger>,
    metrics: &Arc<Metrics>,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<HoldDesk>> {
    let path = data_dir.join("aegis.db");
    let store = Arc::new(SqliteStore::open(&path)?);
    let desk = HoldDesk::new(store, Arc::clone(ledger), Arc::clone(metrics), Arc::clone(clock));
    // Each that waits keeps a connection open; the other half is for calls under way, their tools and everything else.
    desk.waiters().cap(open_files() / 2);
    desk.begin().with_context(|| {
        format!(
            "the holds in {} cannot be taken up; put a copy in its place, or move it away together with its -wal and -shm files: \
             the gateway then starts with no holds, so that what waits or is approved must be asked for again",
            path.display()
        )
    })?;
    Ok(Arc::new(desk))
}

/// How many files and connections this process may have open: as many as the system lets it ask for.
fn open_files() -> usize {
    let found = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: found.maximum, ..found };
    let set = if found.current == found.maximum { Ok(()) } else { setrlimit(Resource::Nofile, raised) };
    let most = match set {
        Ok(()) => found.maximum,
        Err(error) => {
            tracing::warn!(%error, limit = found.current, "the limit of open files could not be raised");
            found.current
        }
    };
    most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX)
}

fn control_runtime() -> Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    Ok(builder.worker_threads(1).thread_name("aegis-control").enable_all().build()?)
}

fn own_keys(config: &Config, access: Access) -> Result<(Vec<Key>, Option<PathBuf>)> {
    if !config.control.keys.is_empty() || access == Access::OpenOnLoopback {
        return Ok((Vec::new(), None));
    }
    let (key, made) = admin_key::admin_key(&config.data_dir)?;
    Ok((vec![key], made))
}

fn publish_first(
    loaded: &Loaded,
    own_keys: &[Key],
    ledger: &Arc<Ledger>,
    metrics: &Arc<Metrics>,
    clock: &Arc<dyn Clock>,
) -> Result<Publisher> {
    let mut failure = None;
    let mut candidate = Candidate {
        hash: Arc::clone(&loaded.hash),
        source: "start",
        build: &mut |reference| {
            let compiled = compile(&loaded.config, loaded.rules.clone(), own_keys, reference);
            compiled.map_err(|error| failure = Some(error)).ok()
        },
    };
    let published =
        Publisher::start(&mut candidate, Arc::clone(ledger), Arc::clone(metrics), Arc::clone(clock));
    match (published, failure) {
        (Ok(publisher), None) => Ok(publisher),
        (_, Some(error)) => Err(anyhow!("{error}")),
        (Err(error), None) => Err(error.into()),
    }
}

fn bind(runtime: &Runtime, address: SocketAddr) -> Result<TcpListener> {
    runtime.block_on(TcpListener::bind(address)).with_context(|| format!("cannot listen on {address}"))
}

fn ledger_options(config: &Config) -> LedgerOptions {
    let mut options = LedgerOptions::new(config.data_dir.join("ledger"));
    options.durability = match config.audit.durability {
        config::Durability::Process => Durability::Process,
        config::Durability::Disk => Durability::Disk,
    };
    options.segment_bytes = config.audit.segment_bytes;
    options.reserve_percent = config.audit.reserve_percent;
    options
}

fn access_log(config: &Config, metrics: &Arc<Metrics>) -> Result<Option<AccessLog>> {
    if !config.telemetry.access_log {
        return Ok(None);
    }
    let format = match config.telemetry.log_format {
        config::LogFormat::Text => LogFormat::Text,
        config::LogFormat::Json => LogFormat::Json,
    };
    AccessLog::start(format, Arc::clone(metrics)).map(Some).context("the access log cannot be started")
}

fn data_plane_options(config: &Config) -> DataPlaneOptions {
    DataPlaneOptions {
        listen: config.gateway.listen.clone(),
        timeouts: config.gateway.timeouts,
        max_body_bytes: config.gateway.max_body_bytes,
    }
}

/// Makes the data folder, readable by its owner only.
fn make_private(folder: &std::path::Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("the data folder {} cannot be made", folder.display()))
}
