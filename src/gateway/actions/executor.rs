//! The port behind which actions are run.

use std::fmt::Debug;

use async_trait::async_trait;
use serde_json::value::{RawValue, to_raw_value};

use crate::model::id::Id;

/// Runs actions that were let through: the tool behind the policy server.
///
/// It is asked once for each action, after the ledger took the record of the decision, and never again for the same one.
/// A panic in here, or an answer that takes longer than five minutes, is a failed action like any other error.
#[async_trait]
pub trait Executor: Debug + Send + Sync {
    /// Runs `action` and says what it gave, as JSON: the `data` of the answer. [`serde_json::value::to_raw_value`] makes it of
    /// anything that can be serialized.
    ///
    /// # Errors
    /// Why it did not succeed. The caller is told so as it stands, and it is recorded: no secrets.
    async fn execute(&self, action: ExecutorAction) -> Result<Box<RawValue>, ExecutorError>;
}

/// An action to run, exactly as it was judged.
#[derive(Clone, Debug)]
pub struct ExecutorAction {
    /// What to do.
    pub action_type: String,
    /// On what; empty where the caller named nothing.
    pub target: String,
    /// With which parameters: the JSON as it was judged, numbers with the digits they were written with.
    pub params: Box<RawValue>,
    /// What the caller says it is for; may be empty.
    pub description: String,
    /// The agent it was asked for, where one was named.
    pub agent_id: Option<String>,
    /// The session it belongs to.
    pub session_id: String,
    /// The decision that let it through. Unique: fit for an idempotency key.
    pub decision_id: Id,
}

/// Why an action did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutorError {
    /// What went wrong, in a sentence.
    pub message: String,
    /// Whether something of the action may have reached the tool. If not, it certainly did not run, and an approval of it is good
    /// for another try.
    pub sent: bool,
}

/// Does nothing and says that it is done: what the document's server does where no executor is given.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoExecutor;

#[async_trait]
impl Executor for NoExecutor {
    async fn execute(&self, _action: ExecutorAction) -> Result<Box<RawValue>, ExecutorError> {
        to_raw_value(&serde_json::json!({"executed": true}))
            .map_err(|error| ExecutorError { message: error.to_string(), sent: false })
    }
}

impl ExecutorError {
    /// The tool was asked, or may have been, and it went wrong.
    #[must_use]
    pub fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), sent: true }
    }

    /// Nothing of the action left for the tool.
    #[must_use]
    pub fn not_sent(message: impl Into<String>) -> Self {
        Self { message: message.into(), sent: false }
    }
}
