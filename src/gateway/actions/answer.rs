//! What the caller of an action is told.

use serde_json::value::RawValue;
use thiserror::Error;

use crate::gateway::HoldNote;
use crate::model::decision::ReasonCode;
use crate::model::id::Id;

/// The answer to an action.
#[derive(Clone, Debug)]
pub struct ActionAnswer {
    /// `success`, `failed`, `blocked`, `pending` (a person is asked) or `denied` (a person said no, or cannot be asked: `code`).
    pub status: &'static str,
    /// What running it gave.
    pub data: Option<Box<RawValue>>,
    /// Why there is nothing, where there is not.
    pub error: Option<String>,
    /// The decision.
    pub decision_id: Id,
    /// Why it is `pending` or `denied`.
    pub code: Option<ReasonCode>,
    /// The hold of the action, where it has one.
    pub hold: Option<HoldNote>,
}

/// Why an action got no answer of its own. Nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ActionRefused {
    /// The ledger took no record of it.
    #[error("The ledger takes no record, so nothing was done. Try again later.")]
    Ledger,
    /// The store keeps no hold for it.
    #[error(
        "This action needs a person's approval, and the gateway cannot keep it for one now. Try again shortly."
    )]
    Store,
    /// A defect, caught.
    #[error("A defect of the gateway was caught; nothing was done.")]
    Defect,
}

impl ActionAnswer {
    /// An answer without data.
    pub(super) fn without_data(status: &'static str, error: String, decision_id: Id) -> Self {
        Self { status, data: None, error: Some(error), decision_id, code: None, hold: None }
    }
}
