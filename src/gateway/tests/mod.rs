//! What the gateway does whole: panics, the ledger, snapshots.

mod judging;
