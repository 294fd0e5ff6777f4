//! Tests of holds.

pub(crate) mod model;
pub(crate) mod sample;

mod approvers;
mod claims;
mod properties;
mod states;
mod waiting;
