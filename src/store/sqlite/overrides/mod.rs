//! Overrides of evaluations, in SQLite: `migrations/0005_overrides.sql` has the table.

mod store;

#[cfg(test)]
mod tests;
