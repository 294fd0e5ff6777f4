//! Request bodies: read whole before anything is judged ([`read`]), and handed on as they were judged ([`lend`]).
//!
//! Imports `extract` for what a caller is told. Start reading at [`read::read_body`].

mod lend;
mod read;

pub(super) use lend::{Homecoming, REPLAYED_BYTES, lend};
pub(super) use read::{linger, read_body, unread};
