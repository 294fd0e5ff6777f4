//! The two marks of an epoch: `mark` (so far the log is known to be on disk) and `sealed` (it is complete and ended so).
//!
//! Imports `audit::{error, line, epoch::directory}`. Both carry one text line with a check sum. `mark` has two slots that
//! are written in turn, so that a write torn by a power cut leaves the other.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::audit::epoch::directory::{MARK, SEALED, create_private_file};
use crate::audit::error::LedgerError;
use crate::audit::line::HexHash;

/// One slot is one sector, the unit a disk writes whole.
const SLOT_BYTES: usize = 512;
const FORM: &str = "aegis-ledger-1";

/// A place in a log and what comes before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Records before the place.
    pub(crate) records: u64,
    /// File name of the segment that the last of them is in.
    pub(crate) segment: String,
    /// Where that record ends, in bytes.
    pub(crate) offset: u64,
    /// Its hash; the genesis hash when there is none.
    pub(crate) last_hash: HexHash,
}

impl Mark {
    pub(super) fn encode(&self) -> String {
        let body = format!("{FORM} {} {} {} {}", self.records, self.segment, self.offset, self.last_hash);
        let check: String = Sha256::digest(&body).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("{body} {check}\n")
    }

    /// Reads the exact form [`Self::encode`] writes, so that no changed byte goes unseen.
    fn decode(text: &str) -> Option<Self> {
        let mut words = text.strip_suffix('\n')?.split(' ').skip(1);
        let mark = Self {
            records: words.next()?.parse().ok()?,
            segment: words.next()?.to_owned(),
            offset: words.next()?.parse().ok()?,
            last_hash: HexHash::parse(words.next()?.as_bytes())?,
        };
        (mark.encode() == text).then_some(mark)
    }
}

/// The `mark` file of a living epoch.
#[derive(Debug)]
pub(crate) struct MarkFile {
    file: File,
    path: PathBuf,
    second_slot: bool,
}

impl MarkFile {
    /// Creates the file at its full length, zero-filled, so that later writes change no length.
    pub(crate) fn create(epoch: &Path) -> Result<Self, LedgerError> {
        let path = epoch.join(MARK);
        let file = create_private_file(&path)?;
        file.write_all_at(&[0; 2 * SLOT_BYTES], 0)
            .and_then(|()| file.sync_all())
            .map_err(LedgerError::io("prepare", &path))?;
        Ok(Self { file, path, second_slot: false })
    }

    /// Writes the mark without flushing it: it survives the process, not the machine. The other slot still holds the last
    /// mark that survives both.
    pub(crate) fn note(&self, mark: &Mark) -> Result<(), LedgerError> {
        let (slot, offset) = self.slot(mark);
        self.file.write_all_at(&slot, offset).map_err(LedgerError::io("write", &self.path))
    }

    fn slot(&self, mark: &Mark) -> (Vec<u8>, u64) {
        let mut slot = mark.encode().into_bytes();
        slot.resize(SLOT_BYTES, 0);
        (slot, if self.second_slot { SLOT_BYTES as u64 } else { 0 })
    }

    /// Writes and flushes the mark.
    pub(crate) fn write(
        &mut self,
        mark: &Mark,
        sync: &dyn Fn(&File) -> io::Result<()>,
    ) -> Result<(), LedgerError> {
        let (slot, offset) = self.slot(mark);
        self.file
            .write_all_at(&slot, offset)
            .and_then(|()| sync(&self.file))
            .map_err(LedgerError::io("write", &self.path))?;
        self.second_slot = !self.second_slot;
        Ok(())
    }
}

/// The later of the two marks of an unsealed epoch; `None` when nothing was marked yet.
pub(crate) fn read_mark(epoch: &Path) -> Result<Option<Mark>, LedgerError> {
    let path = epoch.join(MARK);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LedgerError::io("read", &path)(error)),
    };
    let slots = bytes.chunks(SLOT_BYTES).filter_map(|slot| {
        let text = slot.split_inclusive(|byte| *byte == b'\n').next()?;
        Mark::decode(std::str::from_utf8(text).ok()?)
    });
    Ok(slots.max_by_key(|mark| mark.records))
}

/// What a sealed epoch ended with; `None` when it is not sealed, an error text when its seal cannot be read.
pub(crate) fn read_sealed(epoch: &Path) -> Result<Option<Result<Mark, &'static str>>, LedgerError> {
    let path = epoch.join(SEALED);
    match std::fs::read(&path) {
        Ok(bytes) => {
            let mark = std::str::from_utf8(&bytes).ok().and_then(Mark::decode);
            Ok(Some(mark.ok_or("the file that says how the epoch ended was changed")))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LedgerError::io("read", &path)(error)),
    }
}
