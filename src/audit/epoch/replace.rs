//! Copies records that a failed flush left in doubt into a file of their own.
//!
//! Imports `audit::{error, line, epoch}`. The copy appears under its name only when it is complete and on disk.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::audit::epoch::directory::{create_private_file, segment_name, sync_directory};
use crate::audit::error::{Damage, LedgerError};
use crate::audit::line::{Frame, HexHash};

/// What to copy, and what it must turn out to be.
pub(crate) struct Replacement<'a> {
    pub(crate) directory: &'a Path,
    pub(crate) source: &'a File,
    pub(crate) source_name: &'a str,
    /// Bytes of the source to copy.
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// The first record copied, the count up to the last, and the hashes before and at the end.
    pub(crate) first_seq: u64,
    pub(crate) records: u64,
    pub(crate) previous: HexHash,
    pub(crate) last_hash: HexHash,
    pub(crate) sync: &'a dyn Fn(&File) -> io::Result<()>,
}

impl std::fmt::Debug for Replacement<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replacement").field("first_seq", &self.first_seq).finish_non_exhaustive()
    }
}

/// Copies, checks, flushes, names. The source is cut to what stays valid in it as far as that works; readers ignore the
/// rest of it either way.
pub(crate) fn replace(wanted: &Replacement<'_>) -> Result<(), LedgerError> {
    let length = usize::try_from(wanted.to - wanted.from).unwrap_or(usize::MAX);
    let source_path = wanted.directory.join(wanted.source_name);
    let mut bytes = vec![0; length];
    wanted
        .source
        .read_exact_at(&mut bytes, wanted.from)
        .map_err(LedgerError::io("read back", &source_path))?;
    check(wanted, &bytes)?;

    let path = wanted.directory.join(segment_name(wanted.first_seq));
    let draft = wanted.directory.join("copy.new");
    let copy = create_private_file(&draft)?;
    copy.write_all_at(&bytes, 0)
        .and_then(|()| copy.sync_all())
        .and_then(|()| (wanted.sync)(&copy))
        .and_then(|()| std::fs::rename(&draft, &path))
        .map_err(LedgerError::io("copy records to", &path))?;
    sync_directory(wanted.directory)?;
    let _best_effort = wanted.source.set_len(wanted.from);
    Ok(())
}

/// The pages of a failed flush may have been dropped and read back stale, so the chain has to prove the copy.
fn check(wanted: &Replacement<'_>, bytes: &[u8]) -> Result<(), LedgerError> {
    let (mut seq, mut last) = (wanted.first_seq, wanted.previous);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or_default();
        if Frame::parse(line).is_none_or(|frame| frame.seq != seq || frame.previous != last) {
            break;
        }
        last = HexHash::of_line(line);
        seq += 1;
    }
    if seq == wanted.records && last == wanted.last_hash {
        return Ok(());
    }
    Err(LedgerError::from(Damage {
        file: wanted.directory.join(wanted.source_name),
        line: 0,
        seq,
        offset: wanted.from,
        why: "the disk failed and gave back other bytes than were written".to_owned(),
    }))
}
