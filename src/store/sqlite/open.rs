//! Opening the file, and the two connections to it.

use std::fs::{OpenOptions, Permissions, metadata, set_permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Error, OpenFlags, TransactionBehavior};

use crate::holds::StoreError;
use crate::store::StoreOpenError;
use crate::store::sqlite::error::{at_open, in_use, is_busy, kept_locked};
use crate::store::sqlite::migrate::{lacks_steps, migrate};
use crate::store::sqlite::turns::{Place, Turns};
use crate::store::sqlite::unreadable::Unreadable;

/// How long a statement waits for another process.
const BUSY: Duration = Duration::from_secs(2);

/// How soon a setting is tried again that SQLite does not wait for.
const AGAIN: Duration = Duration::from_millis(5);

/// Most bytes of the write-ahead log that are kept once its pages are in the database.
const JOURNAL_BYTES: i64 = 16 * 1024 * 1024;

/// Statements a connection keeps ready: each of the store's own, and some shapes of lists.
const STATEMENTS: usize = 32;

/// What is kept in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    pub(super) writing: Turns<Connection>,
    reading: Turns<Connection>,
    pub(super) unreadable: Unreadable,
}

impl SqliteStore {
    /// Opens the file at `path`, made with mode 0600 where there is none, and brings its tables up to this version. Reads the
    /// whole file once to see that it is sound.
    ///
    /// # Errors
    /// The file cannot be read, written or made, is damaged, or is not of this version or an earlier one.
    pub fn open(path: &Path) -> Result<Self, StoreOpenError> {
        make_private(path)
            .map_err(|error| StoreOpenError::Unreachable { path: path.to_owned(), why: error.to_string() })?;
        let failed = |error: Error| at_open(path, &error);
        let mut writing = connect(path)?;
        // Before any setting is made: what is not ours is left as it is.
        let lacks_steps = lacks_steps(&mut writing, path)?;
        set_up(&writing, path)?;
        let sound: String =
            writing.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
        if sound != "ok" {
            return Err(StoreOpenError::Damaged { path: path.to_owned(), why: sound });
        }
        if lacks_steps {
            migrate(&mut writing, path)?;
        }
        let reading = connect(path)?;
        set_up(&reading, path)?;
        reading.pragma_update(None, "query_only", true).map_err(failed)?;
        let (writing, reading) = (Turns::new(writing), Turns::new(reading));
        Ok(Self { path: path.to_owned(), writing, reading, unreadable: Unreadable::default() })
    }

    /// Whether the file can be read, and locked for writing, now. Changes nothing; waits for other processes as any write does.
    ///
    /// # Errors
    /// It cannot; the message says why.
    pub fn check(&self) -> Result<(), StoreError> {
        self.read(|connection| connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())))?;
        self.write(|connection| {
            connection.transaction_with_behavior(TransactionBehavior::Immediate)?.rollback()
        })
    }

    /// Runs what reads.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        self.in_turn(&self.reading, self.reading.place(), |connection| work(connection))
    }

    /// Runs what writes. While another process keeps the file locked, one write waits for it, and those that wait for that one fail
    /// with it.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        self.in_turn(&self.writing, self.writing.place(), work)
    }

    /// Runs `work` when it is its turn.
    pub(super) fn in_turn<T>(
        &self,
        turns: &Turns<Connection>,
        place: Place,
        work: impl FnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        let mut turn = turns.take(place).ok_or_else(|| kept_locked(&self.path))?;
        work(&mut turn).map_err(|error| {
            if is_busy(&error) {
                turns.end_busy(&mut turn);
            }
            in_use(&self.path, &error)
        })
    }
}

/// Makes the file where there is none, and lets nobody else read it: SQLite gives its other files the same mode.
///
/// A file that is there is not opened: to close it again would end the locks of every connection this process has to it.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let metadata = metadata(path)?;
    if metadata.is_file() && metadata.permissions().mode() & 0o077 != 0 {
        set_permissions(path, Permissions::from_mode(0o600))?;
    }
    Ok(())
}

fn connect(path: &Path) -> Result<Connection, StoreOpenError> {
    let failed = |error: Error| at_open(path, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    connection.pragma_update(None, "trusted_schema", false).map_err(failed)?;
    Ok(connection)
}

fn set_up(connection: &Connection, path: &Path) -> Result<(), StoreOpenError> {
    let until = Instant::now() + BUSY;
    let mode = loop {
        match settings(connection) {
            Ok(mode) => break mode,
            // Of two processes that begin the write-ahead log together SQLite turns one away without waiting.
            Err(error) if is_busy(&error) && Instant::now() < until => sleep(AGAIN),
            Err(error) => return Err(at_open(path, &error)),
        }
    };
    if mode == "wal" {
        return Ok(());
    }
    let why =
        format!("no write-ahead log can be kept there (journal mode {mode}); set data_dir to a local disk");
    Err(StoreOpenError::Failed { path: path.to_owned(), why })
}

/// Makes the settings of a connection; returns the journal mode that came of them.
fn settings(connection: &Connection) -> Result<String, Error> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let mode = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    // A hold is on the disk before anyone hears of it.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update_and_check(None, "journal_size_limit", JOURNAL_BYTES, |_| Ok(()))?;
    Ok(mode)
}
