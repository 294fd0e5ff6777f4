//! Bodies: a request's is read whole before anything is judged ([`read`]) and handed on as it was judged ([`lend`]); an
//! answer's goes through a filter where the permit says so ([`filtering`]).
//!
//! Imports `extract` for what a caller is told, and `response`. Start reading at [`read::read_body`].

mod filtering;
mod lend;
mod read;

pub(super) use lend::{Borrower, Homecoming, REPLAYED_BYTES, lend};
pub(super) use read::{linger, read_body, unread};
