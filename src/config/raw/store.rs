//! `store`: where holds are kept. Imports nothing of ours.

use schemars::JsonSchema;
use serde::Deserialize;

/// Where holds, and what else must outlive the gateway beside the ledger, are kept.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "Store")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawStore {
    /// A file in data_dir, which is the default: an empty mapping, since there is nothing to set yet.
    pub(crate) sqlite: Option<RawSqlite>,
}

/// A store in one file, aegis.db in data_dir.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Sqlite")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSqlite {}
