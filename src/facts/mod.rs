//! L3: what is known beside the policies when a decision is made: what each session did before, how much of a grant's rate is
//! used up, and how a caller usually behaves.
//!
//! May import L0 to L2. Start reading at [`Live`], and at [`Sessions::decide`].

mod live;
mod sessions;
mod table;

pub use live::{CheckpointError, Event, Exceeded, Live, LiveLimits, LiveSize, Reservation, What, Who};
pub use sessions::{Decided, LaterStep, Sessions};
pub use table::SessionLimits;

#[cfg(test)]
mod tests;
