//! What a start says of calls that an earlier process let through and never said the end of: `outcome_unknown`.
//!
//! Imports `audit` and `model`. Only epochs that say so of themselves are read (`epoch/unreconciled.rs`): those whose process
//! died, and those whose process could not write all of its execution records. Start reading at [`reconcile`].
//!
//! It may be cut off at any point and begun again by the next start. Its records stand at the very beginning of an epoch, so
//! what an earlier try has written is found without reading those epochs whole, and no call is named twice.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use foldhash::fast::RandomState;
use serde::Deserialize;

use crate::audit::action::GOVERNANCE;
use crate::audit::epoch::{epochs, set_reconciled};
use crate::audit::error::{AppendError, LedgerError};
use crate::audit::execution::{ReconciledCall, ReconciledCrowd};
use crate::audit::ledger::{Ledger, OpenReport};
use crate::audit::read::{Cursor, LineEnd};
use crate::model::id::ID_TEXT_BYTES;
use crate::model::time::Timestamp;

/// An epoch that was looked through.
#[derive(Debug)]
pub struct Reconciled {
    /// Its name.
    pub epoch: String,
    /// How many calls were found whose outcome is unknown; or why that could not be found out or recorded. In that case the
    /// next start tries again.
    pub calls: Result<u64, LedgerError>,
}

/// Records in `ledger`, just opened and without other records than its own, that nothing is known about the end of calls in
/// the epochs that `report` names. At most `most` calls of an epoch are held in memory and named; what is open beyond them is
/// recorded as a number.
pub async fn reconcile(ledger: &Ledger, report: &OpenReport, most: usize, now: Timestamp) -> Vec<Reconciled> {
    let mut reconciled = Vec::with_capacity(report.unreconciled.len());
    for epoch in &report.unreconciled {
        let calls = one(ledger, epoch, most, now).await;
        reconciled.push(Reconciled { epoch: epoch.clone(), calls });
    }
    reconciled
}

async fn one(ledger: &Ledger, epoch: &str, most: usize, now: Timestamp) -> Result<u64, LedgerError> {
    let directory = ledger.epoch_directory().parent().unwrap_or(Path::new("."));
    let open = open_calls(directory, epoch, most)?;
    let (calls, records) = open.into_records(epoch);
    let last = records.len().saturating_sub(1);
    for (index, record) in records.iter().enumerate() {
        // The last is waited for: once it is durable, so are those before it.
        let taken =
            if index < last { ledger.append_from_reserve(record, now) } else { Err(AppendError::Busy) };
        match taken {
            Err(AppendError::Busy) => ledger.record_from_reserve(record, now).await?,
            taken => taken?,
        };
    }
    set_reconciled(&directory.join(epoch))?;
    Ok(calls)
}

/// The calls of `epoch` of which neither it nor a later epoch says what became of them.
fn open_calls(directory: &Path, epoch: &str, most: usize) -> Result<OpenCalls, LedgerError> {
    let mut open = OpenCalls::new(most);
    let mut later = epochs(directory)?.into_iter().skip_while(|(name, _)| name.as_str() < epoch);
    let Some((_, path)) = later.next().filter(|(name, _)| name == epoch) else { return Ok(open) };
    let mut cursor = Cursor::new(&path);
    loop {
        let seq = cursor.next_seq();
        if cursor.advance()? != LineEnd::Full {
            break;
        }
        open.take(epoch, seq, cursor.line());
    }
    for (_, path) in later {
        let mut cursor = Cursor::new(&path);
        while cursor.advance()? == LineEnd::Full && open.take_later(epoch, cursor.line()) {}
    }
    Ok(open)
}

/// A call's request id, without its prefix.
type Key = [u8; ID_TEXT_BYTES];

/// A fold over the records of an epoch: the calls that were let through and whose end is not told yet.
#[derive(Debug)]
struct OpenCalls {
    most: usize,
    named: HashMap<Key, Open, RandomState>,
    /// Calls beyond those, and the number of the first.
    crowd: u64,
    crowd_from: u64,
}

#[derive(Debug)]
struct Open {
    seq: u64,
    record: Vec<u8>,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    outcome: Option<Cow<'a, str>>,
    enforced: Option<bool>,
    /// Of a reconciliation.
    #[serde(borrow)]
    epoch: Option<Cow<'a, str>>,
    calls: Option<u64>,
    #[serde(borrow)]
    tenant: Option<Cow<'a, str>>,
    #[serde(borrow)]
    actor: Option<Cow<'a, str>>,
    #[serde(borrow)]
    capability: Option<Cow<'a, str>>,
    #[serde(borrow)]
    tool: Option<Cow<'a, str>>,
    #[serde(borrow)]
    route: Option<Cow<'a, str>>,
    #[serde(borrow)]
    decision_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    request_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    surface: Option<Cow<'a, str>>,
}

impl Head<'_> {
    fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or_default()
    }

    /// Whether the record let a call through. Proposals are carried out by whoever proposes them, not by us.
    fn lets_through(&self) -> bool {
        if self.surface.as_deref() == Some(GOVERNANCE) {
            return false;
        }
        match self.kind() {
            "decision" => self.outcome.as_deref() == Some("ALLOW") || self.enforced == Some(false),
            "bypass" => true,
            _ => false,
        }
    }

    fn key(&self) -> Option<Key> {
        let (_, text) = self.request_id.as_deref()?.split_once('_')?;
        text.as_bytes().try_into().ok()
    }
}

impl OpenCalls {
    fn new(most: usize) -> Self {
        Self { most, named: HashMap::default(), crowd: 0, crowd_from: 0 }
    }

    /// Takes the next record of `epoch`.
    fn take(&mut self, epoch: &str, seq: u64, line: &[u8]) {
        let Ok(head) = serde_json::from_slice::<Head<'_>>(line) else { return };
        let Some(key) = head.key() else { return };
        if head.kind() == "execution" {
            if self.named.remove(&key).is_none() {
                self.crowd = self.crowd.saturating_sub(1);
            }
        } else if head.lets_through() {
            if self.named.len() < self.most {
                self.named.insert(key, Open { seq, record: named(epoch, seq, head) });
                return;
            }
            if self.crowd == 0 {
                self.crowd_from = seq;
            }
            self.crowd += 1;
        }
    }

    /// Takes the next record of a later epoch. False: what follows does not matter.
    fn take_later(&mut self, epoch: &str, line: &[u8]) -> bool {
        let Ok(head) = serde_json::from_slice::<Head<'_>>(line) else { return false };
        match head.kind() {
            "epoch" | "repair" => return true,
            "reconciliation" => {}
            _ => return false,
        }
        if head.epoch.as_deref() == Some(epoch) {
            if head.calls.is_some() {
                // The number is written last: all of this epoch is told.
                self.named.clear();
                self.crowd = 0;
            } else if let Some(key) = head.key() {
                self.named.remove(&key);
            }
        }
        true
    }

    /// How many calls are open, and what is to be recorded of them, in the order of the calls.
    fn into_records(self, epoch: &str) -> (u64, Vec<Vec<u8>>) {
        let mut named: Vec<Open> = self.named.into_values().collect();
        named.sort_unstable_by_key(|open| open.seq);
        let calls = named.len() as u64 + self.crowd;
        let mut records: Vec<Vec<u8>> = named.into_iter().map(|open| open.record).collect();
        if self.crowd > 0 {
            let crowd = ReconciledCrowd { epoch, first_seq: self.crowd_from, calls: self.crowd };
            records.push(crowd.payload());
        }
        (calls, records)
    }
}

fn named(epoch: &str, seq: u64, head: Head<'_>) -> Vec<u8> {
    let members = [
        ("tenant", head.tenant),
        ("actor", head.actor),
        ("capability", head.capability),
        ("tool", head.tool),
        ("route", head.route),
        ("decision_id", head.decision_id),
        ("request_id", head.request_id),
    ];
    ReconciledCall { epoch, seq, members }.payload()
}
