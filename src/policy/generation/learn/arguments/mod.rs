//! What policies say of arguments. Start at [`conditions`]; what no policy may show is decided in [`Secrets`].
//!
//! Imports `model` and conditions.

mod askable;
mod leaves;
mod secrets;
mod sketch;

pub(super) use askable::Askable;
pub(in crate::policy::generation) use leaves::{Arguments, Leaf};
pub(in crate::policy::generation) use secrets::Secrets;
pub(super) use sketch::conditions;
