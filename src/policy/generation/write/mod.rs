//! Policies as text: what a policy shall say ([`Draft`]), and its text ([`canonical`], [`annotated`]), read back before anybody sees it.
//!
//! Imports entities and the reader and formatter of `policy::cedar`. No text of a call reaches a policy but through [`push_quoted`].

mod clause;
mod draft;
mod policy;
mod quote;

pub(super) use clause::{Clause, Scalar, Test, When, clauses_text};
pub(super) use draft::{Draft, Subject, Target};
pub(super) use policy::{Notes, annotated, asset_id, canonical};
pub(super) use quote::{push_prefix_pattern, push_quoted, unquoted};
