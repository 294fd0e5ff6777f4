//! The trait over the two connections.

use rusqlite::{Error, OptionalExtension, Row, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use crate::holds::{
    EXPIRED_OVERRIDE_KEPT, MessageHash, Override, OverrideMessage, OverrideStore, OverrideVote, StoreError,
};
use crate::model::id::Id;
use crate::model::time::Timestamp;
use crate::store::sqlite::SqliteStore;

const FIND: &str =
    "SELECT revision, tenant, message_hash, justification, votes, requested_at, expires_at FROM overrides
    WHERE decision_id = ?1";
const FORGET: &str = "DELETE FROM overrides WHERE granted = 0 AND expires_at <= ?1";
/// Into the place of nothing.
const INSERT: &str = "INSERT INTO overrides
    (decision_id, revision, tenant, message_hash, justification, votes, granted, requested_at, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";
/// Into the place of the revision before.
const REPLACE: &str = "UPDATE overrides SET revision = ?2, tenant = ?3, message_hash = ?4, justification = ?5,
    votes = ?6, granted = ?7, requested_at = ?8, expires_at = ?9 WHERE decision_id = ?1 AND revision = ?2 - 1";

/// A vote as JSON. A member that this version does not know is an error, since whether the vote counts could depend on it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireVote {
    person: String,
    by: String,
    roles: Vec<String>,
    at: i64,
}

/// A row as it came.
type Cells = (i64, String, [u8; 32], String, String, i64, i64);

impl OverrideStore for SqliteStore {
    fn find_override(&self, decision_id: &Id) -> Result<Option<Override>, StoreError> {
        let row = self.read(|connection| {
            let mut find = connection.prepare_cached(FIND)?;
            find.query_row([decision_id.to_string()], cells).optional()
        })?;
        // Outside the statement, so that a bad row is no failure of SQLite.
        let read = row.map(|row| read(*decision_id, row)).transpose();
        read.map_err(|why| {
            StoreError::OneHold(format!("the override of {decision_id} cannot be read back: {why}"))
        })
    }

    fn replace_override(&self, next: &Override, now: Timestamp) -> Result<bool, StoreError> {
        let votes: Vec<WireVote> = next.votes.iter().map(WireVote::of).collect();
        let votes = serde_json::to_string(&votes).map_err(|error| StoreError::OneHold(error.to_string()))?;
        let kept = i64::try_from(EXPIRED_OVERRIDE_KEPT.as_micros()).unwrap_or(i64::MAX);
        self.write(|connection| {
            let replacing = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let sql = if next.revision == 1 { INSERT } else { REPLACE };
            let replaced = replacing.prepare_cached(sql)?.execute(params![
                next.decision_id.to_string(),
                signed(next.revision),
                &*next.tenant,
                next.message.hash.as_bytes().as_slice(),
                next.message.justification,
                votes,
                next.is_granted(),
                next.requested_at.as_micros(),
                next.expires_at.as_micros(),
            ])?;
            if replaced == 1 {
                replacing.prepare_cached(FORGET)?.execute([now.as_micros().saturating_sub(kept)])?;
            }
            replacing.commit()?;
            Ok(replaced == 1)
        })
    }
}

fn cells(row: &Row<'_>) -> Result<Cells, Error> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
}

/// The override of a row. What is wrong with it otherwise, without what it holds.
fn read(decision_id: Id, row: Cells) -> Result<Override, String> {
    let (revision, tenant, hash, justification, votes, requested_at, expires_at) = row;
    let votes: Vec<WireVote> = serde_json::from_str(&votes).map_err(|error| {
        format!("its JSON is not as expected ({:?}, column {})", error.classify(), error.column())
    })?;
    Ok(Override {
        decision_id,
        revision: u64::try_from(revision).map_err(|_| "its revision is none")?,
        tenant: tenant.into(),
        message: OverrideMessage { hash: MessageHash::from_bytes(hash), justification },
        votes: votes.into_iter().map(WireVote::into_vote).collect(),
        requested_at: Timestamp::from_micros(requested_at),
        expires_at: Timestamp::from_micros(expires_at),
    })
}

impl WireVote {
    fn of(vote: &OverrideVote) -> Self {
        let OverrideVote { person, by, roles, at } = vote.clone();
        Self { person, by, roles, at: at.as_micros() }
    }

    fn into_vote(self) -> OverrideVote {
        let Self { person, by, roles, at } = self;
        OverrideVote { person, by, roles, at: Timestamp::from_micros(at) }
    }
}

/// SQLite's numbers are signed; ours never get so large.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
