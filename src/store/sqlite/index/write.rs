//! Putting batches in.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, Error, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::audit::index::{Batch, Entry, Execution, Place, Progress};

pub(super) const PROGRESS: &str = "INSERT INTO epochs
    (name, next, segment, offset, last_segment, last_offset, last_hash, complete) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (name) DO UPDATE SET next = ?2, segment = ?3, offset = ?4, last_segment = ?5, last_offset = ?6,
        last_hash = ?7, complete = ?8
    WHERE next <= ?2";
pub(super) const NEXT: &str = "SELECT next FROM epochs WHERE name = ?1";
pub(super) const NUMBER: &str = "SELECT number FROM epochs WHERE name = ?1";
pub(super) const CALL: &str =
    "INSERT OR IGNORE INTO calls (time, epoch, seq, segment, offset, call, kind, tenant, actor, \
     capability, outcome, code, risk, session, surface, result_status)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
pub(super) const EXECUTION: &str =
    "INSERT OR IGNORE INTO executions (call, epoch, seq, segment, offset, result, result_status)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// Puts a batch in, all of it or nothing. False, and nothing, when the batch does not follow what is there.
pub(super) fn add(connection: &mut Connection, batch: &Batch) -> Result<bool, Error> {
    let adding = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (from, progress) in &batch.progress {
        let mut next = adding.prepare_cached(NEXT)?;
        let next: Option<i64> = next.query_row([&*progress.epoch], |row| row.get(0)).optional()?;
        if next.unwrap_or(0) < signed(*from) {
            return Ok(false);
        }
        note(&adding, progress)?;
    }
    let mut numbers = HashMap::new();
    let mut number = |epoch: &Arc<str>| match numbers.get(epoch) {
        Some(number) => Ok::<i64, Error>(*number),
        None => {
            let number: i64 = adding.query_row(NUMBER, [&**epoch], |row| row.get(0))?;
            numbers.insert(Arc::clone(epoch), number);
            Ok(number)
        }
    };
    let mut insert = adding.prepare_cached(CALL)?;
    for Entry { at, place, key, tags, .. } in &batch.entries {
        insert.execute(params![
            at.time.as_micros(),
            number(&at.epoch)?,
            signed(at.seq),
            signed(place.segment),
            signed(place.offset),
            key.as_ref().map(|key| key.0.as_slice()),
            tags.kind.map(|tag| tag.0),
            tags.tenant.map(|tag| tag.0),
            tags.actor.map(|tag| tag.0),
            tags.capability.map(|tag| tag.0),
            tags.outcome.map(|tag| tag.0),
            tags.code.map(|tag| tag.0),
            tags.risk.map(|tag| tag.0),
            tags.session.map(|tag| tag.0),
            tags.surface.map(|tag| tag.0),
            tags.result_status.map(|tag| tag.0),
        ])?;
    }
    drop(insert);
    let mut insert = adding.prepare_cached(EXECUTION)?;
    for Execution { key, epoch, seq, place, result, result_status } in &batch.executions {
        insert.execute(params![
            key.0.as_slice(),
            number(epoch)?,
            signed(*seq),
            signed(place.segment),
            signed(place.offset),
            result.map(|tag| tag.0),
            result_status.map(|tag| tag.0),
        ])?;
    }
    drop(insert);
    adding.commit()?;
    Ok(true)
}

fn note(adding: &Transaction<'_>, progress: &Progress) -> Result<(), Error> {
    let Progress { epoch, next, place, last, complete } = progress;
    let (last_place, last_hash) = last.unzip();
    adding.prepare_cached(PROGRESS)?.execute(params![
        &**epoch,
        signed(*next),
        signed(place.segment),
        signed(place.offset),
        last_place.map(|Place { segment, .. }| signed(segment)),
        last_place.map(|Place { offset, .. }| signed(offset)),
        last_hash.as_ref().map(|hash| hash.as_str()),
        complete,
    ])?;
    Ok(())
}

/// SQLite's numbers are signed; ours never get so large.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
