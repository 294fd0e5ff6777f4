//! What a score is made of, and what it leads to.

use crate::model::decision::{Conduct, RiskLevel};

/// What is known of a call when its risk is scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RiskInput {
    /// The level its capability is registered with.
    pub level: RiskLevel,
    /// Whether it would run in production, as the route says, or the request where no route does.
    pub environment_is_production: bool,
    /// Whether its capability has the tag `destructive`.
    pub destructive: bool,
    /// Whether its capability has the tag `policy_change`.
    pub policy_change: bool,
    /// How far its caller is trusted, in ten-thousandths: 0 to 10,000, more count as that. See
    /// [`RiskModel::trust_of`](crate::risk::RiskModel::trust_of).
    pub trust: u16,
    /// How its caller behaved so far.
    pub conduct: Conduct,
}

/// What a score leads to, from the mildest to the most restrictive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Band {
    /// Nothing.
    None,
    /// The obligation `monitoring`.
    Monitoring,
    /// The call is escalated.
    Escalate,
    /// The call is denied.
    Deny,
}
