//! Follows the ledger, epoch by epoch, in batches, from where it stopped, and keeps the state that its records make.
//!
//! The state is a copy of its own: exactly the fold of the records before its positions, whatever calls do meanwhile. Whoever runs it
//! decides how often. Start at [`Fold::begin`].

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::audit::LedgerError;
use crate::audit::epoch::{epochs, read_sealed};
use crate::audit::line::HexHash;
use crate::audit::read::{Cursor, LineEnd};
use crate::facts::{CheckpointError, Live};
use crate::gateway::rebuild::event::event;
use crate::gateway::rebuild::file::{self, Checkpoint, Position};

/// Most records and bytes of one step: a few milliseconds of work.
const STEP_RECORDS: usize = 2000;
const STEP_BYTES: usize = 4 << 20;

/// Why the numbers cannot be made again.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RebuildError {
    /// The ledger cannot be read.
    #[error("{0}")]
    Ledger(#[from] LedgerError),
    /// What was just written down cannot be read back: a defect.
    #[error("{0}")]
    State(#[from] CheckpointError),
}

/// The state that the records of a ledger make, as far as they were read.
#[derive(Debug)]
pub struct Fold {
    ledger: PathBuf,
    file: PathBuf,
    state: Live,
    epochs: BTreeMap<String, Followed>,
    /// Whether the file lacks something.
    unsaved: bool,
}

/// An epoch that is being read.
#[derive(Debug)]
struct Followed {
    path: PathBuf,
    position: Position,
    /// Where the last record that was read begins, while its hash is not in `position` yet.
    read: Option<(u64, u64)>,
    /// `None` once it is complete.
    cursor: Option<Cursor>,
}

/// From where a fold begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// From the checkpoint.
    AtCheckpoint,
    /// From the first record: there is no checkpoint.
    AtFirstRecord,
    /// From the first record: the checkpoint cannot be used, for this reason.
    Anew(String),
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoldStep {
    /// Records it read.
    pub records: usize,
    /// Whether there was no more to be read.
    pub idle: bool,
}

impl Fold {
    /// Begins at the checkpoint in `file`, or at the first record of the ledger in `ledger` where there is none that fits it.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn begin(ledger: &Path, file: &Path) -> Result<(Self, Begun), RebuildError> {
        let mut fold = Self {
            ledger: ledger.to_owned(),
            file: file.to_owned(),
            state: Live::default(),
            epochs: BTreeMap::new(),
            unsaved: false,
        };
        let begun = match file::read(file) {
            Ok(None) => Begun::AtFirstRecord,
            Ok(Some(checkpoint)) => match fold.take_up(checkpoint)? {
                Ok(()) => Begun::AtCheckpoint,
                Err(why) => Begun::Anew(why),
            },
            Err(why) => Begun::Anew(why),
        };
        if begun != Begun::AtCheckpoint {
            fold.state = Live::default();
            fold.epochs.clear();
        }
        fold.discover()?;
        Ok((fold, begun))
    }

    /// Reads a batch of records. What epochs other than `own` say is added to `live` too: it happened in another process.
    ///
    /// # Errors
    /// The ledger cannot be read. What was read before counts; the next step goes on from there.
    pub fn step(&mut self, also: Option<(&Live, &str)>) -> Result<FoldStep, RebuildError> {
        let (mut records, mut bytes) = (0, 0);
        for (epoch, followed) in &mut self.epochs {
            let also = also.filter(|(_, own)| own != epoch).map(|(live, _)| live);
            while records < STEP_RECORDS && bytes < STEP_BYTES {
                let Some(length) = followed.advance(&self.state, also)? else { break };
                self.unsaved = true;
                records += 1;
                bytes += length;
            }
            if records >= STEP_RECORDS || bytes >= STEP_BYTES {
                return Ok(FoldStep { records, idle: false });
            }
            self.unsaved |= followed.ends();
        }
        let found = self.discover()?;
        Ok(FoldStep { records, idle: records == 0 && found == 0 })
    }

    /// Reads all that there is; how many records that were.
    ///
    /// # Errors
    /// As for [`Self::step`].
    pub fn catch_up(&mut self) -> Result<u64, RebuildError> {
        let mut records = 0;
        loop {
            let step = self.step(None)?;
            records += step.records as u64;
            if step.idle {
                return Ok(records);
            }
        }
    }

    /// Numbers of their own that begin with this state.
    ///
    /// # Errors
    /// A defect.
    pub fn live(&self) -> Result<Live, RebuildError> {
        let live = Live::default();
        live.restore(&self.state.checkpoint())?;
        Ok(live)
    }

    /// The state.
    #[must_use]
    pub const fn state(&self) -> &Live {
        &self.state
    }

    /// Whether the file lacks something.
    #[must_use]
    pub const fn is_unsaved(&self) -> bool {
        self.unsaved
    }

    /// Writes the state and its positions to the file, whole or not at all, and has it on disk.
    ///
    /// # Errors
    /// It cannot be written; the file is as it was.
    pub fn save(&mut self) -> io::Result<()> {
        let positions = self.epochs.values_mut().map(Followed::settle).collect::<Result<_, _>>();
        let positions = positions.map_err(io::Error::other)?;
        file::write(&self.file, &Checkpoint { positions, state: self.state.checkpoint() })?;
        self.unsaved = false;
        Ok(())
    }

    /// Goes on where `checkpoint` stands; `Err` says why it does not fit the ledger. Epochs that were taken out of the ledger since
    /// stay counted, as long as one is left that shows that it is the same ledger.
    fn take_up(&mut self, checkpoint: Checkpoint) -> Result<Result<(), String>, RebuildError> {
        let Checkpoint { positions, state } = checkpoint;
        if let Err(error) = self.state.restore(&state) {
            return Ok(Err(error.to_string()));
        }
        let listed: BTreeMap<String, PathBuf> = epochs(&self.ledger)?.into_iter().collect();
        let known = positions.len();
        for position in positions {
            let Some(path) = listed.get(&position.epoch) else { continue };
            if !fits(path, &position) {
                return Ok(Err(format!("the ledger says otherwise in {}", position.epoch)));
            }
            let (segment, offset) = position.place;
            let cursor = match position.complete {
                true => None,
                false => Some(Cursor::resume(path, position.next, segment, offset)?),
            };
            self.epochs.insert(
                position.epoch.clone(),
                Followed { path: path.clone(), position, read: None, cursor },
            );
        }
        if known > 0 && self.epochs.is_empty() {
            return Ok(Err("it is of another ledger".to_owned()));
        }
        Ok(Ok(()))
    }

    /// Begins to follow epochs that are new, and forgets those that are gone; how many are new.
    fn discover(&mut self) -> Result<usize, RebuildError> {
        let listed = epochs(&self.ledger)?;
        self.epochs.retain(|name, _| listed.iter().any(|(epoch, _)| epoch == name));
        let mut found = 0;
        for (epoch, path) in listed {
            if self.epochs.contains_key(&epoch) {
                continue;
            }
            let position =
                Position { epoch: epoch.clone(), next: 0, place: (0, 0), last: None, complete: false };
            let cursor = Some(Cursor::new(&path));
            self.epochs.insert(epoch, Followed { path, position, read: None, cursor });
            found += 1;
        }
        Ok(found)
    }
}

impl Followed {
    /// Takes the next record; its length in bytes, `None` when there is none at present.
    fn advance(&mut self, state: &Live, also: Option<&Live>) -> Result<Option<usize>, LedgerError> {
        let Some(cursor) = &mut self.cursor else { return Ok(None) };
        match cursor.advance() {
            Ok(LineEnd::Full) => {}
            Ok(_) => return Ok(None),
            Err(_) if !self.path.exists() => {
                // The epoch was taken away.
                self.cursor = None;
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        let line = cursor.line();
        if let Some(event) = event(line) {
            state.apply(&event);
            also.inspect(|live| live.apply(&event));
        }
        self.position.next = cursor.next_seq();
        self.position.place = cursor.next_place();
        self.read = Some(cursor.line_place());
        Ok(Some(line.len()))
    }

    /// How far it was read, with the hash of the last record, which is not worked out for every record that is read.
    fn settle(&mut self) -> Result<Position, LedgerError> {
        if let Some(place) = self.read {
            let hash = hash_at(&self.path, self.position.next, place)?;
            self.position.last = hash.map(|hash| (place, hash));
            self.read = None;
        }
        Ok(self.position.clone())
    }

    /// Whether it has just come to the end of a sealed log.
    fn ends(&mut self) -> bool {
        if self.cursor.is_none() {
            return false;
        }
        let sealed =
            matches!(read_sealed(&self.path), Ok(Some(Ok(mark))) if mark.records == self.position.next);
        if sealed {
            self.position.complete = true;
            self.cursor = None;
        }
        sealed
    }
}

/// Whether the last record that was read of an epoch still stands there.
fn fits(path: &Path, position: &Position) -> bool {
    let Some((place, hash)) = &position.last else { return position.next == 0 };
    matches!(hash_at(path, position.next, *place), Ok(Some(found)) if found == *hash)
}

/// The hash of the record before record `next`, which begins at `place`; `None` when there is none.
fn hash_at(path: &Path, next: u64, (segment, offset): (u64, u64)) -> Result<Option<HexHash>, LedgerError> {
    let mut cursor = Cursor::resume(path, next.saturating_sub(1), segment, offset)?;
    let found = cursor.advance()? == LineEnd::Full && cursor.next_seq() == next;
    Ok(found.then(|| HexHash::of_line(cursor.line())))
}
