//! The governance API of document 001. `propose.rs` decides, `report.rs` takes what became of it,
//! `decisions.rs` shows what was decided, `overrides.rs` has what two people do about an evaluation that failed.

mod decisions;
mod overrides;
mod paths;
mod propose;
mod report;

pub(in crate::control) use paths::routes;
