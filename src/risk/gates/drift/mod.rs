//! Drift: do current values look like those of a baseline? A histogram of the baseline, a divergence from it, a tier.

mod baseline;
mod check;
mod hash;
mod window;

pub use baseline::Baseline;
pub use check::{Drift, DriftCheck};
pub use hash::BaselineHash;
pub use window::Window;
