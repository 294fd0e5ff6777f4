//! The restrictor of callers: whoever is suspended or revoked does nothing, and nobody does while a kill switch is active.

use crate::decision::PolicySnapshot;
use crate::decision::restrictors::Said;
use crate::model::call::Principal;
use crate::model::decision::{Engine, ReasonCode};
use crate::policy::governance::{Content, Standing};

/// Denies what a suspended or revoked caller asks for, and everything while everything is stopped.
pub(in crate::decision) fn restrict(snapshot: &PolicySnapshot, principal: &Principal) -> Said {
    let engine = Engine::Status;
    if let Some(switch) = snapshot.governance.kill_switch(&principal.tenant) {
        let why = because(&switch.reason);
        let reason =
            format!("Blocked: the kill switch is active{why}. Nothing is let through until it is released.");
        return Said::denied(engine, ReasonCode::KillSwitch, &reason);
    }
    let object = snapshot.governance.actor(&principal.tenant, &principal.id);
    let Some(Content::Actor(status)) = object.map(|object| &object.content) else {
        return Said::nothing(engine);
    };
    let (word, code) = match status.standing {
        Standing::Active => return Said::nothing(engine),
        Standing::Suspended => ("suspended", ReasonCode::ActorSuspended),
        Standing::Revoked => ("revoked", ReasonCode::ActorRevoked),
    };
    let why = because(&status.reason);
    Said::denied(
        engine,
        code,
        &format!("Blocked: {} is {word}{why}. Ask whoever manages actors.", principal.id),
    )
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" ({reason})") }
}
