//! Noticing that a configuration file changed, however it is replaced.
//!
//! What is watched are the folders, not the files: editors write a new file and rename it, and Kubernetes swaps a symbolic
//! link two levels up (`rules.yaml -> ..data/rules.yaml`, `..data -> ..2026_11_23`), so a watched file would be the old one for
//! ever. In those folders only the names on the way to the files count: a busy neighbor (a log, the data folder) is no change. Of
//! a folder that is given itself every name counts that could be a file of governance objects.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use crate::app::governed::is_ours;

/// Most symbolic links followed on the way to a file.
const MAX_LINKS: usize = 40;

/// Events closer together than this are one change: a swap is several of them.
const SETTLE: Duration = Duration::from_millis(10);

/// A file that never comes to rest is loaded all the same after this long.
const SETTLE_AT_MOST: Duration = Duration::from_millis(100);

/// Watches some files.
#[derive(Debug)]
pub(super) struct Watcher {
    files: Vec<PathBuf>,
    names: Names,
    folders: Folders,
    _watcher: RecommendedWatcher,
    events: mpsc::Receiver<()>,
}

impl Watcher {
    /// Watches `files`, of which some may be folders; `None` when there are none.
    ///
    /// # Errors
    /// A folder cannot be watched (it is gone, or the system's inotify limits are reached).
    pub(super) fn start(files: &[PathBuf]) -> Result<Option<Self>> {
        if files.is_empty() {
            return Ok(None);
        }
        let names = names(files)?;
        let watched = names.clone();
        let folders = folders(&names);
        // One slot: an event that finds it full is about a change the next reload will see anyway.
        let (sender, events) = mpsc::channel(1);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            let ours = event.paths.iter().any(|path| watched.has(path));
            if ours && !matches!(event.kind, EventKind::Access(_)) {
                let _full_or_gone = sender.try_send(());
            }
        })?;
        for folder in folders.keys() {
            watcher
                .watch(folder, RecursiveMode::NonRecursive)
                .with_context(|| format!("{}: cannot be watched for changes", folder.display()))?;
        }
        Ok(Some(Self { files: files.to_owned(), names, folders, _watcher: watcher, events }))
    }

    /// Watches what the files are now: others, or the same behind other links or in folders put in place of the old. `true`: something else is watched than
    /// before, and what changed until then went unseen. On failure it goes on as it was.
    pub(super) fn follow(&mut self, files: Option<&[PathBuf]>) -> bool {
        let files = files.unwrap_or(&self.files);
        let same = |now: Names| folders(&now) == self.folders && now == self.names;
        if names(files).is_ok_and(same) {
            return false;
        }
        match Self::start(files) {
            Ok(Some(watcher)) => {
                *self = watcher;
                true
            }
            Ok(None) => false,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "changed files cannot be watched");
                false
            }
        }
    }

    /// Waits for a change and for the calm after it.
    pub(super) async fn changed(&mut self) -> Option<()> {
        self.events.recv().await?;
        let settled = async {
            while let Ok(event) = tokio::time::timeout(SETTLE, self.events.recv()).await {
                event?;
            }
            Some(())
        };
        tokio::time::timeout(SETTLE_AT_MOST, settled).await.unwrap_or(Some(()))
    }
}

/// The folders to watch, each with its inode: a watch stays with the inode, so one put in its place needs a new watch.
type Folders = BTreeMap<PathBuf, Option<u64>>;

fn folders(names: &Names) -> Folders {
    let parents = names.exact.iter().filter_map(|name| name.parent());
    parents
        .chain(names.inside.iter().map(PathBuf::as_path))
        .map(|folder| (folder.to_owned(), std::fs::metadata(folder).ok().map(|found| found.ino())))
        .collect()
}

/// The directory entries that count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Names {
    /// Every directory entry that decides what the files hold: their own names, those of their folders, and those of all symbolic
    /// links on the way to them. Absolute, without links in the folder part, as events name them.
    exact: BTreeSet<PathBuf>,
    /// Folders in which new files count too.
    inside: BTreeSet<PathBuf>,
}

impl Names {
    fn has(&self, path: &Path) -> bool {
        let is_inside = || path.parent().is_some_and(|folder| self.inside.contains(folder));
        self.exact.contains(path) || (is_inside() && is_ours(path))
    }
}

fn names(files: &[PathBuf]) -> Result<Names> {
    let mut names = Names::default();
    for file in files {
        let mut steps = 0;
        let mut pending = vec![std::path::absolute(file)?];
        while let Some(path) = pending.pop() {
            steps += 1;
            if steps > MAX_LINKS {
                bail!("{}: too many symbolic links", file.display());
            }
            pending.extend(first_link(&path, &mut names.exact));
        }
        if file.is_dir() {
            names.inside.insert(file.canonicalize()?);
        }
    }
    Ok(names)
}

/// Walks `path` from its root. Notes the first symbolic link on it and returns the path with that link followed, or notes
/// the path itself when there is none.
fn first_link(path: &Path, names: &mut BTreeSet<PathBuf>) -> Option<PathBuf> {
    let mut walked = PathBuf::new();
    let mut parts = path.components();
    while let Some(part) = parts.next() {
        if part == Component::ParentDir {
            // Nothing walked so far is a link, so this is the folder above.
            walked.pop();
            continue;
        }
        walked.push(part);
        if let Ok(target) = std::fs::read_link(&walked) {
            names.insert(walked.clone());
            let folder = walked.parent().unwrap_or(Path::new("/"));
            return Some(folder.join(target).join(parts.as_path()));
        }
    }
    names.extend(walked.parent().map(Path::to_owned));
    names.insert(walked);
    None
}
