//! What the index keeps of a record: where it is, what it can be found by, and where its call's execution is.
//!
//! Imports `model`, `index::{key, record}`. Start at [`Entry`].

use std::cmp::Ordering;
use std::sync::Arc;

use crate::audit::index::key::{CallKey, Tag};
use crate::audit::index::record::Record;
use crate::model::time::Timestamp;

/// Where a record stands in the order of lists: by time, of one time by epoch, of one epoch by number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// When it was recorded.
    pub time: Timestamp,
    /// Name of its epoch.
    pub epoch: Arc<str>,
    /// Its number in that epoch.
    pub seq: u64,
}

impl Position {
    /// Epoch and number as one text, for a cursor that carries the time beside it.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.epoch, self.seq)
    }

    /// The position of that time and [`Self::id`]; `None` when the text is none.
    #[must_use]
    pub fn parse(time: Timestamp, id: &str) -> Option<Self> {
        let (epoch, seq) = id.split_once('/')?;
        Some(Self { time, epoch: epoch.into(), seq: seq.parse().ok()? })
    }
}

/// Where a line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number of its segment's first record.
    pub segment: u64,
    /// Bytes before it in that segment.
    pub offset: u64,
}

/// What a record is found by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// `kind`.
    pub kind: Option<Tag>,
    /// `tenant`.
    pub tenant: Option<Tag>,
    /// `actor`.
    pub actor: Option<Tag>,
    /// `capability`, or `tool`.
    pub capability: Option<Tag>,
    /// `outcome`.
    pub outcome: Option<Tag>,
    /// `code`.
    pub code: Option<Tag>,
    /// `risk.level`.
    pub risk: Option<Tag>,
    /// `session_id`.
    pub session: Option<Tag>,
    /// `surface`.
    pub surface: Option<Tag>,
    /// `result_status`; that of the execution wins.
    pub result_status: Option<Tag>,
}

/// A record in the index: anything but the second record of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands in lists.
    pub at: Position,
    /// Where its line is.
    pub place: Place,
    /// What the records of its call share.
    pub key: Option<CallKey>,
    /// What it is found by.
    pub tags: Tags,
    /// What became of the call, as far as known.
    pub execution: Option<Execution>,
}

/// The second record of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The call.
    pub key: CallKey,
    /// Name of its epoch: not always the call's own.
    pub epoch: Arc<str>,
    /// Its number in that epoch.
    pub seq: u64,
    /// Where its line is.
    pub place: Place,
    /// `result`.
    pub result: Option<Tag>,
    /// `result_status`.
    pub result_status: Option<Tag>,
}

/// What a line is to the index.
#[expect(clippy::large_enum_variant, reason = "most are entries, and each is moved to its place at once")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indexed {
    /// A row.
    Entry(Entry),
    /// What became of a row's call.
    Execution(Execution),
    /// Neither: an execution without a call, or a line that is no record.
    Nothing,
}

impl Indexed {
    /// Reads a line.
    #[must_use]
    pub fn read(line: &[u8], epoch: &Arc<str>, seq: u64, place: Place) -> Self {
        let Some(record) = Record::read(line) else { return Self::Nothing };
        let key = record.key();
        if record.is_execution() {
            let Some(key) = key else { return Self::Nothing };
            let tag = |text: Option<&str>| text.map(Tag::of);
            let (result, result_status) = (tag(record.result()), tag(record.result_status()));
            return Self::Execution(Execution {
                key,
                epoch: Arc::clone(epoch),
                seq,
                place,
                result,
                result_status,
            });
        }
        let Some(time) = record.time() else { return Self::Nothing };
        let at = Position { time, epoch: Arc::clone(epoch), seq };
        Self::Entry(Entry { at, place, key, tags: record.tags(), execution: None })
    }
}

/// Which way a list goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Oldest first.
    Ascending,
    /// Newest first.
    #[default]
    Descending,
}

impl Order {
    /// Compares as the list is ordered.
    #[must_use]
    pub fn compare(self, one: &Position, other: &Position) -> Ordering {
        match self {
            Self::Ascending => one.cmp(other),
            Self::Descending => other.cmp(one),
        }
    }
}

/// A query in the terms of the index. `None` = any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// What each tag must be; `kind` and `result_status` are not used here.
    pub tags: Tags,
    /// Whether what has no tenant is wanted besides those of the tenant.
    pub or_no_tenant: bool,
    /// One of these kinds; empty = any.
    pub kinds: Vec<Tag>,
    /// The execution's result.
    pub result: Option<Tag>,
    /// The execution's `result_status`, else the record's own.
    pub result_status: Option<Tag>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Which way.
    pub order: Order,
    /// Behind this one, the way the list goes.
    pub after: Option<Position>,
}

impl Search {
    /// Whether it asks what became of calls.
    #[must_use]
    pub const fn asks_results(&self) -> bool {
        self.result.is_some() || self.result_status.is_some()
    }

    /// Whether `entry` is one of those wanted.
    #[must_use]
    pub fn matches(&self, entry: &Entry) -> bool {
        self.matches_record(entry) && self.matches_result(entry)
    }

    /// The same, but for what became of the call.
    #[must_use]
    pub fn matches_record(&self, entry: &Entry) -> bool {
        let equal = |wanted: Option<Tag>, found: Option<Tag>| wanted.is_none() || wanted == found;
        let (wanted, found) = (&self.tags, &entry.tags);
        let behind = |after: &Position| self.order.compare(&entry.at, after) == Ordering::Greater;
        self.since.is_none_or(|since| entry.at.time >= since)
            && self.until.is_none_or(|until| entry.at.time < until)
            && self.after.as_ref().is_none_or(behind)
            && (self.kinds.is_empty() || found.kind.is_some_and(|kind| self.kinds.contains(&kind)))
            && (equal(wanted.tenant, found.tenant) || (self.or_no_tenant && found.tenant.is_none()))
            && equal(wanted.actor, found.actor)
            && equal(wanted.capability, found.capability)
            && equal(wanted.outcome, found.outcome)
            && equal(wanted.code, found.code)
            && equal(wanted.risk, found.risk)
            && equal(wanted.session, found.session)
            && equal(wanted.surface, found.surface)
    }

    fn matches_result(&self, entry: &Entry) -> bool {
        let execution = entry.execution.as_ref();
        let status = execution.and_then(|execution| execution.result_status).or(entry.tags.result_status);
        (self.result.is_none() || execution.is_some_and(|execution| execution.result == self.result))
            && (self.result_status.is_none() || status == self.result_status)
    }
}
