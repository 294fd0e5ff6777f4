//! L5: the only SQL. What must outlive the gateway beside the ledger is kept here.
//!
//! May import L0 to L3, and only `app` imports it. It implements the storage traits of L3, each over a SQLite
//! file: `holds::HoldStore`, `holds::OverrideStore`, `admin::AdminStore`, `admin::ReplayStore` and `audit::index::IndexStore`. Start reading at [`SqliteStore`]; `migrations/` has the tables, `wire.rs` what is written as JSON.

mod error;
mod sqlite;
mod wire;

pub use error::StoreOpenError;
pub use sqlite::{SqliteIndex, SqliteStore};
