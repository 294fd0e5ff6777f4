//! Conditions of a rule: what they ask of the time and of a call. Start reading at `evaluate.rs`.

mod compare;
mod evaluate;
mod hours;
mod pattern;
mod semantic;

pub(super) use evaluate::{Condition, Test, Truth, all};
pub(super) use hours::Hours;
pub(super) use pattern::Pattern;
pub(super) use semantic::Semantic;
