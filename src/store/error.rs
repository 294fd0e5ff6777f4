//! Why a store is not opened.

use std::path::PathBuf;

use thiserror::Error;

/// Why the file of the store cannot be used. Nothing in it was changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreOpenError {
    /// It can be neither read and written nor made.
    #[error(
        "{}: cannot be opened or made ({why}); the gateway must be able to read and write it and its folder",
        path.display()
    )]
    Unreachable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// It is no database, or one with bad pages.
    #[error(
        "{}: is damaged ({why}); put a copy in its place, or move it away together with its -wal and -shm files: the gateway \
         then starts with no holds, so that what waits or is approved must be asked for again",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// It is a database of something else.
    #[error("{}: is another program's database; move it away, or set data_dir to a folder of the gateway's own", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A later version of the gateway has changed its tables.
    #[error(
        "{}: was written by a newer version (tables of version {found}, this gateway knows up to {known}); start that version, \
         or put a copy from before in its place",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its tables.
        found: i64,
        /// The latest version this gateway can use.
        known: i64,
    },
    /// There is no room for it.
    #[error("{}: the disk is full; free some space and start again", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Something else has it locked.
    #[error("{}: another process keeps it locked; end that process and start again", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// Anything else.
    #[error("{}: cannot be used: {why}", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        why: String,
    },
}
