//! What is to be done to an answer, known before the call is made.

use std::fmt;
use std::sync::Arc;

use crate::model::pointer::Pointer;

/// What is to be done to an answer. Cheap to make: nothing in it is copied.
#[derive(Clone, Debug, Default)]
pub struct ResponsePlan {
    /// Longest body, in bytes as the tool sends them; of a stream, all of it together. `None`: any.
    pub max_bytes: Option<u64>,
    /// Values that are replaced by `"[REDACTED]"`.
    pub redact: Arc<[Pointer]>,
    /// The filter of the tool list the answer is, or may hold.
    pub list: Option<ListFilter>,
    /// Whether answers are JSON-RPC messages (MCP): pointers then start at each message's `result`, else at the body's root.
    pub rpc: bool,
    /// How much is read at once.
    pub limits: ReadLimits,
}

/// How much of an answer is held in memory to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Longest body that is gathered, in bytes.
    pub body_bytes: usize,
    /// Longest event of a stream, in bytes.
    pub event_bytes: usize,
}

impl Default for ReadLimits {
    /// 8 MiB for a body, 4 MiB for an event.
    fn default() -> Self {
        Self { body_bytes: 8 << 20, event_bytes: 4 << 20 }
    }
}

/// Leaves tools out of lists.
#[derive(Clone)]
pub struct ListFilter {
    /// Which.
    pub listing: Arc<dyn ToolListing>,
    /// Where lists are found.
    pub kind: ListKind,
}

/// Where lists are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// The answer to a POSTed `tools/list`: `result.tools` is the list, or the answer does not pass.
    Answer,
    /// A stream that may repeat earlier answers: a message is a list if its `result.tools` is an array with an object in it.
    Replay,
}

/// Says which tools of a list are hidden from the caller.
pub trait ToolListing: Send + Sync {
    /// Told of every tool of a page, before [`Self::hides`] is asked about any of them: two tools whose names make one
    /// capability can both be hidden.
    fn note(&self, tool: &str);

    /// Whether the tool is left out.
    fn hides(&self, tool: &str) -> bool;
}

impl ResponsePlan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.max_bytes.is_none() && !self.reads()
    }

    /// Whether the answer must be read, not only counted.
    #[must_use]
    pub fn reads(&self) -> bool {
        !self.redact.is_empty() || self.list.is_some()
    }
}

impl fmt::Debug for ListFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ListFilter").field("kind", &self.kind).finish_non_exhaustive()
    }
}
