//! The section itself: which engines take part, and what holds where none speaks. Imports `model` only.

use std::path::PathBuf;

use crate::config::policy::SessionLimits;
use crate::config::policy::cedar::{self, Cedar};
use crate::config::policy::gates::{self, Gates};
use crate::config::policy::risk::{self, Risk};
use crate::config::raw::{RawCombine, RawDefault, RawPart, RawPolicy};
use crate::config::resolve::Spot;
use crate::model::decision::Outcome;

/// What decides.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The rules file; `None`: there are no rules.
    pub rules: Option<PathBuf>,
    /// The file or folder of governance objects; `None`: only the API writes them.
    pub governance: Option<PathBuf>,
    /// Whether calls must be of registered capabilities, with parameters that fit.
    pub capabilities_required: bool,
    /// Whether callers must have a live grant for what they call.
    pub grants_required: bool,
    /// Which of several policy rules that match decides.
    pub combine: Combine,
    /// Cedar policies.
    pub cedar: Cedar,
    /// How calls are scored; `None`: no score restricts any.
    pub risk: Option<Risk>,
    /// The six gates.
    pub gates: Gates,
    /// What becomes of a call that nothing decides.
    pub default: Outcome,
    /// Whether changed files are taken over while running.
    pub watch: bool,
    /// How much is remembered of sessions.
    pub sessions: SessionLimits,
}

/// Which of several policy rules that match a call decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Combine {
    /// A DENY, else the one of the highest priority.
    #[default]
    DenyOverrides,
    /// The most restrictive one.
    Strictest,
}

pub(in crate::config) fn resolve(raw: RawPolicy, spot: &Spot<'_>) -> Option<Policy> {
    let default = match raw.default {
        RawDefault::Deny => Outcome::Deny,
        RawDefault::Allow => Outcome::Allow,
        RawDefault::RequireConfirmation => Outcome::RequireConfirmation,
        RawDefault::Escalate => Outcome::Escalate,
    };
    let combine = match raw.combine {
        RawCombine::DenyOverrides => Combine::DenyOverrides,
        RawCombine::Strictest => Combine::Strictest,
    };
    let risk = match &raw.risk {
        None => None,
        // What is written is judged also while it is switched off: switching it on must not be what fails.
        Some(raw) => {
            let risk = risk::resolve(raw, &spot.key("risk"))?;
            raw.enabled.then_some(risk)
        }
    };
    let gates = gates::resolve(raw.gates, &spot.key("gates"))?;
    let cedar = cedar::resolve(raw.cedar, &spot.key("cedar"))?;
    Some(Policy {
        rules: raw.rules.map(|path| spot.beside(&path)),
        governance: raw.governance.map(|path| spot.beside(&path)),
        capabilities_required: raw.capabilities == RawPart::Required,
        grants_required: raw.grants == RawPart::Required,
        combine,
        cedar,
        risk,
        gates,
        default,
        watch: raw.watch,
        sessions: SessionLimits::of(&raw.sessions),
    })
}
