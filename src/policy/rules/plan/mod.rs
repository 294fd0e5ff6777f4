//! Rules over a session: sequences that must not be completed, and the risk a session may come to.

mod rules;

pub(super) use rules::{Cumulative, Sequence};
pub use rules::{PlanRules, PlanViolation};
