//! What the ledger holds beyond the index, read for a query.
//!
//! Imports `audit::{epoch, read}` and `index::{entry, key, store}`. Start at [`Tail::read`].

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::audit::epoch::epochs;
use crate::audit::index::entry::{Entry, Execution, Indexed, Place, Search};
use crate::audit::index::key::CallKey;
use crate::audit::index::store::{IndexError, IndexView, Progress};
use crate::audit::read::{Cursor, LineEnd};

/// The records that are not in the index yet.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// Those that were asked for, without executions, in the order of the ledger.
    pub(super) entries: Vec<Entry>,
    /// What became of calls, of these entries or of some in the index.
    pub(super) executions: HashMap<CallKey, Execution, RandomState>,
}

impl Tail {
    /// Reads what lies beyond `progress`, as far as `wanted` says yes and executions of `of` alone if that is given.
    pub(super) fn read(
        directory: &Path,
        progress: &[Progress],
        of: Option<&CallKey>,
        wanted: impl Fn(&Entry) -> bool,
    ) -> Result<Self, IndexError> {
        let mut tail = Self::default();
        for (name, path) in epochs(directory)? {
            let known = progress.iter().find(|progress| *progress.epoch == *name);
            let mut cursor = match known {
                Some(progress) if progress.complete => continue,
                Some(Progress { next, place: Place { segment, offset }, .. }) => {
                    Cursor::resume(&path, *next, *segment, *offset)?
                }
                None => Cursor::new(&path),
            };
            let epoch: Arc<str> = Arc::from(name);
            loop {
                let seq = cursor.next_seq();
                if cursor.advance()? != LineEnd::Full {
                    break;
                }
                let (segment, offset) = cursor.line_place();
                match Indexed::read(cursor.line(), &epoch, seq, Place { segment, offset }) {
                    Indexed::Entry(entry) if wanted(&entry) => tail.entries.push(entry),
                    Indexed::Execution(execution) if of.is_none_or(|key| *key == execution.key) => {
                        tail.executions.entry(execution.key).or_insert(execution);
                    }
                    _ => {}
                }
            }
        }
        Ok(tail)
    }

    /// What became of `entry`'s call, if the index does not know.
    pub(super) fn complete(&self, entry: &mut Entry) {
        if entry.execution.is_none()
            && let Some(key) = &entry.key
        {
            entry.execution = self.executions.get(key).cloned();
        }
    }

    /// The entries of the index of whose calls only the tail says what became: as they are there.
    pub(super) fn outdated(&self, view: &dyn IndexView) -> Result<Vec<Entry>, IndexError> {
        let mut outdated = Vec::new();
        for key in self.executions.keys() {
            outdated.extend(view.of_call(key)?.into_iter().filter(|entry| entry.execution.is_none()));
        }
        Ok(outdated)
    }

    /// Takes the entries out, with what became of them, as far as `search` wants them, in its order.
    pub(super) fn take(&mut self, search: &Search) -> Vec<Entry> {
        let mut entries = std::mem::take(&mut self.entries);
        entries.iter_mut().for_each(|entry| self.complete(entry));
        entries.retain(|entry| search.matches(entry));
        entries.sort_by(|one, other| search.order.compare(&one.at, &other.at));
        entries
    }
}
