//! Snapshots that were in force, as answers show them.

use serde_json::{Map, Value, json};

use crate::admin::{By, Origin, Role, SnapshotContent, SnapshotRow, StoredObject};
use crate::gateway::SnapshotStatus;
use crate::policy::governance::{Kind, Source};

/// A snapshot in a list.
pub(in crate::control) fn snapshot_row(row: &SnapshotRow, status: &SnapshotStatus, by: &By) -> Value {
    Value::Object(members(row, status, by.deployment))
}

/// `whole`: also whose key made it, and what is wrong in files, which may be another tenant's.
fn members(row: &SnapshotRow, status: &SnapshotStatus, whole: bool) -> Map<String, Value> {
    let active = row.version == status.active.version;
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| {
        members.insert(name.to_owned(), value);
    };
    put("version", json!(row.version));
    put("hash", json!(&*row.hash));
    put("source", json!(&*row.source));
    put("created_at", json!(row.created_at.to_rfc3339()));
    put("by", json!(row.by.as_deref().filter(|_| whole)));
    put("active", json!(active));
    if let Some(version) = row.back_to {
        put("back_to", json!(version));
    }
    if let Some(rejected) = status.rejected.as_ref().filter(|_| active) {
        let at = rejected.at.to_rfc3339();
        let problems: Vec<_> = rejected.problems.lines().collect();
        put("rejected", if whole { json!({"at": at, "problems": problems}) } else { json!({"at": at}) });
    }
    members
}

/// What a snapshot was made of. Whoever does not speak for the deployment sees neither the configuration, nor whole files, nor
/// what is other tenants'.
pub(in crate::control) fn snapshot_content(
    content: &SnapshotContent,
    status: &SnapshotStatus,
    by: &By,
) -> Value {
    let mut shown = members(&content.row, status, by.deployment);
    let texts = content.texts.iter().filter(|text| by.deployment || text.role == Role::Rules);
    let files: Vec<_> = texts
        .map(|text| json!({"role": text.role.as_str(), "name": &*text.name, "text": &*text.text}))
        .collect();
    shown.insert("files".to_owned(), Value::Array(files));
    let visible = |object: &&StoredObject| {
        object.key.tenant.as_deref().is_none_or(|tenant| by.deployment || tenant == &*by.tenant)
    };
    let holding: Vec<_> = content.holding().into_iter().filter(visible).collect();
    for kind in Kind::ALL {
        let of_kind = holding.iter().filter(|object| object.key.kind == kind);
        shown.insert(list_name(kind).to_owned(), of_kind.map(|object| object_form(object)).collect());
    }
    let revoked = content.objects.iter().filter(|object| object.origin == Origin::Revoked).filter(visible);
    let revoked = revoked.filter_map(|object| {
        let (capability, actor) = object.key.name.split_once(' ')?;
        Some(json!({"actor": actor, "capability": capability, "tenant": object.key.tenant.as_deref()}))
    });
    shown.insert("revoked_grants".to_owned(), revoked.collect());
    Value::Object(shown)
}

const fn list_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Capability => "capabilities",
        Kind::Policy => "policies",
        Kind::Grant => "grants",
        Kind::Actor => "actors",
        Kind::KillSwitch => "kill_switches",
        Kind::CedarEngine => "cedar_engines",
        Kind::CedarPolicy => "cedar_policies",
        Kind::CedarEnforcement => "cedar_enforcement",
    }
}

fn object_form(object: &StoredObject) -> Value {
    let stamp = &object.stamp;
    let mut shown = Map::new();
    shown.insert("id".to_owned(), json!(&*stamp.id));
    if let Ok(Value::Object(written)) = serde_json::from_str(&object.written) {
        shown.extend(written);
    }
    shown.insert("version".to_owned(), json!(stamp.version));
    shown.insert("created_at".to_owned(), json!(stamp.created_at.to_rfc3339()));
    shown.insert("updated_at".to_owned(), json!(stamp.updated_at.to_rfc3339()));
    shown.insert("source".to_owned(), json!(object.origin.as_str()));
    if let Source::File(file) = &stamp.source {
        shown.insert("file".to_owned(), json!(&**file));
    }
    Value::Object(shown)
}
