//! Sealing: the last act on a log, after which it never changes.
//!
//! Imports `audit::{error, epoch}`.

use std::io::{self, Write};
use std::path::Path;

use crate::audit::epoch::directory::{MARK, SEALED, create_private_file, sync_directory};
use crate::audit::epoch::mark::Mark;
use crate::audit::error::LedgerError;

/// Writes `sealed` whole or not at all, and removes `mark`, which it replaces.
pub(crate) fn seal(epoch: &Path, mark: &Mark) -> Result<(), LedgerError> {
    let (path, draft) = (epoch.join(SEALED), epoch.join("sealed.new"));
    let mut file = create_private_file(&draft)?;
    file.write_all(mark.encode().as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::rename(&draft, &path))
        .map_err(LedgerError::io("write", &path))?;
    sync_directory(epoch)?;
    let mark = epoch.join(MARK);
    match std::fs::remove_file(&mark) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(LedgerError::io("remove", &mark)(error)),
        _ => Ok(()),
    }
}
