//! What becomes of a call after its permit: one `execution` record for each, whatever happens.
//!
//! `guard.rs` goes along with the call and is ended with it; `recorder.rs` appends the records, and keeps those the ledger
//! does not take at once; `counting.rs` settles what
//! was taken of a caller's grant. Start reading at [`Execution`].

pub(in crate::gateway) mod counting;
mod guard;
mod recorder;

pub(in crate::gateway) use guard::Execution;
pub use guard::Sent;
pub(in crate::gateway) use recorder::{Became, Recorder, RecorderParts};
