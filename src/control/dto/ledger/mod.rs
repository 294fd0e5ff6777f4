//! What answers show of the ledger's records: `line.rs` reads one, `decision.rs` shows it to those who ask for decisions,
//! `entry.rs` and `trail.rs` to those who read the ledger.

mod decision;
mod entry;
mod line;
mod trail;

pub(in crate::control) use decision::{DecisionDetail, DecisionForm, DecisionPage};
pub(in crate::control) use entry::{EntryForm, EntryPage, kind_of};
pub(in crate::control) use line::SnapshotForm;
pub(in crate::control) use trail::Trail;
