//! [`AuditIndex`]: what the rest of the gateway asks. The index and the ledger's tail together, always up to the last record.
//!
//! Imports `audit::{ledger, read}` and the files beside it. Start at [`AuditIndex::query`].

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::RandomState;

use crate::audit::index::entry::{Entry, Position, Search};
use crate::audit::index::key::CallKey;
use crate::audit::index::query::{AuditQuery, Call, Executed, Page};
use crate::audit::index::shelf::{Shelf, find_by_time};
use crate::audit::index::store::{IndexError, IndexStore, IndexView, NoStore};
use crate::audit::index::tail::Tail;
use crate::audit::ledger::Ledger;

/// Beyond so many records that are not in the index yet, a query would take too long and too much memory.
pub const MOST_BEHIND: u64 = 200_000;

/// Entries that are asked of the store in one go.
const CHUNK: usize = 512;

/// The index over a ledger. Blocks on files: not for threads that serve.
#[derive(Debug)]
pub struct AuditIndex {
    store: Arc<dyn IndexStore>,
    directory: PathBuf,
    /// `None` when it is read from files alone.
    ledger: Option<Arc<Ledger>>,
    indexed: AtomicU64,
    /// It was seen to say what the ledger does not.
    suspect: AtomicBool,
    failing: Mutex<Option<IndexError>>,
}

/// How the index is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexHealth {
    /// Why nothing is added to it at present.
    pub failing: Option<IndexError>,
    /// Records of the ledger that are not in it.
    pub behind: u64,
}

impl AuditIndex {
    /// The index that `store` keeps of the ledger this process writes.
    #[must_use]
    pub fn new(store: Arc<dyn IndexStore>, ledger: Arc<Ledger>) -> Self {
        let directory = ledger.epoch_directory().parent().unwrap_or(Path::new(".")).to_path_buf();
        Self { ledger: Some(ledger), ..Self::over(store, directory) }
    }

    /// Answers from the files of the ledger in `directory` alone: reads all of it for each query.
    #[must_use]
    pub fn offline(directory: &Path) -> Self {
        Self::over(Arc::new(NoStore), directory.to_path_buf())
    }

    pub(crate) fn over(store: Arc<dyn IndexStore>, directory: PathBuf) -> Self {
        let (indexed, suspect) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { store, directory, ledger: None, indexed, suspect, failing: Mutex::default() }
    }

    /// A page of the records that `query` asks for, up to the last one the ledger took.
    ///
    /// # Errors
    /// [`IndexError::Behind`] while more than [`MOST_BEHIND`] records are not indexed, and whatever keeps the index or the
    /// ledger from being read.
    pub fn query(&self, query: &AuditQuery) -> Result<Page, IndexError> {
        self.noting(|index| index.page(query))
    }

    /// How many records `query` asks for, without regard to `after`, `offset` and `limit`.
    ///
    /// # Errors
    /// As [`Self::query`].
    pub fn count(&self, query: &AuditQuery) -> Result<u64, IndexError> {
        self.noting(|index| {
            let search = Search { after: None, ..query.search() };
            let view = index.view()?;
            let mut tail = index.tail(&*view, None, |entry| search.matches_record(entry))?;
            let mut count = view.count(&search)?;
            if search.asks_results() {
                for mut entry in tail.outdated(&*view)? {
                    let before = search.matches(&entry);
                    tail.complete(&mut entry);
                    let (less, more) = (u64::from(before), u64::from(search.matches(&entry)));
                    count = (count + more).saturating_sub(less);
                }
            }
            Ok(count + tail.take(&search).len() as u64)
        })
    }

    /// The decision with that id (`dec_...`, or its UUID), and what became of its call. Of several records of one decision (a
    /// call that waited for a person) it is the last.
    ///
    /// Where the index cannot help, the ledger itself is searched around the time that the id carries; an execution is then
    /// found if it is in the same epoch and not far behind.
    ///
    /// # Errors
    /// The ledger could not be read.
    pub fn find(&self, id: &str) -> Result<Option<Call>, IndexError> {
        let Some(key) = CallKey::parse(id) else { return Ok(None) };
        self.noting(|index| {
            let entry = match index.entry(&key) {
                Ok(Some(entry)) => Some(entry),
                Ok(None) | Err(_) => find_by_time(&index.directory, &key)?,
            };
            let mut shelf = Shelf::new(&index.directory);
            entry.map_or(Ok(None), |entry| load(&mut shelf, entry))
        })
    }

    /// How it is. Reads nothing.
    #[must_use]
    pub fn health(&self) -> IndexHealth {
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner).clone();
        IndexHealth { failing, behind: self.records().saturating_sub(self.indexed.load(Ordering::Relaxed)) }
    }

    pub(super) fn store(&self) -> &dyn IndexStore {
        &*self.store
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the one who fills it has to say: how many records are in, where that changed, and why no more are.
    pub(super) fn note(&self, indexed: Option<u64>, failing: Option<IndexError>) {
        if let Some(indexed) = indexed {
            self.indexed.store(indexed, Ordering::Relaxed);
        }
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = failing;
    }

    pub(super) fn take_suspect(&self) -> bool {
        self.suspect.swap(false, Ordering::Relaxed)
    }

    pub(super) fn suspect(&self) {
        self.suspect.store(true, Ordering::Relaxed);
    }

    /// Records the ledger has taken.
    fn records(&self) -> u64 {
        self.ledger.as_ref().map_or(0, |ledger| ledger.status().records_total)
    }

    fn noting<T>(&self, work: impl FnOnce(&Self) -> Result<T, IndexError>) -> Result<T, IndexError> {
        work(self).inspect_err(|error| {
            if matches!(error, IndexError::Damaged(_)) {
                self.suspect();
            }
        })
    }

    pub(super) fn view(&self) -> Result<Box<dyn IndexView + '_>, IndexError> {
        match self.store.view() {
            // What is there now is as good: the tail is longer then.
            Err(IndexError::Replaced(_)) => self.store.view(),
            view => view,
        }
    }

    fn tail(
        &self,
        view: &dyn IndexView,
        of: Option<&CallKey>,
        wanted: impl Fn(&Entry) -> bool,
    ) -> Result<Tail, IndexError> {
        let progress = view.progress()?;
        let indexed = progress.iter().map(|progress| progress.next).sum();
        let records = self.records().saturating_sub(indexed);
        if records > MOST_BEHIND {
            return Err(IndexError::Behind { records });
        }
        Tail::read(&self.directory, &progress, of, wanted)
    }

    fn entry(&self, key: &CallKey) -> Result<Option<Entry>, IndexError> {
        let view = self.view()?;
        let tail = self.tail(&*view, Some(key), |entry| entry.key.as_ref() == Some(key))?;
        let mut entries = view.of_call(key)?;
        entries.extend(tail.entries.iter().cloned());
        let last = entries.into_iter().max_by(|one, other| one.at.cmp(&other.at));
        Ok(last.map(|mut entry| {
            tail.complete(&mut entry);
            entry
        }))
    }

    fn page(&self, query: &AuditQuery) -> Result<Page, IndexError> {
        let search = query.search();
        let view = self.view()?;
        let tail = self.tail(&*view, None, |entry| search.matches_record(entry))?;
        let limit = query.limit.unwrap_or(usize::MAX);
        let mut page = Page::default();
        if limit == 0 {
            return Ok(page);
        }
        let mut shelf = Shelf::new(&self.directory);
        let mut passed = 0;
        let mut merge = Merge::new(&*view, &search, tail, limit.saturating_add(1))?;
        while let Some(entry) = merge.next()? {
            if passed < query.offset {
                passed += 1;
                continue;
            }
            if page.calls.len() == limit {
                page.next = page.calls.last().map(|call| call.at.clone());
                break;
            }
            page.calls.extend(load(&mut shelf, entry)?.filter(|call| query.confirms(call)));
        }
        Ok(page)
    }
}

/// The line of an entry, and that of its execution. `None` when its epoch was taken away.
fn load(shelf: &mut Shelf<'_>, entry: Entry) -> Result<Option<Call>, IndexError> {
    let Entry { at, place, execution, .. } = entry;
    let Some(line) = shelf.line(&at.epoch, at.seq, place)? else { return Ok(None) };
    let execution = match execution {
        Some(execution) => {
            let line = shelf.line(&execution.epoch, execution.seq, execution.place)?;
            line.map(|line| Executed { epoch: execution.epoch, seq: execution.seq, line })
        }
        None => None,
    };
    Ok(Some(Call { at, line, execution }))
}

/// The entries of the index and those of the tail, in one order.
struct Merge<'q> {
    view: &'q dyn IndexView,
    search: &'q Search,
    tail: Tail,
    /// Calls that the index does not know the end of, when that is what is asked for: they are among `late`.
    outdated: HashSet<Position, RandomState>,
    late: VecDeque<Entry>,
    chunk: VecDeque<Entry>,
    chunk_entries: usize,
    after: Option<Position>,
    exhausted: bool,
}

impl<'q> Merge<'q> {
    fn new(
        view: &'q dyn IndexView,
        search: &'q Search,
        mut tail: Tail,
        limit: usize,
    ) -> Result<Self, IndexError> {
        let outdated = if search.asks_results() { tail.outdated(view)? } else { Vec::new() };
        let positions = outdated.iter().map(|entry| entry.at.clone()).collect();
        tail.entries.extend(outdated);
        let late = tail.take(search).into();
        let (chunk, chunk_entries) = (VecDeque::new(), limit.min(CHUNK));
        let after = search.after.clone();
        Ok(Self {
            view,
            search,
            tail,
            outdated: positions,
            late,
            chunk,
            chunk_entries,
            after,
            exhausted: false,
        })
    }

    fn next(&mut self) -> Result<Option<Entry>, IndexError> {
        while self.chunk.is_empty() && !self.exhausted {
            let found = self.view.search(self.search, self.after.as_ref(), self.chunk_entries)?;
            self.exhausted = found.len() < self.chunk_entries;
            self.after = found.last().map(|entry| entry.at.clone()).or(self.after.take());
            self.chunk.extend(found.into_iter().filter(|entry| !self.outdated.contains(&entry.at)));
            self.chunk_entries = CHUNK;
        }
        let late_first = match (self.chunk.front(), self.late.front()) {
            (Some(indexed), Some(late)) => self.search.order.compare(&late.at, &indexed.at).is_lt(),
            (None, _) => true,
            (_, None) => false,
        };
        let next = if late_first { self.late.pop_front() } else { self.chunk.pop_front() };
        Ok(next.map(|mut entry| {
            self.tail.complete(&mut entry);
            entry
        }))
    }
}
