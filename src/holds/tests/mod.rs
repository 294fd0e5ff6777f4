//! Tests of holds.

pub(crate) mod model;
pub(crate) mod sample;

mod properties;
