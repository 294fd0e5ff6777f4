//! What the ledger is told of a change by API.

use std::sync::Arc;

use crate::admin::{By, Digest, Planned, Row, RowChange};
use crate::audit::record::ChangeRecord;
use crate::model::decision::SnapshotRef;
use crate::policy::governance::{Content, Kind, Object};

/// The record of a change that snapshot `snapshot` has.
pub(super) fn payload(planned: &Planned, by: &By, snapshot: &SnapshotRef) -> Vec<u8> {
    let Some(object) = &planned.object else {
        // A revoked grant that a file stood before: what is known of it is its key.
        return keyed(planned, by, snapshot);
    };
    let stays = planned.rows.iter().any(|change| matches!(&change.row, Row::Api(Some(_))));
    let digest = stays.then(|| Digest::of_object(&object.key, &object.written).to_hex());
    let (name, actor, capability, status) = told(object);
    let policies = policies(planned);
    ChangeRecord {
        kind: planned.event,
        by: &by.key,
        tenant: object.key.tenant.as_deref(),
        id: &object.stamp.id,
        name,
        actor,
        capability,
        status,
        version: stays.then_some(object.stamp.version),
        digest: digest.as_deref(),
        policies: &policies,
        snapshot,
    }
    .payload()
}

fn keyed(planned: &Planned, by: &By, snapshot: &SnapshotRef) -> Vec<u8> {
    let key = planned.rows.first().map(|change| &change.key);
    let (capability, actor) = key.and_then(|key| key.name.split_once(' ')).unzip();
    ChangeRecord {
        kind: planned.event,
        by: &by.key,
        tenant: key.and_then(|key| key.tenant.as_deref()),
        id: "",
        name: None,
        actor,
        capability,
        status: None,
        version: None,
        digest: None,
        policies: &[],
        snapshot,
    }
    .payload()
}

/// The ids of Cedar policies that change, where it is more than the one that the record is of.
fn policies(planned: &Planned) -> Vec<&str> {
    let of = |change: &'_ RowChange| change.key.kind == Kind::CedarPolicy;
    match planned.rows.as_slice() {
        [_] => Vec::new(),
        rows => {
            let changed = rows.iter().filter(|change| of(change));
            changed.filter_map(|change| Some(change.key.name.split_once('/')?.1)).collect()
        }
    }
}

/// Name, actor, capability and status of an object, as far as it has them.
fn told(object: &Arc<Object>) -> (Option<&str>, Option<&str>, Option<&str>, Option<&'static str>) {
    let name = &*object.key.name;
    match &object.content {
        Content::Capability(_) => (Some(name), None, Some(name), None),
        Content::Policy(policy) => (Some(&*policy.name), None, None, None),
        Content::Grant(grant) => (None, Some(&*grant.actor), Some(grant.capability.as_str()), None),
        Content::Actor(actor) => (None, Some(name), None, Some(actor.standing.as_str())),
        Content::CedarEngine(_) => (Some(name), None, None, None),
        Content::CedarPolicy(policy) => {
            (Some(&*policy.engine), None, None, Some(if policy.log_only { "log_only" } else { "active" }))
        }
        Content::CedarEnforcement(enforcement) => {
            let mode = if enforcement.log_only { "log_only" } else { "enforce" };
            (enforcement.engine.as_deref(), None, None, Some(mode))
        }
        Content::KillSwitch(kill_switch) => {
            (None, None, None, Some(if kill_switch.active { "active" } else { "inactive" }))
        }
    }
}
