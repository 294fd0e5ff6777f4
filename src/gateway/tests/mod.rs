//! What the gateway does whole: panics, the ledger, snapshots.

mod actions;
mod judging;
mod overrides;
