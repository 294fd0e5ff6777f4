//! What is administered, in SQLite: `migrations/0002_admin.sql` and `0003_keys.sql` have the tables. Start reading at `store.rs`.

mod keys;
mod read;
mod store;
mod write;

#[cfg(test)]
mod tests;
