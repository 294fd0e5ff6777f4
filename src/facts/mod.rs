//! L3: what is known beside the policies when a decision is made: what each session did before, how much of a grant's rate and
//! of a shared limit is used up, how a caller usually behaves, and what the gates observed of it.
//!
//! May import L0 to L2. Start reading at [`Deciding::decide`], then at [`Live`].

mod deciding;
mod live;
mod rehearsal;
mod restored;
mod sessions;
mod table;

pub use deciding::{Decided, Deciding, LaterCharge, who};
pub use live::{
    CheckpointError, DriftBaseline, Event, Exceeded, Limited, Live, LiveLimits, LiveSize, Observation,
    Reservation, SharedUse, What, Who,
};
pub use rehearsal::Rehearsal;
pub use restored::{RestoredSessions, SessionRecord};
pub use sessions::{LaterStep, Sessions};

#[cfg(test)]
mod tests;
