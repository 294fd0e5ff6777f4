//! Over what agents did: policies made of it, and drafts tried on it.

mod generations;
mod promote;
mod simulate;

pub(super) use generations::{assets, delete, list, show, start};
pub(super) use promote::promote;
pub(super) use simulate::simulate;
