//! One SQLite file, `aegis.db` in the data folder.
//!
//! Two connections, each behind its own lock: one writes, which is what SQLite lets one connection at a time do anyway, and
//! one reads, so that a call that only looks for its hold does not wait while another's change reaches the disk (the
//! write-ahead log lets both go on; `turns.rs`). Each write is one transaction, and it is on the disk when the call returns. Other processes may have the same file open. Start reading at `open.rs`, then `holds.rs`.

mod admin;
mod error;
mod generations;
mod holds;
mod index;
mod list;
mod migrate;
mod open;
mod overrides;
mod replays;
mod row;
mod turns;
mod unreadable;

#[cfg(test)]
mod tests;

pub use index::SqliteIndex;
pub use open::SqliteStore;
