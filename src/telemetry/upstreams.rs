//! The gauge of one address of an upstream. Imports nothing of ours.

use prometheus::IntGauge;

/// Whether one address of an upstream is fit for calls, as it is shown.
#[derive(Clone, Debug)]
pub struct UpstreamGauge {
    pub(super) route: String,
    pub(super) address: String,
    pub(super) gauge: IntGauge,
}

impl UpstreamGauge {
    /// Shows whether calls go there.
    pub fn set(&self, fit: bool) {
        self.gauge.set(i64::from(fit));
    }

    /// Whether both show the same address of the same route.
    #[must_use]
    pub fn is_of(&self, other: &Self) -> bool {
        self.route == other.route && self.address == other.address
    }
}
