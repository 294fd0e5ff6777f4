//! What is noteworthy about a policy that can be read: that it allows everything, or nothing, or may fail.
//!
//! The types and their names are those of AWS, and ours beside them. Imports the reader of policies. Start at [`findings`].

use cedar_policy::pst::{Clause, Expr, Literal};
use cedar_policy::{ActionConstraint, PrincipalConstraint, ResourceConstraint};
use cedar_policy_core::validator::confusable_string_checks;

use crate::policy::cedar::access::{unguarded, with_clauses};
use crate::policy::cedar::problem::unnamed;
use crate::policy::cedar::{CedarPolicy, Effect};

/// Most unguarded attributes that are told of one policy.
const UNGUARDED_MOST: usize = 20;

/// What kind of thing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingType {
    /// Nothing is wrong with it.
    Valid,
    /// It cannot be read, or does not agree with the schema.
    Invalid,
    /// What was asked for cannot be said in Cedar, or not without a guess.
    NotTranslatable,
    /// It permits everything.
    AllowAll,
    /// It permits nothing.
    AllowNone,
    /// It forbids everything.
    DenyAll,
    /// It forbids nothing.
    DenyNone,
    /// It reads an attribute that may not be there, without asking first: then it fails.
    UnguardedAttribute,
    /// It holds characters that look like others.
    SuspiciousText,
    /// It decided nothing in the window.
    UnusedPermission,
    /// It names an action that was not used in the window.
    UnusedAction,
    /// It lets more principals through than used it.
    OverbroadPrincipal,
    /// It lets more resources through than were used.
    OverbroadResource,
    /// What it permits another forbids.
    ShadowedByForbid,
    /// Another policy permits all that it does.
    Redundant,
    /// It failed in the window.
    Erroring,
    /// It rests on few calls.
    LowEvidence,
    /// Somebody was denied in the window again and again.
    DeniedInWindow,
    /// A person approved it in the window.
    ApprovedInWindow,
}

impl FindingType {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "VALID",
            Self::Invalid => "INVALID",
            Self::NotTranslatable => "NOT_TRANSLATABLE",
            Self::AllowAll => "ALLOW_ALL",
            Self::AllowNone => "ALLOW_NONE",
            Self::DenyAll => "DENY_ALL",
            Self::DenyNone => "DENY_NONE",
            Self::UnguardedAttribute => "UNGUARDED_ATTRIBUTE",
            Self::SuspiciousText => "SUSPICIOUS_TEXT",
            Self::UnusedPermission => "UNUSED_PERMISSION",
            Self::UnusedAction => "UNUSED_ACTION",
            Self::OverbroadPrincipal => "OVERBROAD_PRINCIPAL",
            Self::OverbroadResource => "OVERBROAD_RESOURCE",
            Self::ShadowedByForbid => "SHADOWED_BY_FORBID",
            Self::Redundant => "REDUNDANT",
            Self::Erroring => "ERRORING",
            Self::LowEvidence => "LOW_EVIDENCE",
            Self::DeniedInWindow => "DENIED_IN_WINDOW",
            Self::ApprovedInWindow => "APPROVED_IN_WINDOW",
        }
    }
}

/// Something noteworthy about a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CedarFinding {
    /// Of what kind.
    pub kind: FindingType,
    /// One sentence about it.
    pub description: String,
}

impl CedarFinding {
    /// A finding.
    pub fn new(kind: FindingType, description: impl Into<String>) -> Self {
        Self { kind, description: description.into() }
    }
}

/// What its text alone shows about a policy, in a fixed order; [`FindingType::Valid`] where it shows nothing.
#[must_use]
pub fn findings(policy: &CedarPolicy) -> Vec<CedarFinding> {
    let mut found = Vec::new();
    let verdict = with_clauses(policy, |clauses| {
        let certain = clauses.iter().map(truth).try_fold(true, |all, one| match one {
            Some(false) => Err(Some(false)),
            Some(true) => Ok(all),
            // Not known, but a later clause may still be false.
            None => Ok(false),
        });
        let unguarded = unguarded(clauses, UNGUARDED_MOST);
        (certain.map_or_else(|never| never, |all| all.then_some(true)), unguarded)
    });
    let (certain, unguarded) = verdict.unwrap_or_default();
    let certain = if policy.has_conditions() { certain } else { Some(true) };
    match (certain, policy.effect()) {
        (Some(true), effect) if is_about_everything(policy) => found.push(match effect {
            Effect::Permit => {
                CedarFinding::new(FindingType::AllowAll, "It permits every call of every principal.")
            }
            Effect::Forbid => {
                CedarFinding::new(FindingType::DenyAll, "It forbids every call of every principal.")
            }
        }),
        (Some(false), effect) => found.push(never(effect, "Its conditions are never true.")),
        _ if names_no_action(policy) => found.push(never(policy.effect(), "It is about no action at all.")),
        _ => {}
    }
    let parsed: &cedar_policy_core::ast::Policy = policy.parsed().as_ref();
    let warnings = confusable_string_checks(std::iter::once(parsed.template()));
    found.extend(warnings.map(|warning| suspicious(&warning.to_string())));
    for path in unguarded {
        let asking = "without asking first: where it is missing the policy fails, and a forbid that fails denies the call";
        found.push(CedarFinding::new(FindingType::UnguardedAttribute, format!("It reads {path} {asking}.")));
    }
    if found.is_empty() {
        found.push(CedarFinding::new(FindingType::Valid, "It can be read."));
    }
    found
}

/// A text of it that may be taken for another.
fn suspicious(warning: &str) -> CedarFinding {
    CedarFinding::new(FindingType::SuspiciousText, unnamed(warning))
}

fn never(effect: Effect, why: &str) -> CedarFinding {
    match effect {
        Effect::Permit => CedarFinding::new(FindingType::AllowNone, format!("It permits nothing. {why}")),
        Effect::Forbid => CedarFinding::new(FindingType::DenyNone, format!("It forbids nothing. {why}")),
    }
}

fn is_about_everything(policy: &CedarPolicy) -> bool {
    let parsed = policy.parsed();
    parsed.principal_constraint() == PrincipalConstraint::Any
        && parsed.action_constraint() == ActionConstraint::Any
        && parsed.resource_constraint() == ResourceConstraint::Any
}

fn names_no_action(policy: &CedarPolicy) -> bool {
    matches!(policy.parsed().action_constraint(), ActionConstraint::In(list) if list.is_empty())
}

/// Whether a clause always holds, or never, as far as it says so literally.
fn truth(clause: &Clause) -> Option<bool> {
    let (expression, when) = match clause {
        Clause::When(expression) => (expression, true),
        Clause::Unless(expression) => (expression, false),
    };
    match &**expression {
        Expr::Literal(Literal::Bool(value)) => Some(*value == when),
        _ => None,
    }
}
