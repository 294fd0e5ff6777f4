//! What is evaluated: a proposed change, in numbers.

use std::borrow::Cow;

/// The quality subscores of a proposal that brings none.
pub const DEFAULT_SUBSCORES: [f64; 3] = [0.7, 0.7, 0.7];

/// A proposed change as the gates see it. Every number is finite; scores are meant to lie between 0 and 1, and none is refused for
/// lying elsewhere. `Default` = what the evaluation API takes where a request says nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal<'a> {
    /// How far its effects reach if it goes wrong.
    pub impact: Impact,
    /// The phase it would begin or go on with.
    pub phase: Phase,
    /// Risk before the change, in whatever unit the caller measures it in.
    pub risk_baseline: f64,
    /// Risk after it, in the same unit.
    pub risk_proposed: f64,
    /// Profit before the change, in whatever unit.
    pub profit_baseline: f64,
    /// Profit after it.
    pub profit_proposed: f64,
    /// N of the novelty gate.
    pub novelty_score: f64,
    /// How simple the change is: higher is simpler.
    pub complexity_score: f64,
    /// How good it is as a whole.
    pub quality_score: f64,
    /// How good it is in single respects.
    pub quality_subscores: Cow<'a, [f64]>,
    /// Whether the caller wants a person to look at it.
    pub requires_human_approval: bool,
    /// Whether it is urgent. Hurries people, changes no decision.
    pub time_sensitive: bool,
    /// Whether it can be undone.
    pub reversible: bool,
    /// Whether drift is recorded and not enforced.
    pub shadow_mode: bool,
    /// Earlier changes in risk and profit, in the order given: differences, not levels, since differences are what they are compared
    /// with. `None` asks for no comparison.
    pub drift_baseline: Option<Cow<'a, [f64]>>,
}

/// How far the effects of a change reach, from the mildest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// Hardly anywhere.
    Low,
    /// As usual.
    #[default]
    Medium,
    /// Far: a person decides.
    High,
    /// Everywhere: a person decides.
    Critical,
}

/// A phase of the plan-commit-work cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The change is planned.
    #[default]
    Plan,
    /// The change is committed to.
    Commit,
    /// The change is carried out.
    Work,
}

impl Default for Proposal<'_> {
    fn default() -> Self {
        Self {
            impact: Impact::default(),
            phase: Phase::default(),
            risk_baseline: 0.0,
            risk_proposed: 0.0,
            profit_baseline: 0.0,
            profit_proposed: 0.0,
            novelty_score: 0.5,
            complexity_score: 0.5,
            quality_score: 0.7,
            quality_subscores: Cow::Borrowed(&DEFAULT_SUBSCORES),
            requires_human_approval: false,
            time_sensitive: false,
            reversible: true,
            shadow_mode: false,
            drift_baseline: None,
        }
    }
}

impl Proposal<'_> {
    /// What drift is measured on: the changes in risk and in profit, in that order and in the caller's units. Infinite where the
    /// difference is beyond a double.
    #[must_use]
    pub const fn observations(&self) -> [f64; 2] {
        [self.risk_proposed - self.risk_baseline, self.profit_proposed - self.profit_baseline]
    }

    /// Whether a person is asked for though no gate failed and the impact is no reason.
    #[must_use]
    pub const fn needs_approval(&self) -> bool {
        self.requires_human_approval || !self.reversible
    }
}

impl Impact {
    /// Every impact, from the mildest.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word for it in the evaluation API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Whether a change that reaches so far is always a person's to decide.
    #[must_use]
    pub const fn escalates(self) -> bool {
        matches!(self, Self::High | Self::Critical)
    }
}

impl Phase {
    /// Every phase, in their order.
    pub const ALL: [Self; 3] = [Self::Plan, Self::Commit, Self::Work];

    /// The word for it in the evaluation API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Commit => "commit",
            Self::Work => "work",
        }
    }
}
