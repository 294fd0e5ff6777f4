//! The index with its file.

use std::path::Path;
use std::sync::Arc;

use crate::audit::Ledger;
use crate::audit::index::AuditIndex;
use crate::store::SqliteIndex;

/// Its file in the data folder, unless it is told another.
pub(in crate::app) const FILE: &str = "index.db";

/// The index of `ledger`, in `file`, which is opened when it is first needed: no trouble with it keeps the gateway from
/// serving.
pub(in crate::app) fn open(file: &Path, ledger: &Arc<Ledger>) -> Arc<AuditIndex> {
    let store = SqliteIndex::new(file.to_owned());
    Arc::new(AuditIndex::new(Arc::new(store), Arc::clone(ledger)))
}
