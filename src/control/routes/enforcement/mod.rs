//! The enforcement API of document 000: capabilities, policies, grants, and besides them statuses of actors, their drift
//! baselines, and the kill switch.
//!
//! Start reading at `paths.rs`. `shared.rs` has what they have in common.

mod actors;
mod capabilities;
mod drift;
mod grants;
mod kill_switch;
mod paths;
mod policies;
mod shared;

pub(in crate::control) use paths::routes;
