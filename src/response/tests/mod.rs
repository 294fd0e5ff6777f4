//! What may come back, and what may not.

mod begin;
mod json;
mod stream;
mod support;
