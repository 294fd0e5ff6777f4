//! Tests of conditions, through [`Condition`](crate::policy::conditions::Condition).

mod bounds;
mod language;
mod support;
mod written;
