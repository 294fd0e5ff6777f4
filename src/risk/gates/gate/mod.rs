//! What each gate asks. Pure functions of a few numbers; none of them rounds before it decides.

mod floors;
mod novelty;
mod posterior;
mod utility;

pub use floors::{complexity_gate, quality_gate};
pub use novelty::novelty_gate;
pub use posterior::{Posterior, relative_change, trigger_gate};
pub use utility::utility_gate;
