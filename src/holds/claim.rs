//! Finding the hold of a call, or opening one.

use crate::config::Holds;
use crate::holds::{Ask, Hold, HoldState, HoldStore, Inserted, StoreError};
use crate::model::decision::ReasonCode;
use crate::model::id::Id;
use crate::model::time::Timestamp;

/// How often a claim is tried again when others change the same hold meanwhile.
const TRIES: usize = 8;

/// How many holds may be pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// In all.
    pub all: usize,
    /// Of one tenant.
    pub tenant: usize,
    /// Of one actor.
    pub actor: usize,
}

/// Which limit was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// `holds.max_pending`.
    All,
    /// `holds.max_pending_per_tenant`.
    Tenant,
    /// `holds.max_pending_per_actor`.
    Actor,
}

/// A hold that a claim names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// None: it is found by the call alone.
    No,
    /// The caller names it (`X-Aegis-Hold`).
    ByCaller(Id),
    /// This request has waited for it.
    Awaited(Id),
}

/// How a call stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its hold waits for approvers, or for the ledger to tell of their approval.
    Pending(Hold),
    /// Its hold is approved, for all that policy asks for now, and the ledger tells of it.
    Approved(Hold),
    /// Policy wants nobody asked by now, and there is no hold.
    Unneeded,
    /// Nothing becomes of it.
    Ended(Ended),
}

/// Why nothing becomes of a call that wants a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// An approver said no, a short while ago.
    Rejected(Hold),
    /// The hold that was waited for ran out.
    Expired(Hold),
    /// The hold that was waited for was given up.
    Cancelled(Hold),
    /// The hold that was waited for or named has let its one call through.
    Consumed(Hold),
    /// The hold that is named is not this call's.
    Foreign,
    /// There are too many.
    Full(Limit),
}

impl Limits {
    /// Those of a snapshot.
    #[must_use]
    pub const fn of(rules: &Holds) -> Self {
        Self {
            all: rules.max_pending,
            tenant: rules.max_pending_per_tenant,
            actor: rules.max_pending_per_actor,
        }
    }
}

impl Ended {
    /// The reason, as decisions name it.
    #[must_use]
    pub const fn code(&self) -> ReasonCode {
        match self {
            Self::Rejected(_) => ReasonCode::HoldRejected,
            Self::Expired(_) => ReasonCode::HoldExpired,
            Self::Cancelled(_) => ReasonCode::HoldCancelled,
            Self::Consumed(_) => ReasonCode::AlreadyExecuted,
            Self::Foreign => ReasonCode::HoldMismatch,
            Self::Full(_) => ReasonCode::HoldLimit,
        }
    }

    /// The hold it ended with.
    #[must_use]
    pub const fn hold(&self) -> Option<&Hold> {
        match self {
            Self::Rejected(hold) | Self::Expired(hold) | Self::Cancelled(hold) | Self::Consumed(hold) => {
                Some(hold)
            }
            Self::Foreign | Self::Full(_) => None,
        }
    }
}

/// What came of a claim.
#[derive(Clone, Debug)]
pub struct Claim {
    /// How the call stands.
    pub standing: Standing,
    /// Holds that were changed or opened on the way, as they are now, and where each stood before.
    pub changed: Vec<(Option<HoldState>, Hold)>,
}

/// Finds the hold of the call that `ask` describes, or opens one under `id`.
///
/// A hold that does not cover what policy asks for now is superseded: nobody approved, or is looking at, all of it, or not
/// everybody who must.
///
/// # Errors
/// The store failed.
pub fn claim(
    store: &dyn HoldStore,
    id: Id,
    ask: &Ask,
    named: Named,
    limits: Limits,
    now: Timestamp,
) -> Result<Claim, StoreError> {
    let mut changed = Vec::new();
    let mut named = named;
    for _try in 0..TRIES {
        let found = match find(store, ask, named, now)? {
            Found::Ends(ended) => return Ok(Claim { standing: Standing::Ended(ended), changed }),
            Found::Hold(hold) => Some(hold),
            Found::Nothing => None,
        };
        let Some(hold) = found else {
            if ask.lifts.is_empty() {
                return Ok(Claim { standing: Standing::Unneeded, changed });
            }
            if let Some(limit) = full(store, ask, limits, now)? {
                return Ok(Claim { standing: Standing::Ended(Ended::Full(limit)), changed });
            }
            let hold = Hold::open(id, ask.clone());
            if store.insert(&hold)? == Inserted::Taken {
                continue;
            }
            changed.push((None, hold.clone()));
            return Ok(Claim { standing: Standing::Pending(hold), changed });
        };
        let next = match hold.state_at(now) {
            HoldState::Expired => hold.expire(now),
            HoldState::Pending if hold.covers(ask) => {
                return Ok(Claim { standing: Standing::Pending(hold), changed });
            }
            HoldState::Approved if hold.covers(ask) => {
                // A yes that the ledger does not tell of is not given yet: who waits is woken once it is.
                let given = if hold.recorded { Standing::Approved } else { Standing::Pending };
                return Ok(Claim { standing: given(hold), changed });
            }
            _ => hold.supersede(now),
        };
        if let Ok(next) = next
            && store.replace(&next)?
        {
            changed.push((Some(hold.state), next));
            named = Named::No;
        }
    }
    Err(StoreError::OneHold("the hold of this call changes too often".to_owned()))
}

enum Found {
    /// Nothing more becomes of the call here.
    Ends(Ended),
    /// An open hold of the call, in time or not.
    Hold(Hold),
    Nothing,
}

fn find(store: &dyn HoldStore, ask: &Ask, named: Named, now: Timestamp) -> Result<Found, StoreError> {
    let (id, awaited) = match named {
        Named::No => return find_unnamed(store, ask, now),
        Named::ByCaller(id) => (id, false),
        Named::Awaited(id) => (id, true),
    };
    let hold = store.by_id(&id)?.filter(|hold| {
        let same = hold.ask.tenant == ask.tenant && hold.ask.actor == ask.actor;
        same && hold.ask.digest == ask.digest && (awaited || hold.ask.ticket)
    });
    let Some(hold) = hold else { return Ok(Found::Ends(Ended::Foreign)) };
    Ok(match hold.state_at(now) {
        HoldState::Pending | HoldState::Approved => match store.current(&ask.tenant, &ask.digest, now)? {
            // Of holds without a ticket there may be several for one call: a no to any of them is one to the call.
            Some(other) if other.state == HoldState::Rejected => Found::Ends(Ended::Rejected(other)),
            _ => Found::Hold(hold),
        },
        HoldState::Consumed => Found::Ends(Ended::Consumed(hold)),
        HoldState::Rejected if awaited || hold.ask.expires_at > now => Found::Ends(Ended::Rejected(hold)),
        // Whoever waited is told; whoever comes later asks anew.
        HoldState::Expired if awaited => Found::Ends(Ended::Expired(hold)),
        HoldState::Cancelled if awaited && !hold.superseded => Found::Ends(Ended::Cancelled(hold)),
        HoldState::Expired if hold.state.is_open() => Found::Hold(hold),
        HoldState::Rejected | HoldState::Expired | HoldState::Cancelled => {
            return find_unnamed(store, ask, now);
        }
    })
}

fn find_unnamed(store: &dyn HoldStore, ask: &Ask, now: Timestamp) -> Result<Found, StoreError> {
    let Some(hold) = store.current(&ask.tenant, &ask.digest, now)? else { return Ok(Found::Nothing) };
    Ok(match hold.state {
        HoldState::Rejected => Found::Ends(Ended::Rejected(hold)),
        HoldState::Pending | HoldState::Approved if ask.ticket => Found::Hold(hold),
        _ => Found::Nothing,
    })
}

fn full(
    store: &dyn HoldStore,
    ask: &Ask,
    limits: Limits,
    now: Timestamp,
) -> Result<Option<Limit>, StoreError> {
    let pending = store.pending(&ask.tenant, &ask.actor, now)?;
    Ok(if pending.actor >= limits.actor {
        Some(Limit::Actor)
    } else if pending.tenant >= limits.tenant {
        Some(Limit::Tenant)
    } else if pending.all >= limits.all {
        Some(Limit::All)
    } else {
        None
    })
}
