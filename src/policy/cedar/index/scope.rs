//! The scope of a policy: whom, what and on what it is about. Imports the reader of policies.

use cedar_policy::{ActionConstraint, EntityTypeName, EntityUid, PrincipalConstraint, ResourceConstraint};

use crate::policy::cedar::CedarPolicy;

/// One of the three parts of a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy::cedar) enum Within {
    /// Anything.
    Any,
    /// This entity.
    Eq(EntityUid),
    /// This entity, or what it is an ancestor of.
    In(EntityUid),
    /// One of these, or what one of them is an ancestor of.
    InAny(Vec<EntityUid>),
    /// Any entity of the type.
    Is(EntityTypeName),
    /// An entity of the type that is this one, or has it as an ancestor.
    IsIn(EntityTypeName, EntityUid),
}

/// An entity with what is above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy::cedar) struct Lineage {
    pub(in crate::policy::cedar) uid: EntityUid,
    pub(in crate::policy::cedar) ancestors: Vec<EntityUid>,
}

/// Principal, action and resource of a call. `None`: it is not known which.
pub(in crate::policy::cedar) type Lineages = [Option<Lineage>; 3];

/// Whom, what and on what a policy is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy::cedar) struct Scope(pub(super) [Within; 3]);

impl Scope {
    pub(in crate::policy::cedar) fn of(policy: &CedarPolicy) -> Self {
        let parsed = policy.parsed();
        let principal = match parsed.principal_constraint() {
            PrincipalConstraint::Any => Within::Any,
            PrincipalConstraint::Eq(uid) => Within::Eq(uid),
            PrincipalConstraint::In(uid) => Within::In(uid),
            PrincipalConstraint::Is(name) => Within::Is(name),
            PrincipalConstraint::IsIn(name, uid) => Within::IsIn(name, uid),
        };
        let action = match parsed.action_constraint() {
            ActionConstraint::Any => Within::Any,
            ActionConstraint::Eq(uid) => Within::Eq(uid),
            ActionConstraint::In(uids) => Within::InAny(uids),
        };
        let resource = match parsed.resource_constraint() {
            ResourceConstraint::Any => Within::Any,
            ResourceConstraint::Eq(uid) => Within::Eq(uid),
            ResourceConstraint::In(uid) => Within::In(uid),
            ResourceConstraint::Is(name) => Within::Is(name),
            ResourceConstraint::IsIn(name, uid) => Within::IsIn(name, uid),
        };
        Self([principal, action, resource])
    }

    /// Whether a call of these is in it. Where one is not known: whether it could be.
    pub(in crate::policy::cedar) fn admits(&self, lineages: &Lineages) -> bool {
        self.0.iter().zip(lineages).all(|(within, lineage)| match lineage {
            Some(lineage) => within.admits(lineage),
            // Of `in []` nothing is.
            None => !matches!(within, Within::InAny(uids) if uids.is_empty()),
        })
    }

    /// Whether it names the action itself, and not only something that the action is in.
    pub(in crate::policy::cedar) fn names_action(&self, action: &EntityUid) -> bool {
        let [_, within, _] = &self.0;
        match within {
            Within::Eq(uid) | Within::In(uid) => uid == action,
            Within::InAny(uids) => uids.contains(action),
            Within::Any | Within::Is(_) | Within::IsIn(..) => false,
        }
    }

    /// Whether it asks what is above what.
    pub(in crate::policy::cedar) fn asks_above(&self) -> bool {
        let above = |within: &Within| matches!(within, Within::In(_) | Within::InAny(_) | Within::IsIn(..));
        self.0.iter().any(above)
    }

    /// Whether every call is in it of which these parts are known.
    pub(in crate::policy::cedar) fn admits_surely(&self, lineages: &Lineages) -> bool {
        self.0.iter().zip(lineages).all(|(within, lineage)| match lineage {
            Some(lineage) => within.admits(lineage),
            None => *within == Within::Any,
        })
    }
}

impl Within {
    pub(in crate::policy::cedar) fn admits(&self, lineage: &Lineage) -> bool {
        match self {
            Self::Any => true,
            Self::Eq(uid) => lineage.uid == *uid,
            Self::In(uid) => lineage.is_in(uid),
            Self::InAny(uids) => uids.iter().any(|uid| lineage.is_in(uid)),
            Self::Is(name) => lineage.uid.type_name() == name,
            Self::IsIn(name, uid) => lineage.uid.type_name() == name && lineage.is_in(uid),
        }
    }
}

impl Lineage {
    fn is_in(&self, uid: &EntityUid) -> bool {
        self.uid == *uid || self.ancestors.contains(uid)
    }

    /// The entity and everything above it.
    pub(super) fn uids(&self) -> impl Iterator<Item = &EntityUid> {
        std::iter::once(&self.uid).chain(&self.ancestors)
    }
}
