//! What calls that wait for a person cost: memory, and what the load costs meanwhile.
//!
//! It imports `bench`, `targets`, `wire`, `workload`, `machine`, `report` and `upstream`. Start reading at `measure.rs`;
//! `callers.rs` are those that wait, `office.rs` is who sees and approves them.

mod callers;
mod measure;
mod office;

pub(crate) use measure::{KINDS, measure};
