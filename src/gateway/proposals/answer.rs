//! What a proposer is told.

use thiserror::Error;

use crate::gateway::HoldNote;
use crate::model::decision::{Decision, Obligations, Outcome, ReasonCode, RiskScore, SnapshotRef};
use crate::model::id::Id;
use crate::model::time::Timestamp;

/// The answer to a proposal.
#[derive(Clone, Debug)]
pub struct ProposalAnswer {
    /// The decision.
    pub decision_id: Id,
    /// What it came to.
    pub outcome: Outcome,
    /// Why, for programs.
    pub code: ReasonCode,
    /// Why, in a sentence.
    pub reason: String,
    /// How dangerous it looks.
    pub score: RiskScore,
    /// What must be done for it; empty unless it is allowed.
    pub obligations: Obligations,
    /// When it was decided.
    pub at: Timestamp,
    /// The snapshot it was decided under.
    pub snapshot: SnapshotRef,
    /// The hold to be approved, where a person is wanted.
    pub hold: Option<HoldNote>,
}

/// Why a proposal got no decision. Nothing is allowed by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProposalRefused {
    /// The ledger took no record of it.
    #[error("The ledger takes no record, so nothing was decided. Try again later.")]
    Ledger,
    /// The store keeps no hold for it.
    #[error(
        "This proposal needs a person's approval, and the gateway cannot keep it for one now. Try again shortly."
    )]
    Store,
    /// A defect, caught.
    #[error("A defect of the gateway was caught; nothing was decided.")]
    Defect,
}

/// The sentence of an allowed proposal: what was authorized, by what, at which score.
pub(super) fn allowed(decision: &Decision, capability: &str, actor: &str) -> String {
    let by = match (decision.code, &decision.rule) {
        (ReasonCode::RuleAllowed, Some(rule)) => format!("Rule '{rule}' permits it."),
        (ReasonCode::PolicyAllowed, Some(rule)) => format!("Policy '{rule}' permits it."),
        (ReasonCode::CedarAllowed, Some(rule)) => format!("Cedar policy '{rule}' permits it."),
        _ => "The default permits it.".to_owned(),
    };
    format!("Capability '{capability}' authorized for actor '{actor}'. {by} Risk score {}.", decision.score)
}
