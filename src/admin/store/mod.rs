//! What is kept of all this, and where. Start reading at [`AdminStore`].

mod admin_store;
mod issued;

pub use admin_store::{AdminStore, SnapshotContent, SnapshotRow, Step, Stored, StoredObject};
pub use issued::{EarlierHash, IssuedKey};
