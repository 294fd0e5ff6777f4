//! Every record of a ledger, in order, for those who read rather than verify.
//!
//! Imports `audit::{error, line, epoch}` and `read::cursor`. Start at [`Reader`].

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::audit::epoch::epochs;
use crate::audit::error::LedgerError;
use crate::audit::line::{Frame, HexHash};
use crate::audit::read::cursor::{Cursor, LineEnd};

/// A record as it stands in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// Name of the epoch it belongs to.
    pub epoch: Arc<str>,
    /// Its number in that epoch, by position.
    pub seq: u64,
    line: Vec<u8>,
}

impl StoredRecord {
    pub(super) fn new(epoch: &Arc<str>, seq: u64, line: &[u8]) -> Self {
        Self { epoch: Arc::clone(epoch), seq, line: line.to_vec() }
    }

    /// The line as written, without its newline.
    #[must_use]
    pub fn line(&self) -> &[u8] {
        &self.line
    }

    /// The time it carries, RFC 3339; `None` when the line does not have the form of a record.
    #[must_use]
    pub fn time(&self) -> Option<&str> {
        Frame::parse(&self.line).map(|frame| frame.time)
    }

    /// Its hash, which the next record names.
    #[must_use]
    pub fn hash(&self) -> HexHash {
        HexHash::of_line(&self.line)
    }

    /// The record as JSON.
    ///
    /// # Errors
    /// When the line is not JSON, which a verified ledger rules out.
    pub fn parse(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_slice(&self.line)
    }
}

/// The records of all epochs, by epoch and number. Ends where a living writer is at the moment.
///
/// Damage is not looked for: verify first, or read what is there.
#[derive(Debug)]
pub struct Reader {
    epochs: std::vec::IntoIter<(Arc<str>, Cursor)>,
    current: Option<(Arc<str>, Cursor)>,
}

impl Reader {
    /// Opens the ledger in `directory` (the one that holds the epochs).
    ///
    /// # Errors
    /// When the directory cannot be listed.
    pub fn open(directory: &Path) -> Result<Self, LedgerError> {
        let cursors: Vec<_> = epochs(directory)?
            .into_iter()
            .map(|(name, path)| (Arc::from(name), Cursor::new(&path)))
            .collect();
        let mut epochs = cursors.into_iter();
        let current = epochs.next();
        Ok(Self { epochs, current })
    }
}

impl Iterator for Reader {
    type Item = Result<StoredRecord, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (epoch, cursor) = self.current.as_mut()?;
            let seq = cursor.next_seq();
            match cursor.advance() {
                Ok(LineEnd::Full) => return Some(Ok(StoredRecord::new(epoch, seq, cursor.line()))),
                Ok(_) => self.current = self.epochs.next(),
                Err(error) => {
                    self.current = self.epochs.next();
                    return Some(Err(error));
                }
            }
        }
    }
}
