//! The order of a start: everything is built and bound before anything is served, so a start that fails changes nothing outside.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::indexing::Indexing;
use crate::app::load::Loaded;
use crate::app::policy_server::FolderLock;
use crate::app::rebuilding::{Rebuilding, Rebuilt};
use crate::app::reload::Reloader;
use crate::app::start::{Options, parts, publishing};
use crate::app::stop::Signals;
use crate::app::{admin_key, watch as file_watch};
use crate::audit::reconcile::{Reconciled, reconcile};
use crate::audit::{Ledger, OpenReport};
use crate::control::{
    ControlState, CursorSeal, PolicyWriter, Replays, SnapshotRollback, control_router, serve,
    telemetry_router,
};
use crate::gateway::{Administrator, Clock, DriftDesk, Gateway, SystemClock};
use crate::proxy::{DataPlane, ListeningAt};
use crate::telemetry::Metrics;

/// Calls of an earlier epoch that are named when their outcome is unknown, besides as many as may have been under way.
const MOST_LEFT_OPEN: usize = 65_536;

/// A gateway that is bound and serves as soon as it is run.
#[derive(Debug)]
pub struct App {
    pub(in crate::app) ledger: Arc<Ledger>,
    pub(in crate::app) gateway: Arc<Gateway>,
    pub(in crate::app) clock: Arc<dyn Clock>,
    pub(in crate::app) reloader: Arc<Reloader>,
    pub(in crate::app) data_plane: Option<DataPlane>,
    pub(in crate::app) data_runtime: Runtime,
    pub(in crate::app) control_runtime: Runtime,
    pub(in crate::app) control: TcpListener,
    pub(in crate::app) telemetry: Option<TcpListener>,
    pub(in crate::app) state: ControlState,
    pub(in crate::app) stop: watch::Sender<bool>,
    pub(in crate::app) watcher: Option<file_watch::Watcher>,
    pub(in crate::app) signals: Signals,
    pub(in crate::app) indexing: Indexing,
    pub(in crate::app) rebuilding: Rebuilding,
    gateway_addresses: Vec<ListeningAt>,
    control_address: SocketAddr,
    telemetry_address: Option<SocketAddr>,
    made_key: Option<PathBuf>,
    ledger_directory: PathBuf,
    opened: OpenReport,
    reconciled: Vec<Reconciled>,
    _lock: Option<FolderLock>,
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
        let lock = parts::data_folder(&data_dir, options.planes)?;
        let (own_keys, made_key) = parts::own_keys(&loaded.config, &options)?;
        let (ledger, opened) = parts::ledger(&loaded.config, &*clock)?;
        let data_runtime = Builder::new_multi_thread().thread_name("aegis-data").enable_all().build()?;
        // Before any other record, so that a start that is cut off here can be told by the next one.
        let reconciled = data_runtime.block_on(reconcile(&ledger, &opened, most_open(loaded), clock.now()));
        let rebuilt = Rebuilt::make(&data_dir, &ledger)?;
        let session_key = admin_key::session_key(&data_dir)?;
        let store = parts::store(&data_dir)?;
        let holds = parts::holds((&data_dir, Arc::clone(&store)), &ledger, &metrics, &clock)?;
        let source = (&options.source, options.access);
        let kept_by = (&ledger, Arc::clone(&store), &metrics, &clock);
        let (publisher, keys, pinned) = publishing::publisher(source, loaded, &own_keys, kept_by)?;
        let loaded = pinned.as_ref().unwrap_or(loaded);
        let held_by = (&ledger, &holds, &metrics, &clock);
        let gateway = parts::gateway(loaded, &publisher, held_by, rebuilt.live(), session_key)?;
        let (stop, stopped) = watch::channel(false);
        let data_plane = parts::data_plane(options.planes, &loaded.config, &data_runtime, &gateway)?;
        let (control_runtime, control, telemetry) = parts::listeners(options.planes, &loaded.config)?;
        let index = parts::index(&options, &data_dir, &ledger);
        let actions = parts::actions(&options, &loaded.config, &gateway, &index, &*clock)?;
        let (proposals, evaluations, overrides) = parts::desks(&gateway, &index, &store);
        let source = (options.source, options.access);
        let reloader = publishing::reloader(source, &publisher, own_keys, data_plane.as_ref(), loaded);
        let state = ControlState {
            cedar: parts::cedar((&publisher, &index, &store), &loaded.config)?,
            administrator: Administrator::new(Arc::clone(&publisher)),
            drift: DriftDesk::new(Arc::clone(&gateway)),
            rollback: Arc::clone(&reloader) as Arc<dyn SnapshotRollback>,
            publisher,
            ledger: Arc::clone(&ledger),
            index,
            actions,
            proposals,
            evaluations,
            overrides,
            policies: Arc::clone(&reloader) as Arc<dyn PolicyWriter>,
            holds: Arc::clone(&holds),
            keys: Arc::new(keys),
            throttle: Arc::clone(gateway.throttle()),
            rates: Arc::default(),
            metrics: Arc::clone(&metrics),
            clock: Arc::clone(&clock),
            stage: loaded.config.stage.as_str(),
            access: options.access,
            started: Instant::now(),
            cursors: CursorSeal::new(&session_key),
            replays: Arc::new(Replays::new(store)),
            stop: stopped,
        };
        let control_address = parts::control_address(&holds, &control)?;
        // From here on signals do what they say; before, they end the process.
        let signals = control_runtime.block_on(async { Signals::listen() })?;
        let watcher = parts::watcher(loaded)?;
        Ok(Self {
            gateway_addresses: data_plane.as_ref().map(DataPlane::listening).unwrap_or_default(),
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
            indexing: Indexing::start(&state.index, &metrics)?,
            rebuilding: Rebuilding::start(rebuilt, &metrics)?,
            state,
            stop,
            watcher,
            signals,
            made_key,
            ledger_directory: data_dir.join("ledger"),
            opened,
            reconciled,
            _lock: lock,
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
    pub(in crate::app) fn spawn_control(
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
        let serving = listeners.into_iter().flatten();
        serving.map(|(listener, router)| runtime.spawn(serve(listener, router, end.clone()))).collect()
    }
}

/// How many calls an end may have left without a record of what became of them.
fn most_open(loaded: &Loaded) -> usize {
    loaded.config.gateway.max_concurrent_requests + MOST_LEFT_OPEN
}
