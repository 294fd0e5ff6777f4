//! What an operator can choose about the ledger, and the two questions to the system that tests answer themselves.
//!
//! Imports `audit::error`. Start at [`LedgerOptions`].

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::audit::error::LedgerError;

/// Smallest segment in bytes.
pub(crate) const SEGMENT_MIN_BYTES: u64 = 1 << 20;
/// Largest segment in bytes. Bounds the longest line and what one mapping takes.
pub(crate) const SEGMENT_MAX_BYTES: u64 = 1 << 32;

/// What a record has survived when its caller goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The death of the gateway's process.
    Process,
    /// The death of the machine: the record was flushed to the disk.
    Disk,
}

impl Durability {
    /// The word used in configuration and in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Disk => "disk",
        }
    }
}

/// How a ledger is kept.
#[derive(Clone, Debug)]
pub struct LedgerOptions {
    /// The directory that holds one directory per epoch, usually `data_dir/ledger`. Made with mode 0700 when absent.
    pub directory: PathBuf,
    /// What a record has survived when `record` returns.
    pub durability: Durability,
    /// Length of a segment file in bytes, 1 MiB to 4 GiB; also the limit of one line.
    pub segment_bytes: u64,
    /// Below this share of free space on the disk, in percent (0 to 90), records are refused.
    pub reserve_percent: u8,
    /// How long `record` may take before it gives up.
    pub append_deadline: Duration,
}

impl LedgerOptions {
    /// The defaults for `directory`: durability `disk`, 64 MiB segments, 5 % reserve, 2 seconds.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            durability: Durability::Disk,
            segment_bytes: 64 << 20,
            reserve_percent: 5,
            append_deadline: Duration::from_secs(2),
        }
    }

    pub(crate) fn check(&self) -> Result<(), LedgerError> {
        if !(SEGMENT_MIN_BYTES..=SEGMENT_MAX_BYTES).contains(&self.segment_bytes) {
            let text = format!("segment_bytes is {}, it must be 1048576 to 4294967296", self.segment_bytes);
            return Err(LedgerError::Options(text));
        }
        if self.reserve_percent > 90 {
            let text = format!("reserve_percent is {}, it must be 0 to 90", self.reserve_percent);
            return Err(LedgerError::Options(text));
        }
        Ok(())
    }
}

/// Room on the ledger's disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Size of the file system.
    pub total_bytes: u64,
    /// What an unprivileged process may still use.
    pub free_bytes: u64,
}

type SyncProbe = Box<dyn Fn(&File) -> io::Result<()> + Send + Sync>;
type SpaceProbe = Box<dyn Fn(&Path) -> io::Result<Space> + Send + Sync>;

/// How the background threads flush a file and ask for free space. Never called on the append path; tests put failing
/// ones in their place.
pub struct Probes {
    /// Makes the contents of a file durable.
    pub sync: SyncProbe,
    /// Asks for the room on the file system of a directory.
    pub space: SpaceProbe,
}

impl Default for Probes {
    fn default() -> Self {
        Self { sync: Box::new(File::sync_data), space: Box::new(space) }
    }
}

impl fmt::Debug for Probes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probes").finish_non_exhaustive()
    }
}

fn space(directory: &Path) -> io::Result<Space> {
    let found = rustix::fs::statvfs(directory)?;
    Ok(Space {
        total_bytes: found.f_blocks.saturating_mul(found.f_frsize),
        free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
    })
}
