//! The live numbers: uses of grants and of capabilities with a limit that all callers share, reports of executions, and when callers were active.
//!
//! Imports `model` and the files beside it. `uses.rs` is the sliding log, `reports.rs` and `activity.rs` are what a risk score
//! asks for, `observed/` what the gates do, `part.rs` holds them for one part of the callers, `checkpoint.rs` and `bytes.rs` write all of it down. The same
//! state comes from calls as they happen and from the records of the ledger ([`Event`]). Start reading at [`Live`].

mod activity;
mod bytes;
mod checkpoint;
mod event;
mod numbers;
mod observed;
mod part;
mod reports;
mod reservation;
mod uses;

pub use checkpoint::CheckpointError;
pub use event::{Event, Observation, SharedUse, What, Who};
pub use numbers::{Live, LiveLimits, LiveSize};
pub use observed::DriftBaseline;
pub use reservation::{Exceeded, Limited, Reservation};
