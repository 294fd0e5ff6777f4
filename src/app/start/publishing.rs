//! What puts snapshots in force: at the start, and later.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow};

use crate::admin::{AdminStore, IssuedKey, Pins};
use crate::app::governed::Instead;
use crate::app::load::{ConfigSource, Loaded, load_with};
use crate::app::reload::Reloader;
use crate::app::start::parts::SEARCHED_RECORDS;
use crate::audit::{Ledger, tail};
use crate::control::Access;
use crate::decision::compile;
use crate::gateway::{Candidate, Clock, KeyDesk, Publisher, PublisherParts, live_keys};
use crate::identity::Key;
use crate::proxy::DataPlane;
use crate::store::SqliteStore;
use crate::telemetry::Metrics;

/// The greatest version of a snapshot that the last records of the ledger name, also one that never came to be; 0 where they name
/// none.
fn named_version(ledger: &Path) -> u64 {
    let Ok(records) = tail(ledger, SEARCHED_RECORDS).and_then(|mut tail| tail.poll_new()) else { return 0 };
    let versions = records.iter().filter_map(|record| {
        let record: serde_json::Value = serde_json::from_slice(record.line()).ok()?;
        let version = |pointer: &str| record.pointer(pointer).and_then(serde_json::Value::as_u64);
        version("/snapshot/version").max(version("/undone/version"))
    });
    versions.max().unwrap_or(0)
}

/// The keys that were issued, where any are: beside those of the environment there are none.
fn issued(store: &dyn AdminStore, access: Access) -> Result<Vec<IssuedKey>> {
    match access {
        Access::Environment(_) => Ok(Vec::new()),
        Access::Keys | Access::OpenOnLoopback => Ok(store.keys()?),
    }
}

/// The writer of snapshots with the first in force, the desk for keys, and the configuration that the first is made of where that
/// is another than `loaded`.
pub(super) fn publisher(
    (source, access): (&ConfigSource, Access),
    loaded: &Loaded,
    own_keys: &[Key],
    (ledger, store, metrics, clock): (&Arc<Ledger>, Arc<SqliteStore>, &Arc<Metrics>, &Arc<dyn Clock>),
) -> Result<(Arc<Publisher>, KeyDesk, Option<Loaded>)> {
    let pinned = pinned(source, &*store)?;
    let issued = issued(&*store, access)?;
    let parts = PublisherParts {
        ledger: Arc::clone(ledger),
        store,
        metrics: Arc::clone(metrics),
        clock: Arc::clone(clock),
        seen: named_version(&loaded.config.data_dir.join("ledger")),
        issued: live_keys(&issued),
    };
    let publisher = Arc::new(publish_first(pinned.as_ref().unwrap_or(loaded), own_keys, parts)?);
    let keys = KeyDesk::new(Arc::clone(&publisher), Arc::clone(clock), issued);
    Ok((publisher, keys, pinned))
}

/// What puts other configurations in force while it runs, and takes note of the one that is.
pub(super) fn reloader(
    (source, access): (ConfigSource, Access),
    publisher: &Arc<Publisher>,
    own_keys: Vec<Key>,
    data_plane: Option<&DataPlane>,
    loaded: &Loaded,
) -> Arc<Reloader> {
    let certificates = data_plane.map(DataPlane::certificates).unwrap_or_default();
    let publisher = Arc::clone(publisher);
    let reloader = Reloader::new(source, publisher, own_keys, certificates, access.is_open(), &loaded.config);
    reloader.started(loaded);
    Arc::new(reloader)
}

/// The configuration with what came back with an earlier snapshot, unless its files were edited since; `None` where nothing did.
fn pinned(source: &ConfigSource, store: &dyn AdminStore) -> Result<Option<Loaded>> {
    let pins = store.pins()?;
    if pins == Pins::default() {
        return Ok(None);
    }
    load_with(source, Instead::Pinned(&pins)).map(Some)
}

fn publish_first(loaded: &Loaded, own_keys: &[Key], parts: PublisherParts) -> Result<Publisher> {
    let mut failure = None;
    let mut candidate = Candidate {
        hash: Arc::clone(&loaded.hash),
        source: "start",
        by: None,
        files: &loaded.files_read,
        build: &mut |reference| {
            let compiled = compile(&loaded.config, loaded.rules.clone(), own_keys, reference);
            compiled.map_err(|error| failure = Some(error)).ok()
        },
    };
    let published = Publisher::start(&mut candidate, parts);
    match (published, failure) {
        (Ok(publisher), None) => Ok(publisher),
        (_, Some(error)) => Err(anyhow!("{error}")),
        (Err(error), None) => Err(error.into()),
    }
}
