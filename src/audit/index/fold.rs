//! Fills the index from the ledger, epoch by epoch, in batches, from where it stopped.
//!
//! Imports `audit::{epoch, line, read}` and the files beside it. Start at [`Indexer::step`]. Whoever runs it decides how often.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::audit::epoch::{epochs, read_sealed};
use crate::audit::index::entry::{Indexed, Place};
use crate::audit::index::search::AuditIndex;
use crate::audit::index::shelf::Shelf;
use crate::audit::index::store::{Batch, IndexError, Progress};
use crate::audit::line::HexHash;
use crate::audit::read::{Cursor, LineEnd};

/// Most records and bytes of one batch: a few milliseconds of work.
const BATCH_RECORDS: usize = 2000;
const BATCH_BYTES: usize = 4 << 20;

/// Fills one index. Two that fill the same one do the work twice and no harm.
#[derive(Debug)]
pub struct Indexer {
    index: Arc<AuditIndex>,
    /// `None`: the store is to be asked how far it is.
    epochs: Option<BTreeMap<Arc<str>, Followed>>,
}

/// An epoch that is being read.
#[derive(Debug)]
struct Followed {
    path: PathBuf,
    progress: Progress,
    /// The store has not heard of it.
    fresh: bool,
    /// `None` once it is complete.
    cursor: Option<Cursor>,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Records that are in the index now and were not before.
    pub records: usize,
    /// Whether there was no more to be read.
    pub idle: bool,
    /// Whether the index was emptied first, because it was damaged or said what the ledger does not.
    pub emptied: bool,
}

impl Indexer {
    /// Fills `index`.
    #[must_use]
    pub const fn new(index: Arc<AuditIndex>) -> Self {
        Self { index, epochs: None }
    }

    /// Reads a batch and puts it in.
    ///
    /// # Errors
    /// Nothing of it is in. The next step begins with asking the store how far it is, and with making it anew where it was
    /// damaged.
    pub fn step(&mut self) -> Result<Step, IndexError> {
        let done = self.try_step();
        match &done {
            Ok(_) => self.index.note(Some(self.indexed()), None),
            Err(error) => {
                let lost = matches!(error, IndexError::Damaged(_) | IndexError::Replaced(_));
                if matches!(error, IndexError::Damaged(_)) {
                    self.index.suspect();
                }
                self.index.note(lost.then_some(0), Some(error.clone()));
                self.epochs = None;
            }
        }
        done
    }

    fn try_step(&mut self) -> Result<Step, IndexError> {
        let mut emptied = self.index.take_suspect();
        if emptied {
            self.epochs = None;
            self.index.store().reset().inspect_err(|_| self.index.suspect())?;
        }
        if self.epochs.is_none() {
            let (followed, reset) = begin(&self.index)?;
            self.epochs = Some(followed);
            emptied |= reset;
        }
        let epochs = self.epochs.get_or_insert_default();
        let (batch, records) = read(epochs)?;
        if batch.progress.is_empty() {
            let found = discover(&self.index, epochs)?;
            return Ok(Step { records: 0, idle: found == 0, emptied });
        }
        self.index.store().add(&batch)?;
        Ok(Step { records, idle: false, emptied })
    }

    fn indexed(&self) -> u64 {
        let epochs = self.epochs.iter().flat_map(BTreeMap::values);
        epochs.map(|followed| followed.progress.next).sum()
    }
}

/// Takes up what the store knows, or empties it when the ledger is another than the one it was made from: an epoch is gone, or
/// one that was read has another last record (the end of a log that a crash of the machine took).
fn begin(index: &AuditIndex) -> Result<(BTreeMap<Arc<str>, Followed>, bool), IndexError> {
    let known = index.view()?.progress()?;
    let directory = index.directory();
    let listed = epochs(directory)?;
    let mut shelf = Shelf::new(directory);
    let mut fits = known.iter().zip(&listed).all(|(known, (name, _))| *known.epoch == **name);
    fits &= known.len() <= listed.len();
    for Progress { epoch, next, last, .. } in &known {
        let Some((place, hash)) = last else { continue };
        let line = shelf.line(epoch, next.saturating_sub(1), *place);
        fits &= matches!(line, Ok(Some(line)) if HexHash::of_line(&line) == *hash);
    }
    let mut followed = BTreeMap::new();
    if !fits {
        index.store().reset()?;
        discover(index, &mut followed)?;
        return Ok((followed, true));
    }
    for (progress, (_, path)) in known.into_iter().zip(listed) {
        let Place { segment, offset } = progress.place;
        let resume = || Cursor::resume(&path, progress.next, segment, offset);
        let cursor = if progress.complete { None } else { Some(resume()?) };
        followed.insert(Arc::clone(&progress.epoch), Followed { path, progress, fresh: false, cursor });
    }
    discover(index, &mut followed)?;
    Ok((followed, false))
}

/// Begins to follow epochs that are new. They come after those known: the store numbers them in their order.
fn discover(index: &AuditIndex, followed: &mut BTreeMap<Arc<str>, Followed>) -> Result<usize, IndexError> {
    let last = followed.keys().next_back().cloned();
    let mut found = 0;
    for (name, path) in epochs(index.directory())? {
        let epoch: Arc<str> = Arc::from(name);
        if followed.contains_key(&epoch) {
            continue;
        }
        if last.as_ref().is_some_and(|last| epoch < *last) {
            let why = format!("{epoch} was put into the ledger later than epochs that follow it");
            return Err(IndexError::Damaged(why));
        }
        let place = Place { segment: 0, offset: 0 };
        let progress = Progress { epoch: Arc::clone(&epoch), next: 0, place, last: None, complete: false };
        let cursor = Some(Cursor::new(&path));
        followed.insert(epoch, Followed { path, progress, fresh: true, cursor });
        found += 1;
    }
    Ok(found)
}

/// The next records of all epochs, and how many they are.
fn read(epochs: &mut BTreeMap<Arc<str>, Followed>) -> Result<(Batch, usize), IndexError> {
    let mut batch = Batch::default();
    let (mut records, mut bytes) = (0, 0);
    for followed in epochs.values_mut() {
        let before = followed.progress.next;
        while records < BATCH_RECORDS && bytes < BATCH_BYTES {
            match followed.advance(&mut batch)? {
                Some(length) => {
                    records += 1;
                    bytes += length;
                }
                None => break,
            }
        }
        let fresh = std::mem::take(&mut followed.fresh);
        if fresh || followed.progress.next > before || followed.ends() {
            batch.progress.push((before, followed.progress.clone()));
        }
    }
    Ok((batch, records))
}

impl Followed {
    /// Takes the next record; its length in bytes, `None` when there is none at present.
    fn advance(&mut self, batch: &mut Batch) -> Result<Option<usize>, IndexError> {
        let Some(cursor) = &mut self.cursor else { return Ok(None) };
        let seq = cursor.next_seq();
        match cursor.advance() {
            Ok(LineEnd::Full) => {}
            Ok(_) => return Ok(None),
            Err(_) if !self.path.exists() => {
                // The epoch was taken away. The next start makes the index anew.
                self.cursor = None;
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        }
        let place = |(segment, offset)| Place { segment, offset };
        let (line, this) = (cursor.line(), place(cursor.line_place()));
        match Indexed::read(line, &self.progress.epoch, seq, this) {
            Indexed::Entry(entry) => batch.entries.push(entry),
            Indexed::Execution(execution) => batch.executions.push(execution),
            Indexed::Nothing => {}
        }
        self.progress.next = cursor.next_seq();
        self.progress.place = place(cursor.next_place());
        self.progress.last = Some((this, HexHash::of_line(line)));
        Ok(Some(line.len()))
    }

    /// Whether it has just come to the end of a sealed log.
    fn ends(&mut self) -> bool {
        if self.cursor.is_none() {
            return false;
        }
        let sealed =
            matches!(read_sealed(&self.path), Ok(Some(Ok(mark))) if mark.records == self.progress.next);
        if sealed {
            self.progress.complete = true;
            self.cursor = None;
        }
        sealed
    }
}
