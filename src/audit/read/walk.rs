//! Follows the hash chain of one epoch and finds the first record that breaks it.
//!
//! Imports `audit::{error, line}` and `read::cursor`. Start at [`walk`].
//!
//! A record whose hash is not what the next one names was changed, or the next one's link was. Which of the two it is
//! shows one record later: the changed one has another hash than *its* successor names.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use crate::audit::error::{Damage, LedgerError};
use crate::audit::line::{Frame, HexHash};
use crate::audit::read::cursor::{Cursor, LineEnd};

/// What is known from elsewhere about the log: after `records` records, the last hash was this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Anchor {
    pub(crate) records: u64,
    pub(crate) last_hash: HexHash,
}

/// What a walk found. With `trouble`, everything else describes the log up to the bad record.
#[derive(Debug)]
pub(crate) struct Walk {
    /// Sound records.
    pub(crate) records: u64,
    pub(crate) last_hash: HexHash,
    /// The file in which they end, and where.
    pub(crate) file: PathBuf,
    pub(crate) offset: u64,
    pub(crate) trouble: Option<Damage>,
    /// How the log ends when nothing is wrong.
    pub(crate) end: LineEnd,
}

/// Where a record stands, and the hash before it.
#[derive(Clone, Debug)]
struct Place {
    file: PathBuf,
    line: u64,
    offset: u64,
    seq: u64,
    before: HexHash,
}

/// A link that does not fit: this record or the one before it was changed.
#[derive(Debug)]
struct Suspicion {
    before: Place,
    this: Place,
    this_hash: HexHash,
}

/// Walks from the first record. `visit` sees every line whose link fits, in order; the last may turn out to be changed.
pub(crate) fn walk(
    epoch: &Path,
    anchor: Option<Anchor>,
    mut visit: impl FnMut(&[u8]),
) -> Result<Walk, LedgerError> {
    let mut cursor = Cursor::new(epoch);
    let mut chain = Chain { anchor, last_hash: HexHash::GENESIS, last: None, suspicion: None };
    loop {
        let seq = cursor.next_seq();
        let end = cursor.advance()?;
        // Asked only now: the line, or its absence, may be the first of a file that was entered by this step.
        let (file, offset, lines) = cursor.place();
        if end != LineEnd::Full {
            let place = Place { file, line: lines + 1, offset, seq, before: chain.last_hash };
            return Ok(chain.finish(place, end));
        }
        let start = offset.saturating_sub(cursor.line().len() as u64 + 1);
        let place = Place { file, line: lines, offset: start, seq, before: chain.last_hash };
        if let Some((bad, why)) = chain.take(&place, cursor.line()) {
            return Ok(stopped_at(bad, why));
        }
        if chain.suspicion.is_none() {
            visit(cursor.line());
        }
    }
}

struct Chain {
    anchor: Option<Anchor>,
    last_hash: HexHash,
    last: Option<Place>,
    suspicion: Option<Suspicion>,
}

impl Chain {
    /// Checks one more line. Answers with the bad record, if it is known now.
    fn take(&mut self, place: &Place, line: &[u8]) -> Option<(Place, String)> {
        let frame = Frame::parse(line);
        if let Some(suspicion) = self.suspicion.take() {
            let this_is_sound = frame.is_none_or(|frame| frame.previous == suspicion.this_hash);
            return Some(suspicion.decide(this_is_sound, self.anchor));
        }
        let Some(frame) = frame else {
            return Some((place.clone(), "the line does not have the form of a record".to_owned()));
        };
        let hash = HexHash::of_line(line);
        if frame.previous != self.last_hash {
            let Some(before) = self.last.clone() else {
                return Some((
                    place.clone(),
                    "the first record of an epoch names a record before it".to_owned(),
                ));
            };
            if frame.seq != place.seq {
                let why = format!("record {} is missing here, record {} follows", place.seq, frame.seq);
                return Some((place.clone(), why));
            }
            self.suspicion = Some(Suspicion { before, this: place.clone(), this_hash: hash });
            return None;
        }
        if frame.seq != place.seq {
            return Some((
                place.clone(),
                format!("the record calls itself {}, its number is {}", frame.seq, place.seq),
            ));
        }
        if self.anchor.is_some_and(|anchor| anchor.records == place.seq + 1 && anchor.last_hash != hash) {
            return Some((
                place.clone(),
                "the record was changed: its hash is not the one that was marked".to_owned(),
            ));
        }
        self.last_hash = hash;
        self.last = Some(place.clone());
        None
    }

    fn finish(self, place: Place, end: LineEnd) -> Walk {
        if let Some(suspicion) = self.suspicion {
            let this_is_sound = self.anchor.is_none_or(|anchor| match anchor.records.cmp(&place.seq) {
                Ordering::Less => true,
                Ordering::Equal => anchor.last_hash == suspicion.this_hash,
                // Lines are missing from the end: this one most likely swallowed its successor.
                Ordering::Greater => false,
            });
            let (bad, why) = suspicion.decide(this_is_sound, self.anchor);
            return stopped_at(bad, why);
        }
        let missing = match end {
            LineEnd::Gap(next) => {
                Some(format!("record {} is missing, the next file begins with {next}", place.seq))
            }
            _ => self.anchor.filter(|anchor| anchor.records > place.seq).map(|anchor| {
                format!("the log ends here, but {} records were marked as durable", anchor.records)
            }),
        };
        match missing {
            Some(why) => stopped_at(place, why),
            None => Walk {
                records: place.seq,
                last_hash: place.before,
                file: place.file,
                offset: place.offset,
                trouble: None,
                end,
            },
        }
    }
}

impl Suspicion {
    fn decide(self, this_is_sound: bool, anchor: Option<Anchor>) -> (Place, String) {
        let before_is_proved = anchor.is_some_and(|anchor| anchor.records == self.this.seq);
        if this_is_sound && !before_is_proved {
            let why = format!("the record was changed: record {} names another hash for it", self.this.seq);
            return (self.before, why);
        }
        (self.this, "the record was changed: neither the record before nor the one after it fits".to_owned())
    }
}

fn stopped_at(bad: Place, why: String) -> Walk {
    let Place { file, line, offset, seq, before } = bad;
    let damage = Damage { file: file.clone(), line, seq, offset, why };
    Walk { records: seq, last_hash: before, file, offset, trouble: Some(damage), end: LineEnd::Partial }
}
