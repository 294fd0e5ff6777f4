//! What the ledger is told of holds.

use crate::audit::held::{HoldChangedBy, HoldRecord};
use crate::holds::{Hold, HoldState};
use crate::model::decision::Outcome;

/// The record of a hold's last change.
pub(super) fn hold_record(hold: &Hold, note: Option<&'static str>) -> Vec<u8> {
    let lifts: Vec<_> = hold
        .ask
        .lifts
        .iter()
        .map(|lift| (lift.engine, lift.rule.as_deref(), lift.outcome))
        .collect::<Vec<(_, Option<&str>, Outcome)>>();
    HoldRecord {
        id: &hold.id,
        state: hold.state.as_str(),
        tenant: &hold.ask.tenant,
        actor: &hold.ask.actor,
        capability: &hold.ask.capability,
        resource: &hold.ask.resource,
        wanted: hold.ask.outcome,
        lifts: &lifts,
        digest: hold.ask.digest,
        decision_id: &hold.ask.decision_id,
        by: changed_by(hold),
        note,
        expires_at: hold.ask.expires_at,
    }
    .payload()
}

fn changed_by(hold: &Hold) -> Option<HoldChangedBy<'_>> {
    match hold.state {
        HoldState::Rejected | HoldState::Cancelled => {
            let decided = hold.decided.as_ref()?;
            let comment = decided.comment.as_deref();
            Some(HoldChangedBy { name: &decided.by, person: None, roles: &[], comment })
        }
        // With an approval too few it is pending still.
        HoldState::Pending | HoldState::Approved => {
            let last = hold.approvals.last()?;
            let (person, comment) = (last.person.as_deref(), last.comment.as_deref());
            Some(HoldChangedBy { name: &last.by, person, roles: &last.roles, comment })
        }
        HoldState::Consumed | HoldState::Expired => None,
    }
}
