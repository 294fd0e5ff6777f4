//! Runs that make Cedar policies, in SQLite: `migrations/0006_generations.sql` has the table.

mod store;

#[cfg(test)]
mod tests;
