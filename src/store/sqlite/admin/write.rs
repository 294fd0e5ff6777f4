//! Writing what is administered, within a transaction.

use rusqlite::{Connection, Error, params};

use crate::admin::{Digest, Entry, Pin, Pins, Role, Row, RowChange, Step, Text};
use crate::policy::governance::Source;
use crate::store::sqlite::admin::keys;
use crate::store::sqlite::admin::read::number;

const SNAPSHOT: &str =
    "INSERT INTO admin_snapshots (version, hash, source, by, created_at, back_to, texts_of)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const TEXTS_OF: &str = "SELECT coalesce(max(texts_of), 0) FROM admin_snapshots";
const TEXT: &str = "INSERT OR IGNORE INTO admin_texts (digest, text) VALUES (?1, ?2)";
const LIST_TEXT: &str =
    "INSERT INTO admin_snapshot_texts (snapshot, position, role, name, digest) VALUES (?1, ?2, ?3, ?4, ?5)";
const END: &str = "UPDATE admin_objects SET until = ?5
    WHERE origin = ?1 AND kind = ?2 AND tenant = ?3 AND name = ?4 AND until IS NULL";
const BEGIN: &str =
    "INSERT INTO admin_objects (since, origin, kind, tenant, name, id, version, created_at, updated_at, file,
    digest, written) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
const UNPIN: &str = "DELETE FROM admin_pins";
const PIN: &str = "INSERT INTO admin_pins (role, version, base) VALUES (?1, ?2, ?3)";

/// Writes a step.
pub(super) fn step(connection: &Connection, step: &Step<'_>) -> Result<(), Error> {
    let row = step.snapshot;
    let version = number(row.version);
    let texts_of = match step.texts {
        Some(_) => version,
        None => connection.prepare_cached(TEXTS_OF)?.query_row([], |row| row.get(0))?,
    };
    let back_to = row.back_to.map(number);
    let created_at = row.created_at.as_micros();
    let (hash, source, by) = (&*row.hash, &*row.source, row.by.as_deref());
    let values = params![version, hash, source, by, created_at, back_to, texts_of];
    connection.prepare_cached(SNAPSHOT)?.execute(values)?;
    for (position, text) in (0_i64..).zip(step.texts.unwrap_or_default()) {
        list(connection, version, position, text)?;
    }
    for change in step.rows {
        change_row(connection, change, version)?;
    }
    if let Some(key) = step.key {
        keys::put(connection, key)?;
    }
    step.pins.map_or(Ok(()), |found| pins(connection, found))
}

/// Writes what stands in the place of files.
pub(super) fn pins(connection: &Connection, pins: &Pins) -> Result<(), Error> {
    connection.prepare_cached(UNPIN)?.execute([])?;
    let of = [(Role::Rules, &pins.rules), (Role::Governance, &pins.governance)];
    for (role, pin) in of {
        if let Some(Pin { version, base, .. }) = pin {
            let values = params![role.as_str(), number(*version), &**base];
            connection.prepare_cached(PIN)?.execute(values)?;
        }
    }
    Ok(())
}

fn list(connection: &Connection, snapshot: i64, position: i64, text: &Text) -> Result<(), Error> {
    let digest = Digest::of_text(&text.text);
    connection.prepare_cached(TEXT)?.execute(params![digest.0, &*text.text])?;
    let values = params![snapshot, position, text.role.as_str(), &*text.name, digest.0];
    connection.prepare_cached(LIST_TEXT)?.execute(values)?;
    Ok(())
}

fn change_row(connection: &Connection, change: &RowChange, snapshot: i64) -> Result<(), Error> {
    let RowChange { key, row } = change;
    let (origin, kind) = (row.origin().as_str(), key.kind.as_str());
    let (tenant, name) = (key.tenant.as_deref().unwrap_or_default(), &*key.name);
    connection.prepare_cached(END)?.execute(params![origin, kind, tenant, name, snapshot])?;
    let (Row::Api(entry) | Row::File(entry) | Row::Revoked(entry)) = row;
    let Some(Entry { object, digest }) = entry else { return Ok(()) };
    let (stamp, written) = (&object.stamp, object.written.to_string());
    let file = match &stamp.source {
        Source::File(file) => Some(&**file),
        Source::Api => None,
    };
    connection.prepare_cached(BEGIN)?.execute(params![
        snapshot,
        origin,
        kind,
        tenant,
        name,
        &*stamp.id,
        number(stamp.version),
        stamp.created_at.as_micros(),
        stamp.updated_at.as_micros(),
        file,
        digest.0,
        written,
    ])?;
    Ok(())
}
