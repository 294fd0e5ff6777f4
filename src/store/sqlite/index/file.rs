//! The file: opened when it is first needed, made where there is none, made anew where it is of no use.

use std::fs::{metadata, remove_file};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Error, ErrorCode, OpenFlags, TransactionBehavior};

use crate::audit::index::{Batch, IndexError, IndexStore, IndexView};
use crate::store::sqlite::error::{is_busy, plain};
use crate::store::sqlite::index::view::View;
use crate::store::sqlite::index::write::add;
use crate::store::sqlite::open::make_private;

const TABLES: &str = include_str!("../../migrations/index.sql");

/// The version of the tables and of what is put into them. A file of another one is made anew.
const VERSION: i64 = 2;

/// What says that a database is an index of ours (`application_id`): "aegi".
const OURS: i64 = 0x6165_6769;

/// How long a statement waits for another process.
const BUSY: Duration = Duration::from_secs(1);

/// Most bytes of the write-ahead log that are kept once its pages are in the database.
const JOURNAL_BYTES: i64 = 8 * 1024 * 1024;

/// The index in one SQLite file.
#[derive(Debug)]
pub struct SqliteIndex {
    path: PathBuf,
    writing: Mutex<Option<Open>>,
    reading: Mutex<Option<Connection>>,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    inode: u64,
}

/// Why a file cannot be used as it is.
enum Unfit {
    /// It is made anew.
    Discard(String),
    Failed(IndexError),
}

impl SqliteIndex {
    /// The index in the file at `path`, which is opened, or made with mode 0600, when it is first needed.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path, writing: Mutex::new(None), reading: Mutex::new(None) }
    }

    /// Runs what writes.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, IndexError> {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let there = metadata(&self.path).map(|metadata| metadata.ino());
        if let Some(open) = &*writing
            && there.ok() != Some(open.inode)
        {
            *writing = None;
            *self.reading() = None;
            return Err(self.replaced());
        }
        let open = match &mut *writing {
            Some(open) => open,
            closed => closed.insert(self.open()?),
        };
        work(&mut open.connection).map_err(|error| self.failure(&error))
    }

    fn reading(&self) -> MutexGuard<'_, Option<Connection>> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<Open, IndexError> {
        match self.try_open() {
            Ok(open) => return Ok(open),
            Err(Unfit::Failed(error)) => return Err(error),
            Err(Unfit::Discard(why)) => {
                tracing::warn!(file = %self.path.display(), %why, "the index of the ledger is made anew");
                self.remove()?;
            }
        }
        self.try_open().map_err(|unfit| match unfit {
            Unfit::Failed(error) => error,
            Unfit::Discard(why) => IndexError::Unavailable(why),
        })
    }

    fn try_open(&self) -> Result<Open, Unfit> {
        let failed = |error: Error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Unfit::Discard(plain(&error)),
            _ => Unfit::Failed(self.failure(&error)),
        };
        make_private(&self.path).map_err(|error| Unfit::Failed(self.unavailable(&error.to_string())))?;
        let mut connection = connect(&self.path).map_err(failed)?;
        let found = found(&connection).map_err(failed)?;
        match found {
            (OURS, VERSION, _) | (0, 0, 0) => {}
            (OURS, version, _) => {
                let why = format!("its tables are of version {version}, this gateway uses {VERSION}");
                return Err(Unfit::Discard(why));
            }
            _ => {
                return Err(Unfit::Failed(
                    self.unavailable("it is another program's database; move it away"),
                ));
            }
        }
        set_up(&mut connection, found.1 != VERSION).map_err(failed)?;
        let inode = metadata(&self.path).map(|metadata| metadata.ino());
        let inode = inode.map_err(|error| Unfit::Failed(self.unavailable(&error.to_string())))?;
        Ok(Open { connection, inode })
    }

    fn remove(&self) -> Result<(), IndexError> {
        for suffix in ["", "-wal", "-shm"] {
            let mut file = self.path.clone().into_os_string();
            file.push(suffix);
            match remove_file(&file) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(self.unavailable(&error.to_string()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn replaced(&self) -> IndexError {
        IndexError::Replaced(format!("{} is another file now", self.path.display()))
    }

    fn unavailable(&self, why: &str) -> IndexError {
        IndexError::Unavailable(format!("{}: {why}", self.path.display()))
    }

    pub(super) fn failure(&self, error: &Error) -> IndexError {
        let path = self.path.display();
        match error.sqlite_error_code() {
            _ if is_busy(error) => IndexError::Locked(path.to_string()),
            Some(ErrorCode::DiskFull) => IndexError::Full(path.to_string()),
            // Its statements are sound: one that SQLite does not take met other tables than ours.
            Some(
                ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::SystemIoFailure
                | ErrorCode::Unknown,
            ) => IndexError::Damaged(format!("{path}: {}", plain(error))),
            Some(_) => self.unavailable(&plain(error)),
            None => IndexError::Damaged(format!("{path}: {}", plain(error))),
        }
    }
}

impl IndexStore for SqliteIndex {
    fn view(&self) -> Result<Box<dyn IndexView + '_>, IndexError> {
        // Opens the file where nobody has, and notices one that was taken away.
        self.write(|_| Ok(()))?;
        let mut reading = self.reading();
        if reading.is_none() {
            let connection = connect(&self.path).and_then(|connection| {
                connection.pragma_update(None, "query_only", true)?;
                Ok(connection)
            });
            *reading = Some(connection.map_err(|error| self.failure(&error))?);
        }
        Ok(Box::new(View::begin(self, reading)?))
    }

    fn add(&self, batch: &Batch) -> Result<(), IndexError> {
        match self.write(|connection| add(connection, batch))? {
            true => Ok(()),
            false => Err(self.replaced()),
        }
    }

    fn reset(&self) -> Result<(), IndexError> {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reading = self.reading();
        *writing = None;
        *reading = None;
        self.remove()?;
        *writing = Some(self.open()?);
        Ok(())
    }
}

fn connect(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

/// Whose database it is, of which version, and with how many tables.
fn found(connection: &Connection) -> Result<(i64, i64, i64), Error> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get(0));
    Ok((
        number("SELECT application_id FROM pragma_application_id")?,
        number("SELECT user_version FROM pragma_user_version")?,
        number("SELECT count(*) FROM sqlite_schema")?,
    ))
}

fn set_up(connection: &mut Connection, lacks_tables: bool) -> Result<(), Error> {
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update_and_check(None, "journal_size_limit", JOURNAL_BYTES, |_| Ok(()))?;
    if !lacks_tables {
        return Ok(());
    }
    let making = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Of two processes that start together the second finds the tables of the first.
    if found(&making)?.1 != VERSION {
        making.execute_batch(TABLES)?;
        making.pragma_update(None, "application_id", OURS)?;
        making.pragma_update(None, "user_version", VERSION)?;
    }
    making.commit()
}
