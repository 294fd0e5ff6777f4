//! The policy API of document 004: Cedar engines, their policies, enforcement, and policies generated from what agents do.
//!
//! Start reading at `paths.rs`. `asks.rs` has who may, and what bodies and queries say; `runs/` what is made of records.

mod asks;
mod batch;
mod enforcement;
mod engines;
mod forms;
mod lists;
mod paths;
mod policies;
mod questions;
mod runs;

pub(in crate::control) use paths::{is_cedar_path, routes};
