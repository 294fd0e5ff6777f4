//! The latest records of a ledger, in order, without reading those before them.
//!
//! Imports `audit::{error, line, epoch}`, `read::cursor` and `model::time`. Start at [`each_recent`].

use std::path::{Path, PathBuf};

use crate::audit::epoch::{epochs, read_sealed, segments};
use crate::audit::error::LedgerError;
use crate::audit::line::Frame;
use crate::audit::read::cursor::{Cursor, LineEnd};
use crate::model::time::Timestamp;

/// Shows `take` the lines of the records since `since`, of them the last `most`, by epoch and number; how many records were read.
///
/// Which they are is told by their segments, so a few earlier ones may come before them: those in front of them in the first segment
/// that is read, and what an epoch has beyond `most` that nobody closed. Damage is not looked for.
///
/// # Errors
/// When a directory or file cannot be read.
pub(crate) fn each_recent(
    ledger: &Path,
    since: Timestamp,
    most: u64,
    mut take: impl FnMut(&[u8]),
) -> Result<u64, LedgerError> {
    let mut starts: Vec<(PathBuf, u64)> = Vec::new();
    let mut room = most;
    for (_, epoch) in epochs(ledger)?.into_iter().rev() {
        let Some((first, reaches_back)) = first_recent(&epoch, since, &mut room)? else { continue };
        starts.push((epoch, first));
        if reaches_back || room == 0 {
            break;
        }
    }
    let mut records = 0;
    for (epoch, first) in starts.into_iter().rev() {
        let mut cursor = Cursor::at_segment(&epoch, first);
        while cursor.advance()? == LineEnd::Full {
            take(cursor.line());
            records += 1;
        }
    }
    Ok(records)
}

/// The segment of an epoch to begin at, and whether it begins before `since`; `None` where the epoch has none. What is read from
/// there on is taken of `room`.
fn first_recent(epoch: &Path, since: Timestamp, room: &mut u64) -> Result<Option<(u64, bool)>, LedgerError> {
    let sealed = read_sealed(epoch)?.and_then(Result::ok).map(|mark| mark.records);
    // One without a name follows those that have one; where it is all there is, it is the first.
    let listed = segments(epoch)?;
    let mut named: Vec<u64> = listed.iter().filter_map(|segment| segment.first_seq).collect();
    if named.is_empty() && !listed.is_empty() {
        named.push(0);
    }
    // How long a log is that is not sealed shows when it is read: what is written at the moment is short.
    let mut end = sealed.or_else(|| named.last().copied()).unwrap_or_default();
    let mut found = None;
    for first in named.into_iter().rev() {
        *room = room.saturating_sub(end.saturating_sub(first));
        end = first;
        let mut cursor = Cursor::at_segment(epoch, first);
        let begins = match cursor.advance()? {
            LineEnd::Full => {
                Frame::parse(cursor.line()).and_then(|frame| Timestamp::parse_rfc3339(frame.time))
            }
            _ => None,
        };
        let reaches_back = begins.is_some_and(|begins| begins < since);
        found = Some((first, reaches_back));
        if reaches_back || *room == 0 {
            break;
        }
    }
    Ok(found)
}
