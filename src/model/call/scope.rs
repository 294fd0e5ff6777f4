//! Scopes: what a key may do on the control API. A closed list.

/// A right of a key. `Admin` implies every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Everything.
    Admin,
    /// Ask for decisions, report executions, cancel one's own holds.
    GovernancePropose,
    /// Read decisions, capabilities and grants.
    GovernanceRead,
    /// Read the ledger, events and findings.
    AuditRead,
    /// List and decide holds.
    HoldsApprove,
    /// Register capabilities.
    CapabilitiesManage,
    /// Write policies.
    PoliciesManage,
    /// Write grants and actor status.
    GrantsManage,
    /// Scrape metrics.
    MetricsRead,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 9] = [
        Self::Admin,
        Self::GovernancePropose,
        Self::GovernanceRead,
        Self::AuditRead,
        Self::HoldsApprove,
        Self::CapabilitiesManage,
        Self::PoliciesManage,
        Self::GrantsManage,
        Self::MetricsRead,
    ];

    /// The scope's name in configuration and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::GovernancePropose => "governance:propose",
            Self::GovernanceRead => "governance:read",
            Self::AuditRead => "audit:read",
            Self::HoldsApprove => "holds:approve",
            Self::CapabilitiesManage => "capabilities:manage",
            Self::PoliciesManage => "policies:manage",
            Self::GrantsManage => "grants:manage",
            Self::MetricsRead => "metrics:read",
        }
    }

    /// The scope of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    /// Whether a key with this scope may change what is allowed, or approve: such a key calls no tools.
    #[must_use]
    pub const fn governs(self) -> bool {
        matches!(
            self,
            Self::Admin
                | Self::HoldsApprove
                | Self::CapabilitiesManage
                | Self::PoliciesManage
                | Self::GrantsManage
        )
    }
}
