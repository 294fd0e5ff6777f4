//! Is it true? Plans are put to an engine with everything that was seen; what is not so is narrowed or given up. Start at [`verified`].
//!
//! Imports lessons, drafts and the engine of `policy::cedar`.

mod forbids;
mod gate;
mod minimal;
mod replay;

pub(super) use forbids::{Apart, Forbids};
pub(super) use gate::{Gate, Proven, verified};
pub(super) use replay::Trial;
