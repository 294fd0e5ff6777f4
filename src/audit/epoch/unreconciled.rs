//! The file that says of a closed epoch: there may be calls in it of which nothing says what became of them.
//!
//! Imports `audit::error` and `epoch::directory`. It is made before the epoch is sealed, so that no crash can hide it, and
//! taken away once a later epoch says of every such call that its outcome is unknown.

use std::fs;
use std::io;
use std::path::Path;

use crate::audit::epoch::directory::{create_private_file, sync_directory};
use crate::audit::error::LedgerError;

const UNRECONCILED: &str = "unreconciled";

/// Says so of the epoch in `path`, durably.
pub(crate) fn leave_unreconciled(path: &Path) -> Result<(), LedgerError> {
    create_private_file(&path.join(UNRECONCILED)).map(drop)?;
    sync_directory(path)
}

/// Whether it is said.
pub(crate) fn is_unreconciled(path: &Path) -> bool {
    path.join(UNRECONCILED).exists()
}

/// Takes it back.
pub(crate) fn set_reconciled(path: &Path) -> Result<(), LedgerError> {
    let file = path.join(UNRECONCILED);
    match fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(LedgerError::io("remove", &file)(error)),
        _ => sync_directory(path),
    }
}
