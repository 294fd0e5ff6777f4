//! Calls, approvers and times that tests of holds share.

use std::sync::Arc;

use crate::holds::{Approver, Ask, Hold, Lift, ShownArguments};
use crate::identity::Key;
use crate::model::call::{CallDigest, PrincipalKind};
use crate::model::decision::{Engine, Outcome};
use crate::model::id::{HOLD, Id};
use crate::model::time::Timestamp;

/// `seconds` after the moment tests begin at.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros((1_795_414_794 + seconds) * 1_000_000)
}

/// One of 256 ids, of one moment.
pub(crate) fn id(number: u8) -> Id {
    Id::new(HOLD, at(0), [number; 10])
}

/// One of 256 calls.
pub(crate) fn digest(call: u8) -> CallDigest {
    CallDigest::from_bytes([call; 32])
}

/// A lift of a rule's REQUIRE_CONFIRMATION.
pub(crate) fn lift(rule: &str) -> Lift {
    Lift {
        engine: Engine::Rules,
        rule: Some(rule.into()),
        source: None,
        outcome: Outcome::RequireConfirmation,
    }
}

/// What `agent` asks of one approver at second 0, for 300 seconds.
pub(crate) fn ask(call: u8) -> Ask {
    Ask {
        tenant: "default".into(),
        actor: "agent".into(),
        actor_kind: PrincipalKind::AiAgent,
        key: Some("agent-key".into()),
        person: Some("ann".into()),
        ticket: true,
        digest: digest(call),
        route: "pay".into(),
        capability: "payments.send".to_owned(),
        resource: "account:4".to_owned(),
        arguments: ShownArguments::new("{\"sum\":4}".to_owned(), 0),
        outcome: Outcome::RequireConfirmation,
        reason: "the rule \"big\" asks for a person".to_owned(),
        lifts: vec![lift("big")],
        roles: Vec::new(),
        decision_id: "dec_1".to_owned(),
        snapshot_version: 7,
        created_at: at(0),
        expires_at: at(300),
    }
}

/// The hold of that number, for the call of the same number.
pub(crate) fn hold(number: u8) -> Hold {
    Hold::open(id(number), ask(number))
}

/// A key that may decide on holds.
pub(crate) fn key(id: &str, person: Option<&str>, roles: &[&str]) -> Key {
    Key {
        id: id.into(),
        hash: [0; 32],
        tenant: "default".into(),
        scopes: Vec::new(),
        actors: Vec::new(),
        actor: None,
        roles: roles.iter().map(|role| Arc::from(*role)).collect(),
        groups: Arc::default(),
        claims: Arc::default(),
        person: person.map(Into::into),
        expires_at: None,
    }
}

/// The holder of such a key.
pub(crate) fn approver(id: &str, person: Option<&str>, roles: &[&str]) -> Approver {
    Approver::holder(&key(id, person, roles))
}
