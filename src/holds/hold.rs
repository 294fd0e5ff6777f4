//! What a hold is: the call it is bound to, what its approvers see, and where it stands.

use std::cell::Cell;
use std::sync::Arc;

use crate::model::call::{CallDigest, Parameters, PrincipalKind};
use crate::model::decision::{Decision, Engine, Outcome};
use crate::model::id::Id;
use crate::model::json::write_json;
use crate::model::time::Timestamp;
use crate::telemetry::Redaction;

/// Where a hold stands. Pending -> Approved -> Consumed; Pending -> Rejected, Expired or Cancelled. An approval that is not
/// used in time expires, too, and one that no longer covers what policy asks for is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HoldState {
    /// Nobody has decided yet, or not everybody who must.
    Pending,
    /// The call may be made, once.
    Approved,
    /// The call was let through.
    Consumed,
    /// An approver said no. Holds for the same call until the hold would have expired.
    Rejected,
    /// Its time ran out.
    Expired,
    /// The caller gave it up, or a later hold took its place.
    Cancelled,
}

impl HoldState {
    /// Every state, in the order a hold may go through them.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Approved, Self::Consumed, Self::Rejected, Self::Expired, Self::Cancelled];

    /// The name in answers, records, metrics and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Consumed => "consumed",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether something may still become of the call: pending or approved.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Approved)
    }
}

/// A finding that an approval lifts: this engine, this rule as it stood then, this outcome, and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lift {
    /// Whose finding.
    pub engine: Engine,
    /// The rule it names; `None` where the engine names none.
    pub rule: Option<Arc<str>>,
    /// The policy the rule is of, and its version: another of the same name, or the same one changed, was not what approvers saw.
    pub source: Option<Arc<str>>,
    /// REQUIRE_CONFIRMATION or ESCALATE.
    pub outcome: Outcome,
}

impl Lift {
    /// What an approval of `decision` would lift: its findings that want a person.
    #[must_use]
    pub fn of(decision: &Decision) -> Vec<Self> {
        let wants_person =
            |outcome: &Outcome| matches!(outcome, Outcome::RequireConfirmation | Outcome::Escalate);
        let findings = decision.findings.iter().filter_map(|finding| {
            let outcome = finding.outcome.filter(wants_person)?;
            let (rule, source) = (finding.rule.clone(), finding.source.clone());
            Some(Self { engine: finding.engine, rule, source, outcome })
        });
        findings.collect()
    }
}

/// The arguments as approvers see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownArguments {
    /// The JSON text, redacted; `None` where it is longer than [`Self::MAX_BYTES`].
    pub json: Option<String>,
    /// Length of that text, in bytes, shown or not.
    pub bytes: usize,
    /// How many values in it were replaced.
    pub hidden_fields: usize,
}

impl ShownArguments {
    /// Longest text that is kept, in bytes.
    pub const MAX_BYTES: usize = 65_536;

    /// The parameters of a call, without what `redaction` hides.
    #[must_use]
    pub fn of(parameters: &Parameters<'_>, redaction: &Redaction) -> Self {
        let hidden = Cell::new(0_usize);
        let hides = |key: &str| {
            let hides = redaction.hides(key);
            hidden.set(hidden.get() + usize::from(hides));
            hides
        };
        let mut text = Vec::new();
        write_json(&parameters.to_json(), &hides, &mut text);
        Self::new(String::from_utf8(text).unwrap_or_default(), hidden.get())
    }

    /// Arguments written as `json`, `hidden_fields` of them replaced.
    #[must_use]
    pub fn new(json: String, hidden_fields: usize) -> Self {
        let bytes = json.len();
        Self { json: (bytes <= Self::MAX_BYTES).then_some(json), bytes, hidden_fields }
    }
}

/// Longest resource that a hold keeps, in bytes.
const RESOURCE_MAX_BYTES: usize = 1024;

/// What stands for the rest of a longer one.
const CUT: &str = "...";

/// A resource as a hold keeps it. The decision's record has all of it.
#[must_use]
pub fn shown_resource(resource: &str) -> String {
    if resource.len() <= RESOURCE_MAX_BYTES {
        return resource.to_owned();
    }
    let end = resource.floor_char_boundary(RESOURCE_MAX_BYTES - CUT.len());
    format!("{}{CUT}", resource.get(..end).unwrap_or_default())
}

/// What is asked of the approvers: all of it is settled when the hold is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The caller's tenant.
    pub tenant: Arc<str>,
    /// Who calls.
    pub actor: Arc<str>,
    /// What kind of actor it is.
    pub actor_kind: PrincipalKind,
    /// The key that identified it; `None` for an anonymous caller.
    pub key: Option<Arc<str>>,
    /// Who holds that key, where it says so.
    pub person: Option<Arc<str>>,
    /// Whether a repeat of the call finds the hold again. Anonymous callers get none: every local process would share it.
    pub ticket: bool,
    /// The call itself.
    pub digest: CallDigest,
    /// The route it came by.
    pub route: Arc<str>,
    /// What it would do: the capability, or the tool's name where that makes none.
    pub capability: String,
    /// On what, as it may be shown.
    pub resource: String,
    /// With which arguments, as they may be shown.
    pub arguments: ShownArguments,
    /// REQUIRE_CONFIRMATION or ESCALATE.
    pub outcome: Outcome,
    /// Why a person is wanted, in a sentence.
    pub reason: String,
    /// What an approval lifts.
    pub lifts: Vec<Lift>,
    /// Roles that must approve, each by another person; none: one approver is enough.
    pub roles: Vec<Arc<str>>,
    /// The decision that asked, as text.
    pub decision_id: String,
    /// Version of the snapshot it was made under. Recorded, not matched: at its release the call is decided again.
    pub snapshot_version: u64,
    /// When.
    pub created_at: Timestamp,
    /// When it ends if nothing becomes of it.
    pub expires_at: Timestamp,
}

/// One approver's yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The approver: the id of the key.
    pub by: String,
    /// Who holds that key, where it says so.
    pub person: Option<String>,
    /// Which of the hold's roles the approver has.
    pub roles: Vec<String>,
    /// When.
    pub at: Timestamp,
    /// What the approver said.
    pub comment: Option<String>,
}

/// Who ended a hold that was not approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The id of the key, or what the gateway says of itself.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why, where it was said.
    pub comment: Option<String>,
}

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// `hld_` and 26 characters.
    pub id: Id,
    /// Counts the changes, from 1. A store replaces a hold only by the next revision.
    pub revision: u64,
    /// Where it stood after the last change; [`Hold::state_at`] also knows of time that ran out since.
    pub state: HoldState,
    /// What is asked.
    pub ask: Ask,
    /// Who has approved so far.
    pub approvals: Vec<Approval>,
    /// Who rejected or cancelled it.
    pub decided: Option<Decided>,
    /// Whether it was cancelled because another hold took its place.
    pub superseded: bool,
    /// The decision that let the call through, as text, once consumed.
    pub consumed_by: Option<String>,
    /// Whether the ledger tells of the last change; of a consumed hold, whether it tells what became of the call.
    /// INVARIANT: an approval that is not recorded lets nothing through.
    pub recorded: bool,
}

impl Hold {
    /// A hold just opened.
    #[must_use]
    pub const fn open(id: Id, ask: Ask) -> Self {
        Self {
            id,
            revision: 1,
            state: HoldState::Pending,
            ask,
            approvals: Vec::new(),
            decided: None,
            superseded: false,
            consumed_by: None,
            recorded: true,
        }
    }

    /// Where it stands at `now`.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> HoldState {
        if self.state.is_open() && self.ask.expires_at <= now { HoldState::Expired } else { self.state }
    }

    /// Whether its approval is one of all that is `wanted` now: it lifts each finding, and each role has to approve.
    #[must_use]
    pub fn covers(&self, wanted: &Ask) -> bool {
        let Ask { lifts, roles, .. } = &self.ask;
        wanted.lifts.iter().all(|lift| lifts.contains(lift))
            && wanted.roles.iter().all(|role| roles.contains(role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_resource_is_cut_between_characters() {
        let whole = "x".repeat(1024);
        assert_eq!(shown_resource(&whole), whole);
        assert_eq!(shown_resource(&"x".repeat(1025)), format!("{}...", "x".repeat(1021)));
        // 1020 bytes and half a letter would fit.
        assert_eq!(shown_resource(&"\u{e4}".repeat(600)), format!("{}...", "\u{e4}".repeat(510)));
    }
}
