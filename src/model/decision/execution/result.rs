//! What became of a call that was let through: the closed list, in one place.

use crate::model::decision::ReasonCode;

/// How the execution of a call ended, as far as the gateway saw it: `result` of `execution` records and of
/// `aegis_executions_total`. Nothing is ever sent a second time, whichever of them it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExecutionResult {
    /// The tool's whole answer came and was passed on. Its status says what the tool made of the call.
    Completed,
    /// The tool began an answer, which then broke off, fell silent or could not be passed on. The call may have run.
    Failed,
    /// The caller left after the tool had begun its answer. The call may have run.
    Cancelled,
    /// Some of the request was sent and no answer began: the tool closed the connection, fell silent or answered with
    /// something else than HTTP, the caller left first, or the gateway stopped. The call may have run.
    UnknownOutcome,
    /// Not a byte of the request was sent: the tool could not be reached, or the call ended before. It did not run.
    NotForwarded,
}

/// `result` of a `reconciliation` record: the gateway died before it could say what became of the call, which may have run.
pub const OUTCOME_UNKNOWN: &str = "outcome_unknown";

/// What was seen of a call when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// Whether at least a byte of the request was sent to the tool.
    pub sent: bool,
    /// Whether the tool had begun its answer.
    pub answered: bool,
    /// What kept the whole answer from being passed on; `None` when it was.
    pub ended_by: Option<ReasonCode>,
}

impl ExecutionResult {
    /// Every result, in order.
    pub const ALL: [Self; 5] =
        [Self::Completed, Self::Failed, Self::Cancelled, Self::UnknownOutcome, Self::NotForwarded];

    /// The one that follows from what was seen.
    #[must_use]
    pub const fn of(seen: Witnessed) -> Self {
        match seen {
            Witnessed { ended_by: None, .. } => Self::Completed,
            Witnessed { sent: false, answered: false, .. } => Self::NotForwarded,
            Witnessed { answered: false, .. } => Self::UnknownOutcome,
            Witnessed { ended_by: Some(ReasonCode::ClientGone), .. } => Self::Cancelled,
            Witnessed { ended_by: Some(_), .. } => Self::Failed,
        }
    }

    /// Whether it is held against the caller's calls as a failure, given the HTTP status of the tool's answer: `None` where it says
    /// nothing of them, since the caller left or nothing was sent.
    #[must_use]
    pub const fn failed(self, status: Option<u16>) -> Option<bool> {
        match (self, status) {
            (Self::Completed, Some(500..)) | (Self::Failed | Self::UnknownOutcome, _) => Some(true),
            (Self::Completed, _) => Some(false),
            (Self::Cancelled | Self::NotForwarded, _) => None,
        }
    }

    /// The result of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.as_str() == word)
    }

    /// The word in records and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::UnknownOutcome => "unknown_outcome",
            Self::NotForwarded => "not_forwarded",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_result_follows_from_what_was_seen() {
        let result =
            |sent, answered, ended_by| ExecutionResult::of(Witnessed { sent, answered, ended_by }).as_str();
        assert_eq!(result(true, true, None), "completed");
        for ending in [ReasonCode::ClientGone, ReasonCode::UpstreamFailed] {
            assert_eq!(result(false, false, Some(ending)), "not_forwarded");
            assert_eq!(result(true, false, Some(ending)), "unknown_outcome");
        }
        for sent in [false, true] {
            // A tool that answers before it was asked has at least a connection of ours: nothing is said to be certain.
            assert_eq!(result(sent, true, Some(ReasonCode::ClientGone)), "cancelled");
            assert_eq!(result(sent, true, Some(ReasonCode::UpstreamTimeout)), "failed");
        }
    }

    #[test]
    fn what_failed_is_held_against_a_caller() {
        for (result, status, failed) in [
            (ExecutionResult::Completed, None, Some(false)),
            (ExecutionResult::Completed, Some(404), Some(false)),
            (ExecutionResult::Completed, Some(499), Some(false)),
            (ExecutionResult::Completed, Some(500), Some(true)),
            (ExecutionResult::Failed, Some(200), Some(true)),
            (ExecutionResult::UnknownOutcome, None, Some(true)),
            (ExecutionResult::Cancelled, Some(500), None),
            (ExecutionResult::NotForwarded, None, None),
        ] {
            assert_eq!(result.failed(status), failed, "{result:?} {status:?}");
        }
        assert!(ExecutionResult::ALL.iter().all(|it| ExecutionResult::parse(it.as_str()) == Some(*it)));
        assert_eq!(ExecutionResult::parse(OUTCOME_UNKNOWN), None);
    }
}
