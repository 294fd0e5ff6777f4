//! What one engine says. Authorizers may allow; restrictors have no way to say so.

use std::sync::Arc;

use crate::model::decision::{Outcome, Reason, RiskLevel, Wanted};

/// The engines, in the order they are asked and reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Whether the caller is suspended or revoked, or everything is stopped.
    Status,
    /// Whether the call has a capability name at all.
    Naming,
    /// Whether a tunnel is allowed by its name.
    Tunnel,
    /// Whether the capability is registered and takes the parameters.
    Capabilities,
    /// Whether the caller has a grant for it.
    Grants,
    /// The rules file's rules over a session.
    Plan,
    /// The rules file.
    Rules,
    /// Governance policies.
    Policies,
    /// Cedar policies.
    Cedar,
    /// How dangerous the call looks.
    Risk,
    /// Whether the call passes the six gates, and its caller behaves as it did.
    Gates,
    /// What holds where no authorizer speaks of a call.
    Default,
}

impl Engine {
    /// Every engine, in order.
    pub const ALL: [Self; 12] = [
        Self::Status,
        Self::Naming,
        Self::Tunnel,
        Self::Capabilities,
        Self::Grants,
        Self::Plan,
        Self::Rules,
        Self::Policies,
        Self::Cedar,
        Self::Risk,
        Self::Gates,
        Self::Default,
    ];

    /// The name in findings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Naming => "naming",
            Self::Tunnel => "tunnel",
            Self::Capabilities => "capabilities",
            Self::Grants => "grants",
            Self::Plan => "plan",
            Self::Rules => "rules",
            Self::Policies => "policies",
            Self::Cedar => "cedar",
            Self::Risk => "risk",
            Self::Gates => "gates",
            Self::Default => "default",
        }
    }

    /// The engine of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.as_str() == name)
    }
}

/// What an authorizer says of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Authorization {
    /// One of its rules matched.
    Applicable {
        /// What the rule says.
        outcome: Outcome,
        /// The rule's name.
        rule: Arc<str>,
        /// The rule's risk level.
        risk: RiskLevel,
        /// Whether the rule names the capability in full, not by a pattern.
        names_it: bool,
    },
    /// Nothing in it speaks of this call.
    NotApplicable,
    /// It could not tell: what went wrong, and in which rule. Never the same as `NotApplicable`.
    Indeterminate {
        /// The rule that could not be evaluated.
        rule: Arc<str>,
        /// What went wrong, without argument values.
        error: Reason,
    },
}

/// What a restrictor may say at the mildest: there is no `Allow` here, so none can be said by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Restriction {
    /// At least one approver must agree.
    RequireConfirmation,
    /// The escalation roles must agree.
    Escalate,
    /// Not at all.
    Deny,
}

impl From<Restriction> for Outcome {
    fn from(restriction: Restriction) -> Self {
        match restriction {
            Restriction::RequireConfirmation => Self::RequireConfirmation,
            Restriction::Escalate => Self::Escalate,
            Restriction::Deny => Self::Deny,
        }
    }
}

/// What a restrictor says of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restricted {
    /// It restricts the call.
    Applicable(Restriction, Reason),
    /// It has nothing against it.
    NotApplicable,
    /// It could not tell.
    Indeterminate(Reason),
}

/// One line of a decision's explanation: which engine, what it came to, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Who says it.
    pub engine: Engine,
    /// What it came to; `None` = not applicable.
    pub outcome: Option<Outcome>,
    /// The rule it names.
    pub rule: Option<Arc<str>>,
    /// The policy the rule is of, and its version: names may be given twice, and what has one may change.
    pub source: Option<Arc<str>>,
    /// What went wrong, where it could not tell (its outcome is then DENY).
    pub error: Option<Reason>,
    /// What it would have done, were it not only watched: its outcome is then `None`.
    pub would_have: Option<Wanted>,
    /// What it warns of without restricting the call: its outcome is then `None`.
    pub warning: Option<Reason>,
}

impl Finding {
    /// What `engine` came to.
    #[must_use]
    pub fn of(engine: Engine, outcome: Outcome) -> Self {
        Self { outcome: Some(outcome), ..Self::nothing(engine) }
    }

    /// What `engine`, which is only watched, would have done.
    #[must_use]
    pub fn watched(engine: Engine, would_have: Wanted) -> Self {
        Self { would_have: Some(would_have), ..Self::nothing(engine) }
    }

    /// What `engine` warns of; the call goes on.
    #[must_use]
    pub fn warned(engine: Engine, warning: Reason) -> Self {
        Self { warning: Some(warning), ..Self::nothing(engine) }
    }

    fn nothing(engine: Engine) -> Self {
        let (outcome, rule, source) = (None, None, None);
        Self { engine, outcome, rule, source, error: None, would_have: None, warning: None }
    }
}
