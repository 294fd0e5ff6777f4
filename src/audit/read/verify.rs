//! Checks a whole ledger: every chain, every seal, and the links from epoch to epoch.
//!
//! Imports `audit::{error, line, epoch}` and `read::walk`. Works offline, on a copy, and beside a living writer. Start at
//! [`verify`].

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::audit::epoch::{EpochLock, Mark, SEALED, epochs, read_mark, read_sealed, segments};
use crate::audit::error::{Damage, LedgerError};
use crate::audit::line::HexHash;
use crate::audit::read::walk::{Anchor, Walk, walk};

/// How an epoch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochState {
    /// Complete: its end is marked.
    Sealed,
    /// A process is writing it.
    Live,
    /// Its process ended without closing it; the next start repairs and seals it.
    Unsealed,
}

/// One epoch of a sound ledger.
#[derive(Clone, Debug)]
pub struct EpochReport {
    /// Its name.
    pub name: String,
    /// Records in it.
    pub records: u64,
    /// Hash of its last record; 64 zeros when it has none.
    pub last_hash: HexHash,
    /// How it stands.
    pub state: EpochState,
    /// Records whose content is covered by a later record, the mark or the seal. One less than `records` when nothing
    /// covers the last one: an edit to that record alone would not be found.
    pub covered_records: u64,
    /// Bytes after the last whole record: being written, or left by a crash and cut by the next start.
    pub trailing_bytes: u64,
}

impl EpochReport {
    /// A sentence about what the check cannot show, or `None` when it shows everything.
    #[must_use]
    pub fn caveat(&self) -> Option<String> {
        (self.covered_records < self.records).then(|| {
            let last = self.records.saturating_sub(1);
            format!("{}: nothing covers the content of record {last}, the last one of an epoch that is not sealed", self.name)
        })
    }
}

/// A ledger in which nothing bad was found.
#[derive(Clone, Debug, Default)]
pub struct VerifyReport {
    /// Its epochs, oldest first.
    pub epochs: Vec<EpochReport>,
    /// Records in all of them.
    pub records: u64,
    /// Hash of the last record of the last epoch.
    pub last_hash: Option<HexHash>,
    /// Records by kind and what they say of a call: its outcome, or the result of its execution (`None` for kinds that say
    /// nothing).
    pub counts: BTreeMap<(String, Option<String>), u64>,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    outcome: Option<Cow<'a, str>>,
    #[serde(borrow)]
    result: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct EpochRecord {
    origin: String,
    predecessor: Option<Predecessor>,
}

#[derive(Deserialize)]
struct Predecessor {
    epoch: String,
    records: Option<u64>,
    last_hash: Option<String>,
}

/// Verifies the ledger in `directory` (the one that holds the epochs). Changes nothing.
///
/// Without a checkpoint kept elsewhere this shows consistency: that nothing between the first and the last record was
/// changed, removed or put in. It cannot show that whole epochs, or the records of an unsealed one, were cut off the end.
///
/// # Errors
/// [`LedgerError::Damaged`] with the first bad record, [`LedgerError::Io`] when something cannot be read.
pub fn verify(directory: &Path) -> Result<VerifyReport, LedgerError> {
    let mut report = VerifyReport::default();
    for (name, path) in epochs(directory)? {
        let mut first = None;
        let epoch = verify_epoch(&name, &path, |line| {
            first.get_or_insert_with(|| line.to_vec());
            count(&mut report.counts, line);
        })?;
        if let Some(first) = first {
            check_link(&name, &path, &first, report.epochs.last())?;
        }
        report.records += epoch.records;
        report.last_hash = Some(epoch.last_hash);
        report.epochs.push(epoch);
    }
    Ok(report)
}

fn verify_epoch(name: &str, path: &Path, visit: impl FnMut(&[u8])) -> Result<EpochReport, LedgerError> {
    // The lock is looked at before the log: a writer that ends in between has then written all that is looked for.
    let live = EpochLock::is_held(path);
    let sealed = match read_sealed(path)? {
        Some(Ok(mark)) => Some(mark),
        Some(Err(why)) => {
            return Err(
                Damage { file: path.join(SEALED), line: 1, seq: 0, offset: 0, why: why.to_owned() }.into()
            );
        }
        None => None,
    };
    let known = if sealed.is_some() { sealed.clone() } else { read_mark(path)? };
    let anchor = known.as_ref().map(|mark| Anchor { records: mark.records, last_hash: mark.last_hash });
    let walk = walk(path, anchor, visit)?;
    if let Some(damage) = walk.trouble {
        return Err(damage.into());
    }
    let trailing_bytes = if live { 0 } else { trailing(path, &walk)? };
    if let Some(sealed) = &sealed {
        check_seal(sealed, &walk, trailing_bytes)?;
    }
    let state = match (&sealed, live) {
        (Some(_), _) => EpochState::Sealed,
        (None, true) => EpochState::Live,
        (None, false) => EpochState::Unsealed,
    };
    let covered = known.is_some_and(|mark| mark.records == walk.records) || walk.records == 0;
    Ok(EpochReport {
        name: name.to_owned(),
        records: walk.records,
        last_hash: walk.last_hash,
        state,
        covered_records: if covered { walk.records } else { walk.records - 1 },
        trailing_bytes,
    })
}

/// A sealed log ends where its seal says, with nothing after it.
fn check_seal(sealed: &Mark, walk: &Walk, trailing_bytes: u64) -> Result<(), LedgerError> {
    let why = if walk.records > sealed.records {
        format!("records follow the end of the log, which was sealed with {}", sealed.records)
    } else if trailing_bytes > 0 {
        "bytes follow the last record of a sealed log".to_owned()
    } else {
        return Ok(());
    };
    let (file, offset) = (walk.file.clone(), walk.offset);
    Err(Damage { file, line: 0, seq: walk.records, offset, why }.into())
}

/// Bytes that are not zero after the end of the log: in its last file, and in files after that.
fn trailing(path: &Path, walk: &Walk) -> Result<u64, LedgerError> {
    let mut bytes = 0;
    let mut after_end = false;
    for segment in segments(path)? {
        let skip = if segment.path == walk.file { walk.offset } else { 0 };
        after_end |= segment.path == walk.file || walk.records == 0;
        if after_end {
            bytes += written_after(&segment.path, skip)?;
        }
    }
    Ok(bytes)
}

/// Length of what stands in a file from `offset` to its last byte that is not zero.
pub(crate) fn written_after(path: &PathBuf, offset: u64) -> Result<u64, LedgerError> {
    let bytes = fs::read(path).map_err(LedgerError::io("read", path))?;
    let rest = bytes.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default();
    Ok(rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1))
}

fn count(counts: &mut BTreeMap<(String, Option<String>), u64>, line: &[u8]) {
    let unreadable = Head { kind: None, outcome: None, result: None };
    let head = serde_json::from_slice::<Head<'_>>(line).unwrap_or(unreadable);
    let kind = head.kind.map_or_else(|| "unreadable".to_owned(), Cow::into_owned);
    let said = head.outcome.or(head.result);
    *counts.entry((kind, said.map(Cow::into_owned))).or_default() += 1;
}

/// The first record of an epoch names its own epoch and the one before it, with how that ended.
fn check_link(
    name: &str,
    path: &Path,
    first: &[u8],
    before: Option<&EpochReport>,
) -> Result<(), LedgerError> {
    let file = segments(path)?.into_iter().next().map_or_else(|| path.to_path_buf(), |segment| segment.path);
    let bad = |why: String| Err(Damage { file, line: 1, seq: 0, offset: 0, why }.into());
    let Ok(record) = serde_json::from_slice::<EpochRecord>(first) else {
        return bad("the first record of an epoch does not say which epoch it opens".to_owned());
    };
    if record.origin != name {
        return bad(format!("the log belongs to epoch {}", record.origin));
    }
    match (record.predecessor, before) {
        (None, None) => Ok(()),
        (None, Some(before)) => bad(format!("epoch {} stands before it, but it names none", before.name)),
        (Some(named), None) => bad(format!("epoch {}, which it follows, is missing", named.epoch)),
        (Some(named), Some(before)) if named.epoch != before.name => {
            bad(format!("it follows epoch {}, but {} stands before it", named.epoch, before.name))
        }
        (Some(named), Some(before)) => {
            let records = named.records.is_none_or(|records| records == before.records);
            let hash = named.last_hash.is_none_or(|hash| hash == before.last_hash.as_str());
            if records && hash {
                return Ok(());
            }
            bad(format!("epoch {} does not end as it did when this one began", before.name))
        }
    }
}
