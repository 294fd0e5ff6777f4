//! The trait over the two connections.

use rusqlite::{Error, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use crate::admin::{
    AdminStoreError, Kept, MOST_REPLAY_BYTES, MOST_REPLAYS, REPLAY_LASTS, Replay, ReplayRequest, ReplayStore,
};
use crate::model::time::Timestamp;
use crate::store::sqlite::SqliteStore;

const FIND: &str =
    "SELECT body_hash, status, headers, body FROM replays WHERE scope = ?1 AND expires_at > ?2";
const FORGET: &str = "DELETE FROM replays WHERE expires_at <= ?1";
const KEEP: &str =
    "INSERT OR REPLACE INTO replays (scope, owner, body_hash, status, headers, body, bytes, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
/// Makes no room: a claim is small, and its answer makes some.
const CLAIM: &str =
    "INSERT OR REPLACE INTO replays (scope, owner, body_hash, status, headers, body, bytes, expires_at)
    VALUES (?1, ?2, ?3, 0, '[]', x'', ?4, ?5)";
const GIVE_UP: &str = "DELETE FROM replays WHERE scope = ?1 AND status = 0";
/// About how many bytes a claim takes.
const CLAIM_BYTES: i64 = 256;
const HELD: &str = "SELECT count(*), coalesce(sum(bytes), 0) FROM replays WHERE owner = ?1";
const DROP_OLDEST: &str = "DELETE FROM replays WHERE rowid IN
    (SELECT rowid FROM replays WHERE owner = ?1 ORDER BY expires_at LIMIT ?2)";

impl ReplayStore for SqliteStore {
    fn find(&self, scope: &[u8; 32], now: Timestamp) -> Result<Option<Kept>, AdminStoreError> {
        Ok(self.read(|connection| {
            let mut find = connection.prepare_cached(FIND)?;
            find.query_row(params![scope.as_slice(), now.as_micros()], kept).optional()
        })?)
    }

    fn claim(&self, request: &ReplayRequest, now: Timestamp) -> Result<(), AdminStoreError> {
        let until = now.after(REPLAY_LASTS).as_micros();
        Ok(self.write(|connection| {
            connection.prepare_cached(CLAIM)?.execute(params![
                request.scope.as_slice(),
                &*request.owner,
                request.body.as_slice(),
                CLAIM_BYTES,
                until,
            ])?;
            Ok(())
        })?)
    }

    fn give_up(&self, scope: &[u8; 32]) -> Result<(), AdminStoreError> {
        Ok(self.write(|connection| {
            connection.prepare_cached(GIVE_UP)?.execute([scope.as_slice()])?;
            Ok(())
        })?)
    }

    fn keep(&self, request: &ReplayRequest, replay: &Replay, now: Timestamp) -> Result<(), AdminStoreError> {
        let headers =
            serde_json::to_string(&replay.headers).map_err(|error| AdminStoreError(error.to_string()))?;
        let until = now.after(REPLAY_LASTS).as_micros();
        Ok(self.write(|connection| {
            let keeping = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            keeping.prepare_cached(FORGET)?.execute([now.as_micros()])?;
            keeping.prepare_cached(KEEP)?.execute(params![
                request.scope.as_slice(),
                &*request.owner,
                replay.request_body.as_slice(),
                replay.status,
                headers,
                replay.body,
                signed(replay.bytes()),
                until,
            ])?;
            make_room(&keeping, &request.owner)?;
            keeping.commit()
        })?)
    }
}

/// Drops the owner's oldest answers until there are no more than there may be.
fn make_room(keeping: &Transaction<'_>, owner: &str) -> Result<(), Error> {
    loop {
        let mut held = keeping.prepare_cached(HELD)?;
        let (count, bytes): (i64, i64) = held.query_row([owner], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if count <= signed(MOST_REPLAYS) && bytes <= signed(MOST_REPLAY_BYTES) {
            return Ok(());
        }
        // Some at once, so that not every answer has to look for room.
        let dropped = keeping.prepare_cached(DROP_OLDEST)?.execute(params![owner, (count / 16).max(1)])?;
        if dropped == 0 {
            return Ok(());
        }
    }
}

fn kept(row: &Row<'_>) -> Result<Kept, Error> {
    let (request_body, status) = (row.get(0)?, row.get(1)?);
    if status == 0 {
        return Ok(Kept::Claim { request_body });
    }
    let headers: String = row.get(2)?;
    let headers = serde_json::from_str(&headers)
        .map_err(|error| Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, error.into()))?;
    Ok(Kept::Answer(Replay { request_body, status, headers, body: row.get(3)? }))
}

/// SQLite's numbers are signed; ours never get so large.
fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
