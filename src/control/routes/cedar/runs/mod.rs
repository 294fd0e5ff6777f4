//! Over what agents did: policies made of it, and drafts tried on it.

mod generations;
mod simulate;

pub(super) use generations::{assets, delete, list, promote, show, start};
pub(super) use simulate::simulate;
