//! What the tests share.

use std::sync::Arc;

use crate::admin::{Asked, By, Change, FileObject, Planned, Refused, Registry};
use crate::model::document::Document;
use crate::model::time::Timestamp;
use crate::policy::governance::{Defaults, Kind, Source, Written, read, read_file};

/// An object as the API reads it, of tenant `default` where that matters.
pub(crate) fn written(kind: Kind, text: &str) -> Written {
    let document = Document::parse("body", text).unwrap();
    read(kind, &document, Defaults { tenant: "default", actor: None, id: Some("pol_a") }).unwrap()
}

pub(crate) fn policy(id: &str, tenant: Option<&str>, outcome: &str) -> Written {
    let tenant = tenant.map(|tenant| format!(", tenant: {tenant}")).unwrap_or_default();
    let text = format!("{{name: p, rules: [{{capability: \"*\", outcome: {outcome}}}]{tenant}}}");
    let document = Document::parse("body", &text).unwrap();
    read(Kind::Policy, &document, Defaults { tenant: "default", actor: None, id: Some(id) }).unwrap()
}

pub(crate) fn grant(tenant: &str, actor: &str, capability: &str) -> Written {
    written(Kind::Grant, &format!("{{actor: {actor}, capability: {capability}, tenant: {tenant}}}"))
}

pub(crate) fn revoke(tenant: &str, actor: &str, capability: &str) -> Change {
    Change::Revoke { tenant: tenant.into(), actor: actor.into(), capability: capability.into() }
}

/// What a file named `name` with that text holds.
pub(crate) fn file(name: &str, text: &str) -> Vec<FileObject> {
    let written = read_file(&Document::parse(name, text).unwrap()).unwrap();
    written.into_iter().map(|written| FileObject { file: name.into(), written }).collect()
}

pub(crate) fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// Whoever may change everything.
pub(crate) fn root() -> By {
    By::key("root", "default")
}

/// What `change` comes to at time `now`, asked for by `by`.
pub(super) fn planned(registry: &Registry, change: Change, by: &By, now: i64) -> Result<Planned, Refused> {
    let mut id = |prefix: &'static str| Arc::from(format!("{prefix}{now}"));
    registry.plan(change, Asked { by, now: at(now), id: &mut id })
}

/// Makes a change that may be made.
pub(super) fn make(registry: &mut Registry, change: Change, now: i64) -> Planned {
    let planned = planned(registry, change, &root(), now).unwrap();
    registry.apply(planned.rows.clone());
    planned
}

/// Has the files hold these.
pub(super) fn load(registry: &mut Registry, objects: &[FileObject], now: i64) {
    let rows = registry.files_changed(objects, at(now));
    registry.apply(rows);
}

/// Every object that holds: kind, tenant, name, version and source.
pub(super) fn holding(registry: &Registry) -> Vec<String> {
    let line = |object: &Arc<crate::policy::governance::Object>| {
        let (key, stamp) = (&object.key, &object.stamp);
        let source = match &stamp.source {
            Source::Api => "api",
            Source::File(file) => file,
        };
        let (kind, tenant) = (key.kind.as_str(), key.tenant.as_deref().unwrap_or("-"));
        format!("{kind} {tenant} {} v{} {source}", key.name, stamp.version)
    };
    registry.objects().iter().map(line).collect()
}
