//! What the enforcing Cedar engine found of a call.

use std::sync::Arc;

use crate::model::decision::Reason;

/// What the enforcing Cedar engine found of one call.
#[derive(Clone, Debug, PartialEq)]
pub struct CedarFound {
    /// The engine's name.
    pub engine: Arc<str>,
    /// Whether what it says counts; else it is recorded only.
    pub enforced: bool,
    /// Whether it lets the call pass.
    pub allowed: bool,
    /// The policies that decided: those that forbid, else those that permit; sorted. None where no policy speaks of the call, or
    /// `refusal` says what denied it.
    pub determining: Vec<Arc<str>>,
    /// Whether a policy that permits it names the call's action in full, rather than something that the action is in.
    pub names_it: bool,
    /// How many policies were evaluated that count.
    pub candidates: usize,
    /// How many evaluations failed, of policies that are only watched too.
    pub failures: usize,
    /// How many further policies decided or failed: of each only the first are named.
    pub more: usize,
    /// The policies that failed, sorted, each with why: names and types, no values.
    pub errors: Vec<(Arc<str>, Reason)>,
    /// What denied the call although no policy forbids it, and the policy to blame where there is one.
    pub refusal: Option<(Option<Arc<str>>, Reason)>,
    /// What it would be if the policies that are only watched counted; `None` where none of them is about the call.
    pub shadow: Option<CedarShadow>,
}

/// What would be decided if policies that are only watched counted.
#[derive(Clone, Debug, PartialEq)]
pub struct CedarShadow {
    /// Whether the call would pass.
    pub allowed: bool,
    /// The policies that would decide, sorted.
    pub determining: Vec<Arc<str>>,
    /// The policies that are only watched and failed, sorted, each with why.
    pub errors: Vec<(Arc<str>, Reason)>,
    /// Whether that is another decision than the one that counts.
    pub flips: bool,
}
