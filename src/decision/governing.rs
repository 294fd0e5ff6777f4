//! Which engines take part besides the rules, as the configuration names them.

use crate::decision::Gating;
use crate::policy::governance::Combine;
use crate::risk::RiskModel;

/// Which engines take part. They do because they are named here, never because there is something they could speak of: revoking
/// the last grant lets nothing in. `Default` = none but those that always do.
#[derive(Clone, Debug, Default)]
pub struct Governing {
    /// `policy.capabilities: required`: only registered capabilities are let through.
    pub capabilities_required: bool,
    /// `policy.grants: required`: callers need a grant.
    pub grants_required: bool,
    /// How the rules of policies combine.
    pub combine: Combine,
    /// `policy.risk`: how the risk of calls of registered capabilities is scored; `None` = it is not.
    pub risk: Option<RiskModel>,
    /// `policy.gates`: the six gates.
    pub gates: Gating,
}
