//! Keys that were issued: reading them, and writing one within a transaction.

use std::sync::Arc;

use rusqlite::{Connection, Error, Row, params};
use serde::{Deserialize, Serialize};

use crate::admin::{EarlierHash, IssuedKey};
use crate::identity::Key;
use crate::model::call::{PrincipalKind, Scope};
use crate::model::time::Timestamp;

const ALL: &str =
    "SELECT id, hash, earlier_hash, earlier_until, created_at, expires_at, revoked_at, rest FROM keys";
const PUT: &str = "INSERT OR REPLACE INTO keys
    (id, hash, earlier_hash, earlier_until, created_at, expires_at, revoked_at, rest)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

/// What of a key no statement asks for.
#[derive(Debug, Deserialize, Serialize)]
struct Rest {
    tenant: String,
    scopes: Vec<String>,
    actors: Vec<String>,
    actor: String,
    actor_type: String,
    roles: Vec<String>,
    groups: Vec<String>,
    person: Option<String>,
    created_by: String,
}

/// A row as it came.
struct Cells {
    id: String,
    hash: Vec<u8>,
    earlier_hash: Option<Vec<u8>>,
    earlier_until: Option<i64>,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    rest: String,
}

/// Every one of them, revoked ones too. An inner error names the one that cannot be read.
pub(super) fn all(connection: &Connection) -> Result<Vec<Result<IssuedKey, String>>, Error> {
    connection.prepare_cached(ALL)?.query_map([], |row| Ok(issued(cells(row)?)))?.collect()
}

/// Writes one, in the place of the one with its id where there is one.
pub(super) fn put(connection: &Connection, key: &IssuedKey) -> Result<(), Error> {
    let rest =
        serde_json::to_string(&rest(key)).map_err(|error| Error::ToSqlConversionFailure(error.into()))?;
    let micros = |time: Option<Timestamp>| time.map(Timestamp::as_micros);
    connection.prepare_cached(PUT)?.execute(params![
        &*key.key.id,
        key.key.hash,
        key.earlier.map(|earlier| earlier.hash),
        micros(key.earlier.map(|earlier| earlier.until)),
        key.created_at.as_micros(),
        micros(key.key.expires_at),
        micros(key.revoked_at),
        rest,
    ])?;
    Ok(())
}

fn cells(row: &Row<'_>) -> Result<Cells, Error> {
    Ok(Cells {
        id: row.get(0)?,
        hash: row.get(1)?,
        earlier_hash: row.get(2)?,
        earlier_until: row.get(3)?,
        created_at: row.get(4)?,
        expires_at: row.get(5)?,
        revoked_at: row.get(6)?,
        rest: row.get(7)?,
    })
}

fn issued(cells: Cells) -> Result<IssuedKey, String> {
    let id = cells.id.clone();
    let unreadable = || format!("the issued key {id} cannot be read from the store");
    let hash = |bytes: Vec<u8>| <[u8; 32]>::try_from(bytes).map_err(|_| unreadable());
    let rest: Rest = serde_json::from_str(&cells.rest).map_err(|_| unreadable())?;
    let scopes: Option<Vec<Scope>> = rest.scopes.iter().map(|name| Scope::parse(name)).collect();
    let kind = PrincipalKind::parse(&rest.actor_type).ok_or_else(unreadable)?;
    let shared = |names: &[String]| names.iter().map(|name| Arc::from(name.as_str())).collect();
    let earlier = match (cells.earlier_hash, cells.earlier_until) {
        (Some(bytes), Some(until)) => {
            Some(EarlierHash { hash: hash(bytes)?, until: Timestamp::from_micros(until) })
        }
        (None, None) => None,
        _ => return Err(unreadable()),
    };
    Ok(IssuedKey {
        key: Key {
            id: cells.id.into(),
            hash: hash(cells.hash)?,
            tenant: rest.tenant.into(),
            scopes: scopes.ok_or_else(unreadable)?,
            actors: rest.actors,
            actor: Some((rest.actor.into(), kind)),
            roles: shared(&rest.roles),
            groups: shared(&rest.groups),
            claims: Arc::default(),
            person: rest.person.map(Arc::from),
            expires_at: cells.expires_at.map(Timestamp::from_micros),
        },
        earlier,
        created_at: Timestamp::from_micros(cells.created_at),
        created_by: rest.created_by.into(),
        revoked_at: cells.revoked_at.map(Timestamp::from_micros),
    })
}

fn rest(issued: &IssuedKey) -> Rest {
    let key = &issued.key;
    let principal = key.principal(None);
    let texts = |names: &[Arc<str>]| names.iter().map(ToString::to_string).collect();
    Rest {
        tenant: key.tenant.to_string(),
        scopes: key.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        actors: key.actors.clone(),
        actor: principal.id.to_string(),
        actor_type: principal.kind.as_str().to_owned(),
        roles: texts(&key.roles),
        groups: texts(&key.groups),
        person: key.person.as_deref().map(str::to_owned),
        created_by: issued.created_by.to_string(),
    }
}
