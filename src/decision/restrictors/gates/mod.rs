//! The restrictor of the six gates on live traffic. Start reading at [`restrict`].

mod restrict;
mod sentence;

pub(in crate::decision) use restrict::{deny, restrict};
