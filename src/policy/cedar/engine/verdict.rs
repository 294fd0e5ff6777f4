//! The answer, and why. Imports paths.

use std::fmt;
use std::sync::Arc;

use crate::policy::cedar::Effect;
use crate::policy::cedar::access::ContextPath;

/// What an engine says of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it may be made.
    pub allowed: bool,
    /// The ids of the policies that decided it, sorted: the forbids that match, else the permits that do. None where no policy matches,
    /// or where [`Self::refusal`] says what decided instead.
    pub determining: Vec<Arc<str>>,
    /// The policies that failed, by id.
    pub errors: Vec<PolicyError>,
    /// Whether the call is allowed by a permit whose scope names its action, rather than something that the action is in.
    pub names_action: bool,
    /// How many active policies were evaluated.
    pub candidates: usize,
    /// What denied the call although no forbid matched.
    pub refusal: Option<Refusal>,
    /// What it would be if the policies that are only watched counted; `None` if none of them is about the call.
    pub shadow: Option<Shadow>,
}

/// A policy that could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyError {
    /// Its id.
    pub id: Arc<str>,
    /// What it is.
    pub effect: Effect,
    /// Why, in Cedar's words. Types and names, no values.
    pub message: String,
}

/// Why a call is denied although no forbid matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A stored policy that may forbid cannot be read.
    Degraded {
        /// Its id.
        id: Arc<str>,
    },
    /// A policy failed that may forbid, or any, as the engine's `on_error` has it.
    Failed {
        /// Its id.
        id: Arc<str>,
    },
    /// A policy reads a value that could not be put into the context.
    Dropped {
        /// Its id.
        id: Arc<str>,
        /// What it reads.
        path: ContextPath,
    },
    /// The parameters are not known, so nothing is decided about them.
    Unknown,
    /// The request could not be put to Cedar.
    Unasked(String),
}

/// One sentence.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Degraded { id } => {
                write!(f, "The stored policy {id} cannot be read, and may forbid the call.")
            }
            Self::Failed { id } => write!(f, "The policy {id} failed, and may forbid the call."),
            Self::Dropped { id, path } => {
                write!(f, "The policy {id} reads {path}, whose value Cedar has no way to say.")
            }
            Self::Unknown => f.write_str("The parameters of the call are not known."),
            Self::Unasked(why) => write!(f, "{why}."),
        }
    }
}

/// What would be decided if policies that are only watched counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadow {
    /// Whether the call could be made.
    pub allowed: bool,
    /// The policies that would decide it, sorted.
    pub determining: Vec<Arc<str>>,
    /// The watched policies that failed, by id.
    pub errors: Vec<PolicyError>,
    /// Whether that is another decision than the one that counts.
    pub flips: bool,
}
