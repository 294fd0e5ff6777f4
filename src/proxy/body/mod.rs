//! Request bodies: read whole before anything is judged ([`read`]), and handed on as they were judged ([`replay`]).
//!
//! Imports `extract` for what a caller is told. Start reading at [`read::read_body`].

mod read;
mod replay;

pub(super) use read::{read_body, unread};
pub(super) use replay::{Homecoming, REPLAYED_BYTES, lend};
