//! What a record says of the session its call belongs to.
//!
//! A `decision` that used a history has it in `facts.session`, and in `session` whose it is. Its own call counts besides with outcome
//! `ALLOW` or `enforced: false`; with a `hold_id` and the code `approved` it was held before.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use crate::audit::LedgerError;
use crate::audit::read::each_recent;
use crate::config::SessionLimits;
use crate::facts::{RestoredSessions, SessionRecord, Sessions};
use crate::gateway::rebuild::event::is_of_kind;
use crate::model::call::SessionDigest;
use crate::model::decision::{History, Outcome, PastStep, ReasonCode, RiskLevel};
use crate::model::time::Timestamp;
use crate::policy::rules::PlanRules;

/// Records that are read at most, the latest: a start must not take longer with every day of a ledger.
const MOST_RECORDS: u64 = 200_000;

/// The histories of the sessions that were in use lately, from the records of the ledger in the folder `ledger`; and how many records
/// were read for them.
///
/// # Errors
/// The ledger cannot be read.
pub fn restore_sessions(
    ledger: &Path,
    limits: SessionLimits,
    plan: &PlanRules,
    now: Timestamp,
) -> Result<(Sessions, u64), LedgerError> {
    let since = before(now, limits.idle);
    let mut restored = RestoredSessions::new(limits, plan);
    let records = each_recent(ledger, since, MOST_RECORDS, |line| {
        let record = session_record(line).filter(|record| record.at >= since);
        record.into_iter().for_each(|record| restored.take(record));
    })?;
    Ok((restored.finish(), records))
}

fn before(now: Timestamp, span: Duration) -> Timestamp {
    let span = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.as_micros().saturating_sub(span))
}

/// What is read of a record.
#[derive(Debug, Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    tenant: Cow<'a, str>,
    #[serde(borrow)]
    actor: Cow<'a, str>,
    #[serde(borrow, default)]
    capability: Option<Cow<'a, str>>,
    #[serde(borrow)]
    outcome: Cow<'a, str>,
    #[serde(borrow)]
    code: Cow<'a, str>,
    #[serde(default)]
    enforced: Option<bool>,
    #[serde(borrow)]
    risk: RiskOf<'a>,
    #[serde(borrow)]
    facts: FactsOf<'a>,
    #[serde(borrow)]
    session: Cow<'a, str>,
    #[serde(borrow, default)]
    hold_id: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
struct RiskOf<'a> {
    #[serde(borrow)]
    level: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
struct FactsOf<'a> {
    #[serde(borrow, default)]
    now: Option<Cow<'a, str>>,
    #[serde(borrow)]
    session: HistoryOf<'a>,
}

#[derive(Debug, Deserialize)]
struct HistoryOf<'a> {
    total_risk: u64,
    #[serde(borrow, default)]
    steps: Vec<StepOf<'a>>,
    #[serde(borrow, default)]
    reached: Vec<ReachedOf<'a>>,
}

#[derive(Debug, Deserialize)]
struct StepOf<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    risk: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
struct ReachedOf<'a> {
    #[serde(borrow)]
    sequence: Cow<'a, str>,
    #[serde(borrow)]
    seen: Vec<Cow<'a, str>>,
}

/// What the line of a record says of a session; `None` where it says nothing, or nothing that can be read.
pub(super) fn session_record(line: &[u8]) -> Option<SessionRecord> {
    if !is_of_kind(line, &[b"dec"]) {
        return None;
    }
    let head: Head<'_> =
        serde_json::from_slice(line).ok().filter(|head: &Head<'_>| head.kind == "decision")?;
    let at = head.facts.now.as_deref().unwrap_or(&head.time);
    let allowed = head.outcome == Outcome::Allow.as_str();
    let let_through = allowed || head.enforced == Some(false);
    let step = |action: Cow<'_, str>| PastStep { action: action.into(), risk: level(&head.risk.level) };
    Some(SessionRecord {
        tenant: head.tenant.into(),
        actor: head.actor.into(),
        session: SessionDigest::parse(&head.session)?,
        seen: history(head.facts.session),
        step: head.capability.filter(|_| let_through).map(step),
        held: allowed && head.hold_id.is_some() && head.code == ReasonCode::Approved.as_str(),
        at: Timestamp::parse_rfc3339(at)?,
    })
}

fn history(read: HistoryOf<'_>) -> History {
    let surplus = read.steps.len().saturating_sub(History::STEPS_MAX);
    let steps = read.steps.into_iter().skip(surplus);
    let seen = |seen: Vec<Cow<'_, str>>| seen.into_iter().map(Arc::from).collect();
    History {
        steps: steps.map(|step| PastStep { action: step.action.into(), risk: level(&step.risk) }).collect(),
        total_risk: read.total_risk,
        reached: read.reached.into_iter().map(|come| (come.sequence.into(), seen(come.seen))).collect(),
    }
}

/// A level this version does not know is taken for the worst.
fn level(name: &str) -> RiskLevel {
    RiskLevel::parse(name).unwrap_or(RiskLevel::Critical)
}
