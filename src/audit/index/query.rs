//! What is asked of the index, and what it answers.
//!
//! Imports `model`, `audit::line` and `index::{entry, key, record}`. Start at [`AuditQuery`].

use std::sync::Arc;

use serde_json::Value;

use crate::audit::index::entry::{Order, Position, Search, Tags};
use crate::audit::index::key::Tag;
use crate::audit::index::record::Record;
use crate::audit::line::HexHash;
use crate::model::time::Timestamp;

/// Which records are listed. `None`, and no kinds, = any. Texts are compared exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Of this tenant.
    pub tenant: Option<String>,
    /// Besides those of that tenant, those of none.
    pub or_no_tenant: bool,
    /// Of this actor.
    pub actor: Option<String>,
    /// Of this capability; of a tool whose name makes none, that name; of document 002, the action type.
    pub capability: Option<String>,
    /// `ALLOW`, `DENY` and so on.
    pub outcome: Option<String>,
    /// The reason code.
    pub code: Option<String>,
    /// The level of the risk.
    pub risk: Option<String>,
    /// `result` of the call's execution: `completed` and so on.
    pub result: Option<String>,
    /// `result_status` of the call's execution, else of the record itself.
    pub result_status: Option<String>,
    /// The caller's session.
    pub session_id: Option<String>,
    /// The surface that recorded it.
    pub surface: Option<String>,
    /// Of one of these kinds. What became of calls (`execution`, `reconciliation`) is never listed by itself.
    pub kinds: Vec<String>,
    /// Recorded at this time or later.
    pub since: Option<Timestamp>,
    /// Recorded before this time.
    pub until: Option<Timestamp>,
    /// Which way.
    pub order: Order,
    /// Behind this one, the way the list goes.
    pub after: Option<Position>,
    /// So many are passed over.
    pub offset: u64,
    /// At most so many; `None` = all.
    pub limit: Option<usize>,
}

impl AuditQuery {
    pub(super) fn search(&self) -> Search {
        let tag = |text: &Option<String>| text.as_deref().map(Tag::of);
        Search {
            tags: Tags {
                kind: None,
                tenant: tag(&self.tenant),
                actor: tag(&self.actor),
                capability: tag(&self.capability),
                outcome: tag(&self.outcome),
                code: tag(&self.code),
                risk: tag(&self.risk),
                session: tag(&self.session_id),
                surface: tag(&self.surface),
                result_status: None,
            },
            or_no_tenant: self.or_no_tenant,
            kinds: self.kinds.iter().map(|kind| Tag::of(kind)).collect(),
            result: tag(&self.result),
            result_status: tag(&self.result_status),
            since: self.since,
            until: self.until,
            order: self.order,
            after: self.after.clone(),
        }
    }

    /// Whether `call`'s own texts are those asked for: the index knows their hashes only.
    pub(super) fn confirms(&self, call: &Call) -> bool {
        let Some(record) = call.record() else { return false };
        let execution = call.execution.as_ref().and_then(Executed::record);
        let equal = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        let executed = execution.as_ref();
        let status = executed.and_then(Record::result_status).or(record.result_status());
        (self.kinds.is_empty() || self.kinds.iter().any(|kind| Some(kind.as_str()) == record.kind()))
            && (equal(&self.tenant, record.tenant()) || (self.or_no_tenant && record.tenant().is_none()))
            && equal(&self.actor, record.actor())
            && equal(&self.capability, record.capability())
            && equal(&self.outcome, record.outcome())
            && equal(&self.code, record.code())
            && equal(&self.risk, record.risk().as_deref())
            && equal(&self.session_id, record.session_id())
            && equal(&self.surface, record.surface())
            && equal(&self.result, executed.and_then(Record::result))
            && equal(&self.result_status, status)
    }
}

/// A record that was found, and what became of its call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Where it stands in lists.
    pub at: Position,
    /// The line as written, without its newline.
    pub line: Vec<u8>,
    /// The call's execution record; `None` while there is none, and for what is no call.
    pub execution: Option<Executed>,
}

/// The second record of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Name of its epoch.
    pub epoch: Arc<str>,
    /// Its number in that epoch.
    pub seq: u64,
    /// The line as written, without its newline.
    pub line: Vec<u8>,
}

impl Call {
    /// What lists show of it.
    #[must_use]
    pub fn record(&self) -> Option<Record<'_>> {
        Record::read(&self.line)
    }

    /// The whole record; null when the line is no JSON, which a verified ledger rules out.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.line).unwrap_or_default()
    }

    /// Its hash, which the next record of its epoch names.
    #[must_use]
    pub fn hash(&self) -> HexHash {
        HexHash::of_line(&self.line)
    }
}

impl Executed {
    /// What lists show of it.
    #[must_use]
    pub fn record(&self) -> Option<Record<'_>> {
        Record::read(&self.line)
    }

    /// The whole record, as [`Call::json`].
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.line).unwrap_or_default()
    }
}

/// A part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order asked for.
    pub calls: Vec<Call>,
    /// Behind which the next page begins; `None` when nothing follows.
    pub next: Option<Position>,
}
