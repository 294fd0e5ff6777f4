//! What is registered of the capability that a call asks for: by the deployment, by the caller's tenant, or by both.

use crate::decision::PolicySnapshot;
use crate::model::call::DecisionRequest;
use crate::model::decision::RiskLevel;
use crate::policy::governance::{Capability, Content, ParameterSchema, SharedLimit};

/// A registered capability. Where both registered it, all that either says holds.
#[derive(Clone, Copy, Debug)]
pub(in crate::decision) struct Registered<'s> {
    first: &'s Capability,
    second: Option<&'s Capability>,
}

impl<'s> Registered<'s> {
    /// What is registered of the capability that is asked for; `None`: nothing.
    pub(in crate::decision) fn find(
        snapshot: &'s PolicySnapshot,
        request: DecisionRequest<'_, '_>,
    ) -> Option<Self> {
        let name = request.call.action.capability()?;
        let objects = snapshot.governance.capabilities(&request.principal.tenant, name);
        let mut found = objects.filter_map(|object| match &object.content {
            Content::Capability(capability) => Some(capability),
            _ => None,
        });
        Some(Self { first: found.next()?, second: found.next() })
    }

    fn all(self) -> impl Iterator<Item = &'s Capability> {
        std::iter::once(self.first).chain(self.second)
    }

    /// The higher risk level.
    pub(in crate::decision) fn risk_level(self) -> RiskLevel {
        self.all().map(|capability| capability.risk_level).max().unwrap_or(RiskLevel::Critical)
    }

    /// Whether it carries the tag `destructive`.
    pub(in crate::decision) fn is_destructive(self) -> bool {
        self.all().any(|capability| capability.destructive)
    }

    /// Whether it carries the tag `policy_change`.
    pub(in crate::decision) fn changes_policy(self) -> bool {
        self.all().any(|capability| capability.policy_change)
    }

    /// What its parameters must be; all of them count.
    pub(in crate::decision) fn schemas(self) -> impl Iterator<Item = &'s ParameterSchema> {
        self.all().filter_map(|capability| capability.schema.as_ref())
    }

    /// What all its callers share; all of them count. In the order of
    /// [`Governance::shared_limits`](crate::policy::governance::Governance::shared_limits), which their uses are counted in.
    pub(in crate::decision) fn shared_limits(self) -> impl Iterator<Item = SharedLimit> {
        self.all().filter_map(|capability| capability.shared_limit)
    }
}
