//! The policy server of document 002: exactly these four paths, with its answers, texts and statuses.
//!
//! Start reading at `evaluate.rs`; `caller.rs` says who may call.

mod audit;
mod batch;
mod caller;
mod evaluate;
mod execute;
mod paths;
mod policy;
mod python;

pub(in crate::control) use paths::routes;
