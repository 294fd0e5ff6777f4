//! The index with its file.

use std::path::Path;
use std::sync::Arc;

use crate::audit::Ledger;
use crate::audit::index::AuditIndex;
use crate::store::SqliteIndex;

/// The index of `ledger`, in `index.db`. Its file is opened when it is first needed: no trouble with it keeps the gateway from
/// serving.
pub(in crate::app) fn open(data_dir: &Path, ledger: &Arc<Ledger>) -> Arc<AuditIndex> {
    let store = SqliteIndex::new(data_dir.join("index.db"));
    Arc::new(AuditIndex::new(Arc::new(store), Arc::clone(ledger)))
}
