//! Answers that are given again, in SQLite: `migrations/0004_replays.sql` has the table.

mod store;

#[cfg(test)]
mod tests;
