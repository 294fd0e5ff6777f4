//! Tests of holds.

pub(crate) mod sample;
