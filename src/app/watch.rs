//! Noticing that a configuration file changed, however it is replaced.
//!
//! What is watched are the folders, not the files: editors write a new file and rename it, and Kubernetes swaps a symbolic
//! link two levels up (`rules.yaml -> ..data/rules.yaml`, `..data -> ..2026_11_23`), so a watched file would be the old one for
//! ever. Any event in a watched folder leads to a reload, which changes nothing unless the content did.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

/// Events closer together than this are one change: a swap is several of them.
const SETTLE: Duration = Duration::from_millis(20);

/// Watches the folders of some files.
#[derive(Debug)]
pub(super) struct Watcher {
    _watcher: RecommendedWatcher,
    events: mpsc::Receiver<()>,
}

impl Watcher {
    /// Watches `files`; `None` when there are none.
    ///
    /// # Errors
    /// A folder cannot be watched (it is gone, or the system's inotify limits are reached).
    pub(super) fn start(files: &[PathBuf]) -> Result<Option<Self>> {
        if files.is_empty() {
            return Ok(None);
        }
        // One slot: an event that finds it full is about a change the next reload will see anyway.
        let (sender, events) = mpsc::channel(1);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let reading = event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_)));
            if !reading {
                let _full_or_gone = sender.try_send(());
            }
        })?;
        for folder in folders(files) {
            watcher
                .watch(&folder, RecursiveMode::NonRecursive)
                .with_context(|| format!("{}: cannot be watched for changes", folder.display()))?;
        }
        Ok(Some(Self { _watcher: watcher, events }))
    }

    /// Waits for a change and for the calm after it.
    pub(super) async fn changed(&mut self) -> Option<()> {
        self.events.recv().await?;
        while let Ok(event) = tokio::time::timeout(SETTLE, self.events.recv()).await {
            event?;
        }
        Some(())
    }
}

/// The folders whose entries decide what the files hold: each file's own, and that of the file its links lead to.
fn folders(files: &[PathBuf]) -> BTreeSet<PathBuf> {
    let parent = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.unwrap_or(Path::new(".")).to_owned()
    };
    let mut folders = BTreeSet::new();
    for file in files {
        folders.insert(parent(file));
        if let Ok(target) = file.canonicalize() {
            folders.insert(parent(&target));
        }
    }
    folders
}
