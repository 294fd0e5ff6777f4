//! The trait over the two connections.

use rusqlite::{Error, OptionalExtension, Row, TransactionBehavior, params};

use crate::admin::{AdminStoreError, GenerationRun, GenerationState, GenerationStore};
use crate::model::time::Timestamp;
use crate::store::sqlite::SqliteStore;

const PUT: &str = "INSERT OR REPLACE INTO generations
    (id, engine, name, status, config, by, created_at, updated_at, outcome)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const FIND: &str = "SELECT id, engine, name, status, config, by, created_at, updated_at, outcome
    FROM generations WHERE id = ?1";
/// What came of a run may be long, and lists do not show it.
const OF_ENGINE: &str = "SELECT id, engine, name, status, config, by, created_at, updated_at, NULL
    FROM generations WHERE engine = ?1 ORDER BY created_at, id";
const REMOVE: &str = "DELETE FROM generations WHERE id = ?1";
const FORGET: &str = "DELETE FROM generations WHERE created_at < ?1";
const INTERRUPT: &str = "UPDATE generations SET status = ?1, outcome = ?2, updated_at = ?3 WHERE status = ?4";

/// A row as it came.
type Cells = (String, String, Option<String>, String, String, String, i64, i64, Option<String>);

impl GenerationStore for SqliteStore {
    fn put_run(&self, run: &GenerationRun) -> Result<(), AdminStoreError> {
        let put = self.write(|connection| {
            connection.prepare_cached(PUT)?.execute(params![
                &*run.id,
                &*run.engine,
                run.name,
                run.state.as_str(),
                run.config,
                &*run.by,
                run.created_at.as_micros(),
                run.updated_at.as_micros(),
                run.outcome,
            ])
        });
        put.map(drop).map_err(failed)
    }

    fn find_run(&self, id: &str) -> Result<Option<GenerationRun>, AdminStoreError> {
        let row = self.read(|connection| connection.prepare_cached(FIND)?.query_row([id], cells).optional());
        row.map_err(failed)?.map(read).transpose()
    }

    fn runs_of(&self, engine: &str) -> Result<Vec<GenerationRun>, AdminStoreError> {
        let rows = self.read(|connection| {
            let mut list = connection.prepare_cached(OF_ENGINE)?;
            let rows = list.query_map([engine], cells)?;
            rows.collect::<Result<Vec<_>, Error>>()
        });
        rows.map_err(failed)?.into_iter().map(read).collect()
    }

    fn remove_run(&self, id: &str) -> Result<(), AdminStoreError> {
        let removed = self.write(|connection| connection.prepare_cached(REMOVE)?.execute([id]));
        removed.map(drop).map_err(failed)
    }

    fn forget_runs(&self, before: Timestamp) -> Result<(), AdminStoreError> {
        let forgotten =
            self.write(|connection| connection.prepare_cached(FORGET)?.execute([before.as_micros()]));
        forgotten.map(drop).map_err(failed)
    }

    fn tidy_runs(&self, before: Timestamp, outcome: &str, now: Timestamp) -> Result<(), AdminStoreError> {
        let (generating, failed_word) =
            (GenerationState::Generating.as_str(), GenerationState::Failed.as_str());
        let tidied = self.write(|connection| {
            let tidying = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            tidying.prepare_cached(FORGET)?.execute([before.as_micros()])?;
            tidying.prepare_cached(INTERRUPT)?.execute(params![
                failed_word,
                outcome,
                now.as_micros(),
                generating
            ])?;
            tidying.commit()
        });
        tidied.map_err(failed)
    }
}

fn failed(error: impl std::fmt::Display) -> AdminStoreError {
    AdminStoreError(error.to_string())
}

fn cells(row: &Row<'_>) -> Result<Cells, Error> {
    Ok((
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
        row.get(5)?,
        row.get(6)?,
        row.get(7)?,
        row.get(8)?,
    ))
}

fn read(row: Cells) -> Result<GenerationRun, AdminStoreError> {
    let (id, engine, name, status, config, by, created_at, updated_at, outcome) = row;
    let state = GenerationState::parse(&status)
        .ok_or_else(|| AdminStoreError(format!("the generation {id} cannot be read back")))?;
    Ok(GenerationRun {
        id: id.into(),
        engine: engine.into(),
        name,
        state,
        config,
        by: by.into(),
        created_at: Timestamp::from_micros(created_at),
        updated_at: Timestamp::from_micros(updated_at),
        outcome,
    })
}
