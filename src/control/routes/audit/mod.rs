//! `/api/v1/audit/...`: the ledger, for those who read it. `log.rs` lists and shows its records.

mod log;

pub(in crate::control) use log::{list, show};
