//! One run, as it is kept.

use std::sync::Arc;

use crate::model::time::Timestamp;

/// A run that makes policies. Its assets are never active by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationRun {
    /// Its id: `pgn_` and 26 characters.
    pub id: Arc<str>,
    /// The engine whose policies it is to be beside.
    pub engine: Arc<str>,
    /// What it is called, for people.
    pub name: Option<String>,
    /// How it stands.
    pub state: GenerationState,
    /// What was asked for, as JSON.
    pub config: String,
    /// The key that asked.
    pub by: Arc<str>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it got to how it stands.
    pub updated_at: Timestamp,
    /// What came of it, as JSON; `None` while nothing has.
    pub outcome: Option<String>,
}

/// How a run stands. The words are those of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GenerationState {
    /// It is under way.
    Generating,
    /// It has assets, or none were to be made.
    Generated,
    /// It has none; its outcome says why.
    Failed,
}

impl GenerationState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Generating, Self::Generated, Self::Failed];

    /// The word on the wire and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generating => "GENERATING",
            Self::Generated => "GENERATED",
            Self::Failed => "GENERATE_FAILED",
        }
    }

    /// The state of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}
