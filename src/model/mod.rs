//! L0: the words of the project. Plain values that every other module speaks in.
//!
//! Imports nothing of ours, does no I/O, reads no clock, draws no randomness. Start reading at [`call`] (what a caller wants), then [`decision`] (what we answer).

pub mod call;
pub mod decimal;
pub mod decision;
pub mod document;
pub mod handle;
pub mod id;
pub mod json;
pub mod pointer;
mod rfc3339;
pub mod slots;
pub mod time;
