//! An override of an evaluation, as its people and those who read decisions see it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::holds::{Override, OverrideState, OverrideVote};
use crate::model::time::Timestamp;

/// An override in an answer.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Override")]
pub(in crate::control) struct OverrideForm {
    /// The evaluation.
    decision_id: String,
    /// How it stands.
    #[schemars(extend("enum" = OverrideState::ALL.map(OverrideState::as_str)))]
    state: &'static str,
    /// SHA-256 of the decision's id, a line feed, and the justification: what everybody who votes agrees on.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    message_hash: String,
    /// Why, in the words of whoever voted first.
    justification: String,
    /// Who has voted so far.
    votes: Vec<VoteForm>,
    /// The roles that nobody has voted with yet.
    needs: Vec<&'static str>,
    /// When the first one voted.
    #[schemars(extend("format" = "date-time"))]
    requested_at: String,
    /// When it ends unless all have voted before.
    #[schemars(extend("format" = "date-time"))]
    expires_at: String,
}

/// One person's yes.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "OverrideVote")]
struct VoteForm {
    person: String,
    /// The role that the vote fills. Of two roles that one person has, another's vote may decide which.
    role: Option<&'static str>,
    #[schemars(extend("format" = "date-time"))]
    at: String,
}

impl OverrideForm {
    /// `shown` as it stands at `now`.
    pub(in crate::control) fn new(shown: &Override, now: Timestamp) -> Self {
        Self {
            decision_id: shown.decision_id.to_string(),
            state: shown.state_at(now).as_str(),
            message_hash: shown.message.hash.to_string(),
            justification: shown.message.justification.clone(),
            votes: shown.filling().into_iter().map(VoteForm::of).collect(),
            needs: shown.needs(),
            requested_at: shown.requested_at.to_rfc3339(),
            expires_at: shown.expires_at.to_rfc3339(),
        }
    }
}

impl VoteForm {
    fn of((vote, role): (&OverrideVote, Option<&'static str>)) -> Self {
        Self { person: vote.person.clone(), role, at: vote.at.to_rfc3339() }
    }
}
