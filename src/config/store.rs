//! `store`: where holds are kept. Imports `model` only.

/// Where holds, and what else must outlive the gateway beside the ledger, are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// In a file, `aegis.db` in the data folder.
    Sqlite,
}
