//! Bringing the tables up to this version. SQLite's own `user_version` counts the steps that were taken.

use std::path::Path;

use rusqlite::{Connection, Error, TransactionBehavior};

use crate::store::StoreOpenError;
use crate::store::sqlite::error::at_open;

/// The steps, in order. One that was released is never changed: another is added.
const STEPS: [&str; 6] = [
    include_str!("../migrations/0001_holds.sql"),
    include_str!("../migrations/0002_admin.sql"),
    include_str!("../migrations/0003_keys.sql"),
    include_str!("../migrations/0004_replays.sql"),
    include_str!("../migrations/0005_overrides.sql"),
    include_str!("../migrations/0006_generations.sql"),
];

/// What says that a database is ours (`application_id`): "aegs".
const OURS: i64 = 0x6165_6773;

/// Whether `connection`'s database lacks a step; that it is ours, or empty, and of no later version.
pub(super) fn lacks_steps(connection: &mut Connection, path: &Path) -> Result<bool, StoreOpenError> {
    let failed = |error: Error| at_open(path, &error);
    // Of one moment, while another process may be taking its first steps.
    let moment = connection.transaction().map_err(failed)?;
    let taken = taken(&moment, path)?;
    moment.finish().map_err(failed)?;
    Ok(taken < STEPS.len())
}

fn taken(connection: &Connection, path: &Path) -> Result<usize, StoreOpenError> {
    let failed = |error: Error| at_open(path, &error);
    let found = number(connection, "SELECT user_version FROM pragma_user_version").map_err(failed)?;
    let owner = number(connection, "SELECT application_id FROM pragma_application_id").map_err(failed)?;
    let tables = number(connection, "SELECT count(*) FROM sqlite_schema").map_err(failed)?;
    if owner != OURS && (owner, found, tables) != (0, 0, 0) {
        return Err(StoreOpenError::Foreign { path: path.to_owned() });
    }
    let taken = usize::try_from(found).ok().filter(|taken| *taken <= STEPS.len());
    taken.ok_or_else(|| StoreOpenError::Newer { path: path.to_owned(), found, known: known() })
}

/// Takes the steps that `connection`'s database lacks, in one transaction.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreOpenError> {
    let failed = |error: Error| at_open(path, &error);
    // For writing from the start: of two processes that start together the second sees what the first has done.
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let missing = STEPS.get(taken(&step, path)?..).unwrap_or_default();
    if missing.is_empty() {
        return Ok(());
    }
    for sql in missing {
        step.execute_batch(sql).map_err(failed)?;
    }
    step.pragma_update(None, "application_id", OURS).map_err(failed)?;
    step.pragma_update(None, "user_version", known()).map_err(failed)?;
    step.commit().map_err(failed)
}

/// How many steps there are.
fn known() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

fn number(connection: &Connection, sql: &str) -> Result<i64, Error> {
    connection.query_row(sql, [], |row| row.get(0))
}
