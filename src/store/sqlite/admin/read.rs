//! Reading what is administered. A row that is none of ours is a text that says so, not a failure of SQLite.

use std::sync::Arc;

use rusqlite::{Connection, Error, Params, Row, params};

use crate::admin::{Digest, Origin, Pin, Pins, Role, SnapshotRow, StoredObject, Text};
use crate::model::time::Timestamp;
use crate::policy::governance::{Kind, ObjectKey, Source, Stamp};

/// The columns of an object, in the order of [`object`].
macro_rules! columns {
    () => {
        "origin, kind, tenant, name, id, version, created_at, updated_at, file, digest, written"
    };
}

const NOW: &str = concat!("SELECT ", columns!(), " FROM admin_objects WHERE until IS NULL");
const THEN: &str =
    concat!("SELECT ", columns!(), " FROM admin_objects WHERE since <= ?1 AND (until IS NULL OR until > ?1)");
const SNAPSHOTS: &str = "SELECT version, hash, source, by, created_at, back_to FROM admin_snapshots
    WHERE version < ?1 ORDER BY version DESC LIMIT ?2";
const LATEST: &str = "SELECT coalesce(max(version), 0) FROM admin_snapshots";
const TEXTS: &str = "SELECT role, name, text FROM admin_snapshots
    JOIN admin_snapshot_texts ON snapshot = texts_of JOIN admin_texts USING (digest)
    WHERE version = ?1 ORDER BY position";
const PINS: &str = "SELECT role, version, base FROM admin_pins";

/// A row, or why it is none.
pub(super) type Found<T> = Result<T, String>;

/// What each source says now.
pub(super) fn objects_now(connection: &Connection) -> Result<Vec<Found<StoredObject>>, Error> {
    objects(connection, NOW, [])
}

/// What each source said when the snapshot of `version` was put in force.
pub(super) fn objects_then(connection: &Connection, version: u64) -> Result<Vec<Found<StoredObject>>, Error> {
    objects(connection, THEN, params![number(version)])
}

fn objects(
    connection: &Connection,
    sql: &str,
    values: impl Params,
) -> Result<Vec<Found<StoredObject>>, Error> {
    connection.prepare_cached(sql)?.query_map(values, object)?.collect()
}

/// Snapshots before a version, newest first.
pub(super) fn snapshots(
    connection: &Connection,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<SnapshotRow>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(SNAPSHOTS)?;
    let rows = statement.query_map(params![before.map_or(i64::MAX, number), limit], |row| {
        Ok(SnapshotRow {
            version: counted(row.get(0)?),
            hash: shared(row, 1)?,
            source: shared(row, 2)?,
            by: row.get::<_, Option<String>>(3)?.map(Into::into),
            created_at: Timestamp::from_micros(row.get(4)?),
            back_to: row.get::<_, Option<i64>>(5)?.map(counted),
        })
    })?;
    rows.collect()
}

/// The version of the latest snapshot; 0 = none.
pub(super) fn latest(connection: &Connection) -> Result<u64, Error> {
    connection.prepare_cached(LATEST)?.query_row([], |row| row.get(0)).map(counted)
}

/// The texts of the snapshot of a version.
pub(super) fn texts(connection: &Connection, version: u64) -> Result<Vec<Found<Text>>, Error> {
    let mut statement = connection.prepare_cached(TEXTS)?;
    let rows = statement.query_map([number(version)], |row| {
        let role: String = row.get(0)?;
        let (name, text) = (shared(row, 1)?, shared(row, 2)?);
        Ok(Role::parse(&role)
            .map(|role| Text { role, name, text })
            .ok_or_else(|| format!("the role {role} of a text of snapshot {version} is unknown")))
    })?;
    rows.collect()
}

/// What stands in the place of files.
pub(super) fn pins(connection: &Connection) -> Result<Found<Pins>, Error> {
    let mut statement = connection.prepare_cached(PINS)?;
    let rows: Vec<(String, i64, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let mut pins = Pins::default();
    for (role, version, base) in rows {
        let version = counted(version);
        let of = match Role::parse(&role) {
            Some(Role::Rules) => &mut pins.rules,
            Some(Role::Governance) => &mut pins.governance,
            Some(Role::Config) | None => return Ok(Err(format!("nothing pins {role}"))),
        };
        let texts = match texts(connection, version)?.into_iter().collect::<Result<Vec<_>, _>>() {
            Ok(texts) => texts.into_iter().filter(|text| text.role.as_str() == role).collect(),
            Err(why) => return Ok(Err(why)),
        };
        *of = Some(Pin { version, base: base.into(), texts });
    }
    Ok(Ok(pins))
}

fn object(row: &Row<'_>) -> Result<Found<StoredObject>, Error> {
    let (origin, kind): (String, String) = (row.get(0)?, row.get(1)?);
    let (tenant, name, id) = (shared(row, 2)?, shared(row, 3)?, shared(row, 4)?);
    let digest: Vec<u8> = row.get(9)?;
    let stamp = Stamp {
        id: Arc::clone(&id),
        version: counted(row.get(5)?),
        created_at: Timestamp::from_micros(row.get(6)?),
        updated_at: Timestamp::from_micros(row.get(7)?),
        source: row.get::<_, Option<String>>(8)?.map_or(Source::Api, |file| Source::File(file.into())),
    };
    let written = row.get(10)?;
    let made = || {
        let key = ObjectKey {
            kind: Kind::parse(&kind)?,
            tenant: Some(tenant).filter(|tenant| !tenant.is_empty()),
            name,
        };
        let digest = Digest(digest.try_into().ok()?);
        Some(StoredObject { origin: Origin::parse(&origin)?, key, stamp, digest, written })
    };
    Ok(made().ok_or_else(|| format!("the {kind} {id} cannot be read back")))
}

fn shared(row: &Row<'_>, column: usize) -> Result<Arc<str>, Error> {
    row.get::<_, String>(column).map(Into::into)
}

/// SQLite's numbers are signed; ours never get so large.
pub(super) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn counted(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
