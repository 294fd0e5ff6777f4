//! What a record says for the live numbers.
//!
//! | record | event |
//! |---|---|
//! | `decision` with outcome `ALLOW`, unless it has `enforced: false` | a call was let through, at its `facts.now`; with a member `charge`, it counts against a rate of `charge.max_requests` at `charge.at`; with `shared_charge`, likewise against what all callers of the capability share |
//! | `decision` with `observed`, whatever its outcome | it was observed for the gates: its shape, and its score where it has one |
//! | `drift.recalibrated` | its actor's drift baseline was forgotten |
//! | `execution` of a decision (it has a `decision_id`) that says something of the call ([`ExecutionResult::failed`]) | it was reported |
//! | `report` with `failed` | it was reported |

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use serde::Deserialize;

use crate::audit::record::DRIFT_RECALIBRATED;
use crate::facts::{Event, Observation, SharedUse, What, Who};
use crate::model::decision::{ExecutionResult, Outcome, RiskScore};
use crate::model::time::Timestamp;

/// What is read of a record. A member of another type makes it none, and no record of this gateway has one.
#[derive(Debug, Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    tenant: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    actor: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    capability: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    outcome: Option<Cow<'a, str>>,
    #[serde(default)]
    enforced: Option<bool>,
    #[serde(borrow, default)]
    facts: Option<FactsOf<'a>>,
    #[serde(borrow, default)]
    charge: Option<ChargeOf<'a>>,
    #[serde(borrow, default)]
    shared_charge: Option<ChargeOf<'a>>,
    #[serde(borrow, default)]
    observed: Option<ObservedOf<'a>>,
    #[serde(borrow, default)]
    decision_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    result: Option<Cow<'a, str>>,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    failed: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct FactsOf<'a> {
    #[serde(borrow, default)]
    now: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
struct ChargeOf<'a> {
    #[serde(default)]
    max_requests: Option<u32>,
    #[serde(borrow, default)]
    at: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
struct ObservedOf<'a> {
    #[serde(borrow)]
    shape: Cow<'a, str>,
    window: u16,
    #[serde(default)]
    score: Option<f64>,
}

/// What the line of a record says; `None` where it says nothing for the live numbers.
pub(super) fn event(line: &[u8]) -> Option<Event> {
    if !is_of_kind(line, &[b"dec", b"exe", b"rep", b"dri"]) {
        return None;
    }
    let head: Head<'_> = serde_json::from_slice(line).ok()?;
    let (tenant, actor) = (head.tenant.as_deref()?, head.actor.as_deref()?);
    let recorded = Timestamp::parse_rfc3339(&head.time);
    if head.kind == DRIFT_RECALIBRATED {
        return Some(Event { who: Who::caller(tenant, actor), at: recorded?, what: What::Recalibrated });
    }
    let capability = head.capability.as_deref()?;
    let who = Who::new(tenant, actor, capability);
    match &*head.kind {
        "decision" => {
            let allowed = head.outcome.as_deref() == Some(Outcome::Allow.as_str());
            let let_through = allowed && head.enforced != Some(false);
            let decided_at = head.facts.as_ref().and_then(|facts| time(facts.now.as_deref()));
            let observed = head.observed.as_ref().zip(decided_at.or(recorded));
            let observed = observed.and_then(|(observed, at)| observation(observed, let_through, at));
            if !let_through {
                return observed.map(|seen| Event { who, at: seen.at, what: What::Observed(seen) });
            }
            let at = |charge: Option<&ChargeOf<'_>>| {
                let charged_at = charge.and_then(|charge| time(charge.at.as_deref()));
                charged_at.or(decided_at).or(recorded)
            };
            // A charge that does not say how many are allowed counts all the same.
            let most = |charge: &ChargeOf<'_>| charge.max_requests.unwrap_or(1);
            let shared = match &head.shared_charge {
                Some(charge) => Some(SharedUse {
                    who: Who::everybody(tenant, capability),
                    most: most(charge),
                    at: at(Some(charge))?,
                }),
                None => None,
            };
            let charged = head.charge.as_ref().map(most);
            let at = at(head.charge.as_ref())?;
            Some(Event { who, at, what: What::LetThrough { charged, shared, observed } })
        }
        "execution" => {
            head.decision_id?;
            let failed = ExecutionResult::parse(head.result.as_deref()?)?.failed(head.status)?;
            Some(Event { who, at: recorded?, what: What::Reported { failed } })
        }
        "report" => Some(Event { who, at: recorded?, what: What::Reported { failed: head.failed? } }),
        _ => None,
    }
}

fn observation(observed: &ObservedOf<'_>, let_through: bool, at: Timestamp) -> Option<Observation> {
    let shape = HEXLOWER.decode(observed.shape.as_bytes()).ok()?.try_into().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "four decimals are ten-thousandths, and a cast from a double saturates"
    )]
    let exact = |score: f64| RiskScore::from_ten_thousandths((score * 10_000.0).round() as u32);
    Some(Observation { shape, window: observed.window, score: observed.score.map(exact), let_through, at })
}

fn time(text: Option<&str>) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(text?)
}

/// Whether a line is worth reading: whether its kind may begin with one of `kinds`. Its first members are written in one order, so most
/// that are of no use are told by their first bytes.
pub(super) fn is_of_kind(line: &[u8], kinds: &[&[u8]]) -> bool {
    const KIND: &[u8] = b"\",\"kind\":\"";
    let head = line.get(..line.len().min(128)).unwrap_or(line);
    let Some(place) = head.windows(KIND.len()).position(|bytes| bytes == KIND) else { return true };
    let kind = head.get(place + KIND.len()..).unwrap_or_default();
    kind.len() < 10 || kinds.iter().any(|first| kind.starts_with(first))
}
