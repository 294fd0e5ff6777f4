//! What a proposer says became of its proposal.

use crate::model::decision::ExecutionResult;

/// What a proposer says became of its proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The decision that allowed it.
    pub decision_id: String,
    /// How it ended.
    pub status: ReportStatus,
    /// What came of it, in words; at most 500 characters.
    pub summary: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<u64>,
    /// The exit code, where there was one.
    pub exit_code: Option<i64>,
}

/// How an execution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportStatus {
    /// It was done.
    Completed,
    /// It went wrong.
    Failed,
    /// It took too long.
    Timeout,
    /// The tool did not permit it.
    PermissionDenied,
    /// A person called it off. It says nothing of the actor.
    AbortedByUser,
}

impl ReportStatus {
    /// Every status.
    pub const ALL: [Self; 5] =
        [Self::Completed, Self::Failed, Self::Timeout, Self::PermissionDenied, Self::AbortedByUser];

    /// The word in reports and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::PermissionDenied => "permission_denied",
            Self::AbortedByUser => "aborted_by_user",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether it was a failure of the actor; `None`: it says nothing of it.
    #[must_use]
    pub const fn failed(self) -> Option<bool> {
        match self {
            Self::Completed => Some(false),
            Self::Failed | Self::Timeout | Self::PermissionDenied => Some(true),
            Self::AbortedByUser => None,
        }
    }

    /// The same in the words of executions.
    #[must_use]
    pub const fn result(self) -> ExecutionResult {
        match self.failed() {
            Some(false) => ExecutionResult::Completed,
            Some(true) => ExecutionResult::Failed,
            None => ExecutionResult::Cancelled,
        }
    }
}
