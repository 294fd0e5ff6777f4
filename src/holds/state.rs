//! Every change a hold can go through. Pure: each takes a hold as it is and returns the next revision, or says why not; a
//! store then puts it in the place of exactly the revision it was made from.

use thiserror::Error;

use crate::holds::approver::filled;
use crate::holds::{Approval, Approver, Decided, Hold, HoldState};
use crate::model::time::Timestamp;

/// Longest comment that is kept, in characters.
const COMMENT_CHARS: usize = 500;

/// Why a hold is not changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChangeRefused {
    /// It stands elsewhere.
    #[error("The hold is {} now.", .0.as_str())]
    Stands(HoldState),
    /// The approver is the caller.
    #[error("Nobody decides on a call of its own: another person must.")]
    Own,
    /// The approver has none of the roles.
    #[error("This hold needs the roles {0}, and the key has none of them.")]
    RoleMissing(String),
    /// Two keys may be one person's.
    #[error(
        "This hold needs different people, and the key does not say whose it is (control.keys[].person)."
    )]
    PersonMissing,
    /// Once is enough.
    #[error("This person has approved the hold already; the next approval must be another's.")]
    ApprovedAlready,
    /// The last approval is not in the ledger yet.
    #[error("The hold's last change is not recorded yet; try again in a moment.")]
    Unrecorded,
}

type Changed = Result<Hold, ChangeRefused>;

impl Hold {
    /// `approver` says yes. The hold is approved once everybody who must has.
    ///
    /// # Errors
    /// It is not pending, or this approver may not, or has already, or the approval before this one is not in the ledger.
    pub fn approve(&self, approver: &Approver, comment: Option<&str>, now: Timestamp) -> Changed {
        let mut hold = self.pending(now)?;
        if approver.asked(&self.ask) {
            return Err(ChangeRefused::Own);
        }
        // A record tells of the last change only: with this one the approval before would never be told of.
        if !self.recorded {
            return Err(ChangeRefused::Unrecorded);
        }
        let roles = approver.roles_for(&self.ask);
        // Where no keys are asked for there are no roles either: one yes is enough.
        let wants_roles = !self.ask.roles.is_empty() && approver.key.is_some();
        if wants_roles {
            self.may_fill(approver, &roles)?;
        }
        hold.approvals.push(Approval {
            by: approver.name.to_string(),
            person: approver.person().map(str::to_owned),
            roles,
            at: now,
            comment: comment.map(clean),
        });
        if !wants_roles || hold.filling().iter().all(Option::is_some) {
            hold.state = HoldState::Approved;
        }
        Ok(hold)
    }

    fn may_fill(&self, approver: &Approver, roles: &[String]) -> Result<(), ChangeRefused> {
        if roles.is_empty() {
            return Err(ChangeRefused::RoleMissing(self.ask.roles.join(" and ")));
        }
        let Some(person) = approver.person() else { return Err(ChangeRefused::PersonMissing) };
        let same = |approval: &Approval| approval.person.as_deref() == Some(person);
        if self.approvals.iter().any(same) { Err(ChangeRefused::ApprovedAlready) } else { Ok(()) }
    }

    /// For each role that is wanted, who has filled it so far.
    #[must_use]
    pub fn filled_roles(&self) -> Vec<(&str, Option<&Approval>)> {
        let by_role = self.filling();
        let roles = self.ask.roles.iter().zip(by_role);
        roles.map(|(role, index)| (&**role, index.and_then(|index| self.approvals.get(index)))).collect()
    }

    fn filling(&self) -> Vec<Option<usize>> {
        let held: Vec<&[String]> = self.approvals.iter().map(|approval| &*approval.roles).collect();
        filled(&self.ask.roles, &held)
    }

    /// `approver` says no: no role is asked for, since a call that is not made does no harm.
    ///
    /// # Errors
    /// It is not pending, or the approver is the caller.
    pub fn reject(&self, approver: &Approver, comment: Option<&str>, now: Timestamp) -> Changed {
        let mut hold = self.pending(now)?;
        if approver.asked(&self.ask) {
            return Err(ChangeRefused::Own);
        }
        hold.state = HoldState::Rejected;
        let comment = comment.map(clean);
        hold.decided = Some(Decided { by: approver.name.to_string(), at: now, comment });
        Ok(hold)
    }

    /// The caller gives it up.
    ///
    /// # Errors
    /// It is not pending.
    pub fn cancel(&self, by: &str, comment: Option<&str>, now: Timestamp) -> Changed {
        let mut hold = self.pending(now)?;
        hold.state = HoldState::Cancelled;
        hold.decided = Some(Decided { by: by.to_owned(), at: now, comment: comment.map(clean) });
        Ok(hold)
    }

    /// Nobody will ever come back for it: it is given up, approved or not.
    ///
    /// # Errors
    /// It is not open.
    pub fn give_up(&self, by: &str, comment: &str, now: Timestamp) -> Changed {
        let mut hold = self.standing(now, HoldState::is_open)?;
        hold.state = HoldState::Cancelled;
        hold.decided = Some(Decided { by: by.to_owned(), at: now, comment: Some(clean(comment)) });
        Ok(hold)
    }

    /// The revision after this one, which stands as `before` did: the change between them was not recorded, and does not hold.
    #[must_use]
    pub fn undone(&self, before: &Self) -> Self {
        Self { revision: self.revision + 1, recorded: false, ..before.clone() }
    }

    /// Policy asks for more than this hold's approvers were or would be shown, so another takes its place.
    ///
    /// # Errors
    /// It is not open.
    pub fn supersede(&self, now: Timestamp) -> Changed {
        let mut hold = self.standing(now, HoldState::is_open)?;
        hold.state = HoldState::Cancelled;
        hold.superseded = true;
        let comment = Some("policy asks for an approval of more than this hold showed".to_owned());
        hold.decided = Some(Decided { by: "gateway".to_owned(), at: now, comment });
        Ok(hold)
    }

    /// Its time has run out.
    ///
    /// # Errors
    /// It has not, or the hold is not open.
    pub fn expire(&self, now: Timestamp) -> Changed {
        if !self.state.is_open() || self.ask.expires_at > now {
            return Err(ChangeRefused::Stands(self.state));
        }
        Ok(Self { state: HoldState::Expired, ..self.next() })
    }

    /// The decision `decision_id` lets the call through, this once.
    ///
    /// # Errors
    /// It is not approved, or its approval is not in the ledger.
    pub fn consume(&self, decision_id: &str, now: Timestamp) -> Changed {
        let mut hold = self.standing(now, |state| state == HoldState::Approved)?;
        if !self.recorded {
            return Err(ChangeRefused::Unrecorded);
        }
        hold.state = HoldState::Consumed;
        hold.consumed_by = Some(decision_id.to_owned());
        Ok(hold)
    }

    /// Nothing of the call that consumed it was sent: the approval is still good.
    ///
    /// # Errors
    /// It is not consumed by `decision_id`, or it is known what became of that call.
    pub fn give_back(&self, decision_id: &str) -> Changed {
        let consumed = self.state == HoldState::Consumed && !self.recorded;
        if !consumed || self.consumed_by.as_deref() != Some(decision_id) {
            return Err(ChangeRefused::Stands(self.state));
        }
        Ok(Self { state: HoldState::Approved, consumed_by: None, ..self.next() })
    }

    /// The revision after this one, which differs only in that the ledger tells of it.
    #[must_use]
    pub fn told(&self) -> Self {
        Self { revision: self.revision + 1, recorded: true, ..self.clone() }
    }

    fn pending(&self, now: Timestamp) -> Changed {
        self.standing(now, |state| state == HoldState::Pending)
    }

    /// The next revision of a hold that stands as wanted.
    fn standing(&self, now: Timestamp, wanted: impl Fn(HoldState) -> bool) -> Changed {
        let state = self.state_at(now);
        if wanted(state) { Ok(self.next()) } else { Err(ChangeRefused::Stands(state)) }
    }

    fn next(&self) -> Self {
        Self { revision: self.revision + 1, recorded: false, ..self.clone() }
    }
}

/// A comment as it is kept: no control characters, not too long.
fn clean(comment: &str) -> String {
    comment.chars().filter(|letter| !letter.is_control()).take(COMMENT_CHARS).collect()
}
