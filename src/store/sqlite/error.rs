//! What SQLite's errors mean to whoever runs the gateway. Never the values of a statement.

use std::path::Path;

use rusqlite::{Error, ErrorCode, ffi};

use crate::holds::StoreError;
use crate::store::StoreOpenError;

/// Whether the statement would have made a second hold where the unique index allows one.
pub(super) fn is_taken(error: &Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_CONSTRAINT_UNIQUE)
}

/// Whether something else has the file locked.
pub(super) fn is_busy(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Something else has the file at `path` locked.
pub(super) fn kept_locked(path: &Path) -> StoreError {
    StoreError::Failed(format!("{} is kept locked by another process", path.display()))
}

/// `error`, met while the store of `path` was in use.
pub(super) fn in_use(path: &Path, error: &Error) -> StoreError {
    if is_busy(error) {
        return kept_locked(path);
    }
    let path = path.display();
    StoreError::Failed(match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => format!("the disk of {path} is full; free some space"),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            format!("{path} is damaged ({}); stop the gateway and put a copy in its place", plain(error))
        }
        Some(ErrorCode::ReadOnly) => {
            format!("{path} cannot be written; look at its mode and its file system")
        }
        _ => format!("{path}: {}", plain(error)),
    })
}

/// `error`, met while `path` was being opened.
pub(super) fn at_open(path: &Path, error: &Error) -> StoreOpenError {
    let (path, why) = (path.to_owned(), plain(error));
    match error.sqlite_error_code() {
        _ if is_busy(error) => StoreOpenError::Locked { path },
        Some(ErrorCode::DiskFull) => StoreOpenError::Full { path },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreOpenError::Damaged { path, why },
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            StoreOpenError::Unreachable { path, why }
        }
        _ => StoreOpenError::Failed { path, why },
    }
}

/// What SQLite says, without the text of the statement.
pub(super) fn plain(error: &Error) -> String {
    match error {
        Error::SqliteFailure(error, None) => error.to_string(),
        Error::SqliteFailure(_, Some(message)) => message.clone(),
        Error::FromSqlConversionFailure(_, _, why) => why.to_string(),
        Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}
