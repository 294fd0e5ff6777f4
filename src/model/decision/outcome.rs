//! The four outcomes and the four risk levels, in their order.

/// What is done with a call, from the mildest to the most restrictive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Forward it.
    Allow,
    /// Hold it until one approver says yes.
    RequireConfirmation,
    /// Hold it for the escalation roles, two people.
    Escalate,
    /// Block it.
    Deny,
}

impl Outcome {
    /// Every outcome, in order.
    pub const ALL: [Self; 4] = [Self::Allow, Self::RequireConfirmation, Self::Escalate, Self::Deny];

    /// The name in records and governance answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::RequireConfirmation => "REQUIRE_CONFIRMATION",
            Self::Escalate => "ESCALATE",
            Self::Deny => "DENY",
        }
    }

    /// The word of a rules file (`approval:`).
    #[must_use]
    pub const fn approval_word(self) -> &'static str {
        match self {
            Self::Allow => "auto",
            Self::RequireConfirmation => "approve",
            Self::Escalate => "escalate",
            Self::Deny => "block",
        }
    }
}

/// How much harm a matched rule expects. Upper case on the policy server's surface, lower case elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum RiskLevel {
    /// Reads and the like.
    Low,
    /// The default of the rules language.
    #[default]
    Medium,
    /// Hard to undo.
    High,
    /// Must not go wrong.
    Critical,
}

impl RiskLevel {
    /// The lower-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The level of that name, in any letter case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Low, Self::Medium, Self::High, Self::Critical]
            .into_iter()
            .find(|level| level.as_str().eq_ignore_ascii_case(name))
    }

    /// What a call of this level adds to the risk of its session: 1 to 4.
    #[must_use]
    pub const fn weight(self) -> u64 {
        match self {
            Self::Low => 1,
            Self::Medium => 2,
            Self::High => 3,
            Self::Critical => 4,
        }
    }

    /// The score shown for a call whose capability is not registered; it restricts nothing. In hundredths.
    #[must_use]
    pub const fn score_hundredths(self) -> u8 {
        match self {
            Self::Low => 10,
            Self::Medium => 30,
            Self::High => 60,
            Self::Critical => 90,
        }
    }
}
