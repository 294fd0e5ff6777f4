//! `policy`: what decides. Imports `model` only. Start reading at [`Policy`].

mod cedar;
mod gates;
mod risk;
mod section;
mod sessions;

pub use cedar::Cedar;
pub use gates::Gates;
pub use risk::{Risk, RiskBands, RiskBaselines, RiskMultipliers, RiskTrust, RiskWeights};
pub(super) use section::resolve;
pub use section::{Combine, Policy};
pub use sessions::SessionLimits;
