//! Evaluates conditions within bounds. Imports `model` and the tree. Start at [`holds`].

mod calendar;
mod functions;
mod operators;
mod roots;
mod run;
mod value;

pub(super) use run::holds;
