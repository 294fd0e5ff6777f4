//! What an override is, and how votes change it. Pure: each vote takes the override as it is and returns the next revision, or says why
//! not; a store then puts it in the place of exactly the revision it was made from.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::holds::Approver;
use crate::holds::approver::filled;
use crate::holds::overrides::{MessageHash, OverrideMessage};
use crate::model::id::Id;
use crate::model::time::Timestamp;
use crate::risk::gates::OVERRIDE_ROLES;

/// How long the second person has.
pub const OVERRIDE_LASTS: Duration = Duration::from_hours(24);

/// Where an override stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverrideState {
    /// Not everybody who must has voted.
    Pending,
    /// Two people of both roles have: the evaluation is overridden, for good.
    Overridden,
    /// The second person did not come in time. A vote begins anew.
    Expired,
    /// Whoever voted took the vote back. A vote begins anew.
    Withdrawn,
}

impl OverrideState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Overridden, Self::Expired, Self::Withdrawn];

    /// The name in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Overridden => "overridden",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// The evaluation that is to be overridden, and who asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideAsk {
    /// The evaluation.
    pub decision_id: Id,
    /// Its tenant.
    pub tenant: Arc<str>,
    /// Who asked for it.
    pub actor: Arc<str>,
    /// With which key.
    pub key: Option<Arc<str>>,
    /// Who holds that key, where it says so.
    pub person: Option<Arc<str>>,
}

/// One person's yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideVote {
    /// Who.
    pub person: String,
    /// With which key, by its id.
    pub by: String,
    /// The roles of [`OVERRIDE_ROLES`] that this person had.
    pub roles: Vec<String>,
    /// When.
    pub at: Timestamp,
}

/// An override that at least one person has voted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The evaluation.
    pub decision_id: Id,
    /// Counts the changes, from 1. A store replaces an override only by the next revision.
    pub revision: u64,
    /// The tenant of the evaluation.
    pub tenant: Arc<str>,
    /// What the first person said; everybody who votes says the same.
    pub message: OverrideMessage,
    /// Who has voted so far, nobody once the vote was taken back. INVARIANT: each is another person, and fills a role that no other fills.
    pub votes: Vec<OverrideVote>,
    /// When the first one voted.
    pub requested_at: Timestamp,
    /// When it ends unless it was granted before.
    pub expires_at: Timestamp,
}

/// Why a vote does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OverrideRefused {
    /// Whoever votes asked for the evaluation.
    #[error("Nobody overrides an evaluation of its own: two other people must.")]
    Own,
    /// The key has none of the roles.
    #[error(
        "An override needs the roles {} and {}, each of another person, and the key has neither.",
        OVERRIDE_ROLES[0],
        OVERRIDE_ROLES[1]
    )]
    RoleMissing,
    /// Two keys may be one person's.
    #[error(
        "An override needs two different people, and the key does not say whose it is (control.keys[].person)."
    )]
    PersonMissing,
    /// Another justification stands.
    #[error(
        "Another justification stands, that of message_hash {0}. Everybody who votes sends the same one, or whoever sent it takes the vote back."
    )]
    MessageDiffers(MessageHash),
    /// Another person fills all the roles that the voter could.
    #[error(
        "Another person has voted with this role already. The vote must be that of somebody with the role {0}."
    )]
    RoleFilled(&'static str),
    /// Only whoever voted takes the vote back.
    #[error("Only whoever voted takes the vote back.")]
    NotVoted,
    /// It needs no more votes, and none can be taken back.
    #[error("The evaluation is overridden already.")]
    Granted,
}

impl Override {
    /// `approver` says yes to overriding what was asked, with `message`; `before` is the override as it stands. A person who has voted
    /// before changes nothing: the answer is the override as it is.
    ///
    /// # Errors
    /// The vote does not count.
    pub fn vote(
        before: Option<&Self>,
        ask: &OverrideAsk,
        message: &OverrideMessage,
        (approver, now): (&Approver, Timestamp),
    ) -> Result<Self, OverrideRefused> {
        let roles = approver.roles_of(OVERRIDE_ROLES);
        if roles.is_empty() {
            return Err(OverrideRefused::RoleMissing);
        }
        let person = approver.person().ok_or(OverrideRefused::PersonMissing)?;
        if approver.is_of(&ask.actor, ask.key.as_deref(), ask.person.as_deref()) {
            return Err(OverrideRefused::Own);
        }
        let vote = OverrideVote { person: person.to_owned(), by: approver.name.to_string(), roles, at: now };
        let standing = before.filter(|before| before.stands_at(now));
        let Some(standing) = standing else {
            return Ok(Self {
                decision_id: ask.decision_id,
                revision: before.map_or(1, |before| before.revision + 1),
                tenant: Arc::clone(&ask.tenant),
                message: message.clone(),
                votes: vec![vote],
                requested_at: now,
                expires_at: now.after(OVERRIDE_LASTS),
            });
        };
        standing.joined(vote, message)
    }

    /// `approver` takes its vote back, so that another message can stand. What ran out or was taken back already stays as it is.
    ///
    /// # Errors
    /// It is granted, or the vote is somebody else's.
    pub fn withdraw(&self, approver: &Approver, now: Timestamp) -> Result<Self, OverrideRefused> {
        let person = approver.person().ok_or(OverrideRefused::PersonMissing)?;
        if self.is_granted() {
            return Err(OverrideRefused::Granted);
        }
        if !self.stands_at(now) {
            return Ok(self.clone());
        }
        // One vote more would have granted it, so this is the only one.
        if self.votes.iter().all(|vote| vote.person != person) {
            return Err(OverrideRefused::NotVoted);
        }
        Ok(Self { revision: self.revision + 1, votes: Vec::new(), ..self.clone() })
    }

    /// Whether it is neither over nor taken back.
    fn stands_at(&self, now: Timestamp) -> bool {
        matches!(self.state_at(now), OverrideState::Pending | OverrideState::Overridden)
    }

    fn joined(&self, vote: OverrideVote, message: &OverrideMessage) -> Result<Self, OverrideRefused> {
        if message.hash != self.message.hash {
            return Err(OverrideRefused::MessageDiffers(self.message.hash));
        }
        if self.votes.iter().any(|before| before.person == vote.person) {
            return Ok(self.clone());
        }
        let Some(needed) = self.needs().first().copied() else { return Err(OverrideRefused::Granted) };
        let mut next = Self { revision: self.revision + 1, ..self.clone() };
        next.votes.push(vote);
        // Where a vote fills no role, nobody needs it, and it would be told as if it counted.
        if next.needs().len() == self.needs().len() {
            return Err(OverrideRefused::RoleFilled(needed));
        }
        Ok(next)
    }

    /// For each vote the role it fills.
    #[must_use]
    pub fn filling(&self) -> Vec<(&OverrideVote, Option<&'static str>)> {
        let by_role = self.by_role();
        let role_of = |index: usize| {
            let mut roles = OVERRIDE_ROLES.into_iter().zip(&by_role);
            roles.find(|(_, filled)| **filled == Some(index)).map(|(role, _)| role)
        };
        self.votes.iter().enumerate().map(|(index, vote)| (vote, role_of(index))).collect()
    }

    /// The roles that nobody fills yet.
    #[must_use]
    pub fn needs(&self) -> Vec<&'static str> {
        let roles = OVERRIDE_ROLES.into_iter().zip(self.by_role());
        roles.filter(|(_, filled)| filled.is_none()).map(|(role, _)| role).collect()
    }

    /// Whether two people of both roles have voted.
    #[must_use]
    pub fn is_granted(&self) -> bool {
        self.needs().is_empty()
    }

    /// Where it stands at `now`.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> OverrideState {
        if self.is_granted() {
            OverrideState::Overridden
        } else if self.votes.is_empty() {
            OverrideState::Withdrawn
        } else if self.expires_at <= now {
            OverrideState::Expired
        } else {
            OverrideState::Pending
        }
    }

    fn by_role(&self) -> Vec<Option<usize>> {
        let held: Vec<&[String]> = self.votes.iter().map(|vote| &*vote.roles).collect();
        filled(&OVERRIDE_ROLES, &held)
    }
}
