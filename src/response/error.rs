//! Why an answer may not come back.

use thiserror::Error;

use crate::model::json::JsonError;

/// An answer that does not pass. The texts say what is wrong with it and repeat nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ResponseError {
    /// Longer than `routes[].response.max_bytes`.
    #[error("the answer is longer than the {limit} bytes that response.max_bytes allows")]
    TooLong {
        /// The limit, in bytes.
        limit: u64,
    },
    /// Too long to be gathered, where it must be read whole.
    #[error("the answer is longer than the {limit} bytes that are read at once to filter it")]
    BodyTooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// One event of a stream is too long to be read.
    #[error("an event of the answer is longer than the {limit} bytes that are read at once to filter it")]
    EventTooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Compressed, where it must be read.
    #[error("the answer is compressed and cannot be filtered")]
    Encoded,
    /// A part of a whole that is not there, where it must be read.
    #[error("the answer is partial and cannot be filtered")]
    Partial,
    /// The connection became something else than HTTP, where answers must be read.
    #[error("the answer leaves HTTP and cannot be filtered")]
    Upgraded,
    /// Neither JSON nor an event stream, where it must be read.
    #[error("the answer is neither JSON nor an event stream and cannot be filtered")]
    ContentType,
    /// JSON that could be read in two ways, or not at all.
    #[error("the answer is no strict JSON and cannot be filtered: {0}")]
    Json(#[from] JsonError),
    /// Names of a JSON-RPC message that differ from the known ones only in letter case, or an event whose lines depend on how
    /// its reader takes a byte order mark.
    #[error("the answer can be read in two ways and cannot be filtered")]
    Ambiguous,
    /// The answer to `tools/list` has something else than a list in the list's place.
    #[error("result.tools of the answer is not a list")]
    NotAList,
}
