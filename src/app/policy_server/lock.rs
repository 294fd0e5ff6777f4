//! One server for one data folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Its file in the data folder. It stays there; what counts is who has it locked.
const FILE: &str = "lock";

/// The right to serve from a data folder. The system gives it back when the process ends, however it ends.
#[derive(Debug)]
pub(in crate::app) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes it. Two servers would each put policies and number actions without knowing of the other's.
    ///
    /// # Errors
    /// Another process has it, or the file cannot be opened.
    pub(in crate::app) fn take(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join(FILE);
        let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = opened.with_context(|| format!("{} cannot be opened", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => bail!(
                "another process serves from {}: stop it, serve another policy file, or name another place with --audit-db",
                data_dir.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("{} cannot be locked", path.display()))
            }
        }
    }
}
