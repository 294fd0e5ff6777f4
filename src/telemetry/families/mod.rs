//! Metrics that belong together, each family declared in one file.

mod cedar;
mod holds;
mod index;

pub use cedar::CedarMetrics;
pub use holds::HoldMetrics;
pub use index::{FactsMetrics, IndexMetrics};
