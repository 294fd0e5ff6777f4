//! The index of the ledger in a SQLite file of its own, `index.db` in the data folder.
//!
//! It can be made again from the ledger at any time, so a file that is damaged or of another version is removed and made anew,
//! and writes are not waited for (`synchronous = NORMAL`: the file stays sound if the machine dies, and lacks the last batches,
//! which are read from the ledger again). One connection writes, one reads. Start reading at `file.rs`, then `view.rs`.

mod file;
mod statement;
mod view;
mod write;

#[cfg(test)]
mod tests;

pub use file::SqliteIndex;
