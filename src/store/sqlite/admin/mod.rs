//! What is administered, in SQLite: `migrations/0002_admin.sql` has the tables. Start reading at `store.rs`.

mod read;
mod store;
mod write;

#[cfg(test)]
mod tests;
