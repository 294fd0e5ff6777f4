//! The parts a gateway is put together from, each made from the configuration.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::admin::GenerationStore;
use crate::app::load::Loaded;
use crate::app::policy_server::FolderLock;
use crate::app::start::{Options, Planes};
use crate::app::{admin_key, indexing, rebuilding, watch as file_watch};
use crate::audit::action::POLICY_SERVER;
use crate::audit::index::{AuditIndex, AuditQuery, Order};
use crate::audit::{Durability, Ledger, LedgerOptions, OpenReport, tail};
use crate::config::{self, Config};
use crate::control::Access;
use crate::facts::{Deciding, Live};
use crate::gateway::{
    ActionDesk, ActionDeskParts, Approval, AuthThrottle, Clock, EvaluationDesk, Executor, Gateway,
    GatewayParts, GenerationDesk, HoldDesk, NoExecutor, OverrideDesk, PolicyProviders, ProposalDesk,
    Publisher,
};
use crate::holds::OverrideStore;
use crate::identity::{Key, SessionSeal};
use crate::net::HttpExecutor;
use crate::proxy::{DataPlane, DataPlaneOptions};
use crate::store::SqliteStore;
use crate::telemetry::{AccessLog, LogFormat, Metrics, Redaction};

/// The store's file in the data folder.
const STORE: &str = "aegis.db";

/// How many of the last records are looked at for the number of the last action.
pub(super) const SEARCHED_RECORDS: usize = 10_000;

/// The ledger, the desk for holds, the metrics and the clock.
type HeldBy<'p> = (&'p Arc<Ledger>, &'p Arc<HoldDesk>, &'p Arc<Metrics>, &'p Arc<dyn Clock>);

/// The enforcement point.
pub(super) fn gateway(
    loaded: &Loaded,
    publisher: &Publisher,
    (ledger, holds, metrics, clock): HeldBy<'_>,
    live: &Arc<Live>,
    session_key: [u8; 32],
) -> Result<Arc<Gateway>> {
    let (limits, now) = (loaded.config.policy.sessions, clock.now());
    let sessions = rebuilding::sessions(&loaded.config.data_dir, limits, &publisher.handle().load(), now)?;
    Ok(Arc::new(Gateway::new(GatewayParts {
        snapshot: publisher.handle(),
        ledger: Arc::clone(ledger),
        max_concurrent_requests: loaded.config.gateway.max_concurrent_requests,
        holds: Arc::clone(holds),
        sessions: SessionSeal::new(session_key),
        throttle: Arc::new(AuthThrottle::default()),
        redaction: Redaction::new(&loaded.config.audit.redact),
        access_log: access_log(&loaded.config, metrics)?,
        metrics: Arc::clone(metrics),
        facts: Arc::new(Deciding::new(sessions, Arc::clone(live))),
        clock: Arc::clone(clock),
    })))
}

/// The data plane, bound, where there is one.
pub(super) fn data_plane(
    planes: Planes,
    config: &Config,
    runtime: &Runtime,
    gateway: &Arc<Gateway>,
) -> Result<Option<DataPlane>> {
    match planes {
        Planes::Control => Ok(None),
        Planes::Both => {
            let bound = DataPlane::bind(data_plane_options(config), Arc::clone(gateway));
            Ok(Some(runtime.block_on(bound)?))
        }
    }
}

/// Where actions are decided and run.
pub(super) fn actions(
    options: &Options,
    config: &Config,
    gateway: &Arc<Gateway>,
    index: &AuditIndex,
    clock: &dyn Clock,
) -> Result<Arc<ActionDesk>> {
    let (executor, approval) = executor(options, config)?;
    let numbered = numbered(index, &config.data_dir.join("ledger"), clock);
    let gateway = Arc::clone(gateway);
    Ok(Arc::new(ActionDesk::new(ActionDeskParts { gateway, executor, approval, numbered })))
}

/// The file of holds, of what is administered, and of the snapshots.
pub(super) fn store(data_dir: &Path) -> Result<Arc<SqliteStore>> {
    Ok(Arc::new(SqliteStore::open(&data_dir.join(STORE))?))
}

/// The desk for holds, with those expired whose time ran out while nobody was here.
pub(super) fn holds(
    (data_dir, store): (&Path, Arc<SqliteStore>),
    ledger: &Arc<Ledger>,
    metrics: &Arc<Metrics>,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<HoldDesk>> {
    let path = data_dir.join(STORE);
    let desk = HoldDesk::new(store, Arc::clone(ledger), Arc::clone(metrics), Arc::clone(clock));
    // Each that waits keeps a connection open; the other half is for calls under way, their tools and everything else.
    desk.waiters().cap(open_files() / 2);
    desk.begin().with_context(|| {
        format!(
            "the holds in {} cannot be taken up; where the file itself is at fault, put a copy in its place, or move it away \
             together with its -wal and -shm files (the gateway then starts with no holds, so that what waits or is approved must \
             be asked for again)",
            path.display()
        )
    })?;
    Ok(Arc::new(desk))
}

/// Where the control listener listens. People reach it there, unless the configuration says where.
pub(super) fn control_address(holds: &HoldDesk, control: &TcpListener) -> Result<SocketAddr> {
    let address = control.local_addr()?;
    if !address.ip().is_unspecified() {
        holds.listens_at(&format!("http://{address}"));
    }
    Ok(address)
}

pub(super) fn watcher(loaded: &Loaded) -> Result<Option<file_watch::Watcher>> {
    let watched = if loaded.config.policy.watch { loaded.files.as_slice() } else { &[] };
    file_watch::Watcher::start(watched)
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

/// What runs actions, and what becomes of those that want approval.
fn executor(options: &Options, config: &Config) -> Result<(Arc<dyn Executor>, Approval)> {
    if let Some(given) = &options.executor {
        return Ok(given.clone());
    }
    let configured = &config.executor;
    let approval = if configured.approves_itself { Approval::Auto } else { Approval::Hold };
    if configured.targets.is_empty() {
        return Ok((Arc::new(NoExecutor), approval));
    }
    let executor = HttpExecutor::new(&configured.targets, configured.timeout);
    Ok((Arc::new(executor.context("executor cannot be used")?), approval))
}

/// Beside a data plane the control listener gets one thread, whatever is asked of it; alone it gets as many as there are.
fn control_runtime(planes: Planes) -> Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    if planes == Planes::Both {
        builder.worker_threads(1);
    }
    Ok(builder.thread_name("aegis-control").enable_all().build()?)
}

/// The greatest number of an action in the ledger, looked for among its last records, and then in the index. Should neither say,
/// it is the clock that does: numbers are unique and count up, and no trouble with them keeps anything from being served.
fn numbered(index: &AuditIndex, ledger: &Path, clock: &dyn Clock) -> u64 {
    let number = |line: &[u8]| {
        let record: serde_json::Value = serde_json::from_slice(line).ok()?;
        record.get("action_no")?.as_u64()
    };
    let last = tail(ledger, SEARCHED_RECORDS).and_then(|mut tail| tail.poll_new());
    if let Ok(records) = &last {
        let found = records.iter().rev().find_map(|record| number(record.line()));
        if found.is_some() || records.len() < SEARCHED_RECORDS {
            return found.unwrap_or(0);
        }
    }
    let query = AuditQuery {
        surface: Some(POLICY_SERVER.to_owned()),
        order: Order::Descending,
        limit: Some(1),
        ..AuditQuery::default()
    };
    match index.query(&query) {
        Ok(page) => page.calls.first().and_then(|call| number(&call.line)).unwrap_or(0),
        Err(_) => clock.now().as_millis(),
    }
}

pub(super) fn own_keys(config: &Config, options: &Options) -> Result<(Vec<Key>, Option<PathBuf>)> {
    if matches!(options.access, Access::Environment(_)) {
        return Ok((options.own_keys.clone(), None));
    }
    if !config.control.keys.is_empty() || options.access.is_open() {
        return Ok((Vec::new(), None));
    }
    let (key, made) = admin_key::admin_key(&config.data_dir)?;
    Ok((vec![key], made))
}

/// What serves the control listener, the listener itself, and the one for metrics without a key where there is one.
pub(super) fn listeners(
    planes: Planes,
    config: &Config,
) -> Result<(Runtime, TcpListener, Option<TcpListener>)> {
    let runtime = control_runtime(planes)?;
    let control = bind(&runtime, config.control.listen)?;
    let telemetry = config.telemetry.listen.map(|address| bind(&runtime, address)).transpose()?;
    Ok((runtime, control, telemetry))
}

fn bind(runtime: &Runtime, address: SocketAddr) -> Result<TcpListener> {
    runtime.block_on(TcpListener::bind(address)).with_context(|| format!("cannot listen on {address}"))
}

/// The ledger, opened, with what its files looked like.
pub(super) fn ledger(config: &Config, clock: &dyn Clock) -> Result<(Arc<Ledger>, OpenReport)> {
    let options = ledger_options(config);
    let directory = config.data_dir.join("ledger");
    Ledger::open(options, clock.now())
        .with_context(|| format!("the ledger in {} cannot be opened", directory.display()))
}

/// Where proposals are decided and changes evaluated, and where people override evaluations.
pub(super) fn desks(
    gateway: &Arc<Gateway>,
    index: &Arc<AuditIndex>,
    store: &Arc<SqliteStore>,
) -> (Arc<ProposalDesk>, Arc<EvaluationDesk>, Arc<OverrideDesk>) {
    let overrides = Arc::clone(store) as Arc<dyn OverrideStore>;
    (
        Arc::new(ProposalDesk::new(Arc::clone(gateway), Arc::clone(index))),
        Arc::new(EvaluationDesk::new(Arc::clone(gateway))),
        Arc::new(OverrideDesk::new(Arc::clone(gateway), Arc::clone(index), overrides)),
    )
}

/// Who keeps Cedar engines and makes policies of what agents did, with an end put to what was under way when the gateway stopped.
pub(super) fn cedar(
    (publisher, index, store): (&Arc<Publisher>, &Arc<AuditIndex>, &Arc<SqliteStore>),
    config: &Config,
) -> Result<Arc<PolicyProviders>> {
    let kept = Arc::clone(store) as Arc<dyn GenerationStore>;
    let hidden = config.audit.redact.clone();
    let desk = GenerationDesk::new(Arc::clone(publisher), Arc::clone(index), kept, hidden);
    desk.begin().context("the generations in the store cannot be taken up")?;
    Ok(Arc::new(PolicyProviders::new(Arc::clone(publisher), Arc::new(desk))))
}

/// What finds things in the ledger.
pub(super) fn index(options: &Options, data_dir: &Path, ledger: &Arc<Ledger>) -> Arc<AuditIndex> {
    let file = options.audit_index.clone().unwrap_or_else(|| data_dir.join(indexing::FILE));
    indexing::open(&file, ledger)
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

/// Makes the data folder, readable by its owner only, and takes it where it is to be had alone. Before anything in it is opened.
/// Gateways may share one while one takes over from the other.
pub(super) fn data_folder(folder: &Path, planes: Planes) -> Result<Option<FolderLock>> {
    make_private(folder)?;
    match planes {
        Planes::Control => FolderLock::take(folder).map(Some),
        Planes::Both => Ok(None),
    }
}

fn make_private(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("the data folder {} cannot be made", folder.display()))
}
