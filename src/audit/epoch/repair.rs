//! What a start does with an epoch whose process died: keep every sound record, set aside what follows, seal.
//!
//! Imports `audit::{error, line, read}` and the files beside it. Start at [`repair`].
//!
//! Damage after the mark is what a crash leaves: it was never promised to anybody, and is cut but kept in `torn/`. Damage
//! before it means that durable records were changed or lost: then nothing is touched and the start is refused.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::audit::epoch::directory::{
    NEXT, SegmentFile, TORN, create_private_directory, create_private_file, cut, segment_name, segments,
    sync_directory,
};
use crate::audit::epoch::mark::{Mark, read_mark};
use crate::audit::epoch::seal::seal;
use crate::audit::epoch::unreconciled::leave_unreconciled;
use crate::audit::error::LedgerError;
use crate::audit::line::{Frame, HexHash};
use crate::audit::read::{Anchor, LineEnd, Walk, walk};

/// An epoch that a start found unsealed, and sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Its name.
    pub epoch: String,
    /// Records it kept.
    pub records: u64,
    /// Hash of the last of them; 64 zeros when there is none.
    pub last_hash: HexHash,
    /// Why something was cut; `None` when the log simply ended.
    pub reason: Option<String>,
    /// What was cut, in the `torn` directory of the epoch.
    pub torn: Vec<TornFile>,
}

/// Bytes that were cut off a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornFile {
    /// Its name in `torn`.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch {} was not closed; {} records kept", self.epoch, self.records)?;
        let bytes: u64 = self.torn.iter().map(|torn| torn.bytes).sum();
        match &self.reason {
            Some(reason) => write!(f, ", {bytes} bytes set aside in its directory {TORN}: {reason}"),
            None => Ok(()),
        }
    }
}

/// Repairs and seals the epoch in `path`. The caller holds its lock.
pub(crate) fn repair(name: &str, path: &Path) -> Result<Repair, LedgerError> {
    let mark = read_mark(path)?;
    let anchor = mark.as_ref().map(|mark| Anchor { records: mark.records, last_hash: mark.last_hash });
    let walk = walk(path, anchor, |_| {})?;
    let durable = anchor.map_or(0, |anchor| anchor.records);
    if let Some(damage) = walk.trouble.clone()
        && damage.seq < durable
    {
        return Err(damage.into());
    }
    set_aside(path, &walk)?;
    name_last(path)?;
    for segment in segments(path)? {
        trim(&segment.path)?;
    }
    sync_directory(path)?;
    let (segment, offset) = match segments(path)?.pop() {
        Some(last) => (last.first_seq.unwrap_or_default(), length(&last.path)?),
        None => (0, 0),
    };
    let sealed =
        Mark { records: walk.records, segment: segment_name(segment), offset, last_hash: walk.last_hash };
    leave_unreconciled(path)?;
    seal(path, &sealed)?;
    let torn = torn_files(&path.join(TORN))?;
    let reason = match (&walk.trouble, walk.end) {
        (Some(damage), _) => Some(format!("record {}: {}", damage.seq, damage.why)),
        (None, LineEnd::Partial) => Some(format!("record {} was not written to its end", walk.records)),
        _ => None,
    };
    Ok(Repair { epoch: name.to_owned(), records: walk.records, last_hash: walk.last_hash, reason, torn })
}

/// Moves everything after the last sound record to `torn`.
fn set_aside(path: &Path, walk: &Walk) -> Result<(), LedgerError> {
    let listed = segments(path)?;
    // Without a file of its own the log ends before the first segment: every segment is to go.
    let end = listed.iter().position(|segment| segment.path == walk.file);
    for (index, SegmentFile { path: file, .. }) in listed.iter().enumerate() {
        match end {
            Some(end) if index < end => {}
            Some(end) if index == end && walk.offset > 0 => {
                let rest = tail_of(file, walk.offset)?;
                if !rest.is_empty() {
                    keep(path, &format!("{}-{}", file_name(file), walk.offset), &rest)?;
                }
                cut(&open(file)?, walk.offset, file)?;
            }
            _ => {
                let content = tail_of(file, 0)?;
                if !content.is_empty() {
                    keep(path, &file_name(file), &content)?;
                }
                fs::remove_file(file).map_err(LedgerError::io("set aside", file))?;
            }
        }
    }
    Ok(())
}

/// Stores what is about to be cut, and has it on disk before it is.
fn keep(epoch: &Path, name: &str, bytes: &[u8]) -> Result<(), LedgerError> {
    let directory = epoch.join(TORN);
    create_private_directory(&directory)?;
    let path = directory.join(name);
    let mut file = create_private_file(&path)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(LedgerError::io("keep what is cut in", &path))?;
    sync_directory(&directory)?;
    sync_directory(epoch)
}

/// Gives the last segment its name if the crash came before that, and removes one that holds nothing.
fn name_last(path: &Path) -> Result<(), LedgerError> {
    let next = path.join(NEXT);
    if !next.exists() {
        return Ok(());
    }
    let mut line = Vec::new();
    BufReader::new(open(&next)?).read_until(b'\n', &mut line).map_err(LedgerError::io("read", &next))?;
    let first_seq = line.strip_suffix(b"\n").and_then(Frame::parse).map(|frame| frame.seq);
    match first_seq {
        Some(first_seq) => fs::rename(&next, path.join(segment_name(first_seq))),
        None => fs::remove_file(&next),
    }
    .map_err(LedgerError::io("name", &next))
}

/// Cuts the zeros off the end of a file and makes it durable.
fn trim(file: &Path) -> Result<(), LedgerError> {
    let written = tail_of(file, 0)?.len() as u64;
    cut(&open(file)?, written, file)
}

/// The bytes of a file from `offset` to its last byte that is not zero.
fn tail_of(file: &Path, offset: u64) -> Result<Vec<u8>, LedgerError> {
    let mut handle = open(file)?;
    let mut bytes = Vec::new();
    handle
        .seek(SeekFrom::Start(offset))
        .and_then(|_| handle.read_to_end(&mut bytes))
        .map_err(LedgerError::io("read", file))?;
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    bytes.truncate(written);
    Ok(bytes)
}

fn torn_files(directory: &Path) -> Result<Vec<TornFile>, LedgerError> {
    if !directory.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(LedgerError::io("list", directory))? {
        let path = entry.map_err(LedgerError::io("list", directory))?.path();
        let bytes = fs::read(&path).map_err(LedgerError::io("read", &path))?;
        let sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes));
        found.push(TornFile { name: file_name(&path), bytes: bytes.len() as u64, sha256 });
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

fn open(file: &Path) -> Result<File, LedgerError> {
    OpenOptions::new().read(true).write(true).open(file).map_err(LedgerError::io("open", file))
}

fn length(file: &Path) -> Result<u64, LedgerError> {
    fs::metadata(file).map(|metadata| metadata.len()).map_err(LedgerError::io("read", file))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
