//! Why a request is not a call that can be judged.

use thiserror::Error;

use crate::model::decision::ReasonCode;

/// A refused request: what the caller is told. The message never repeats argument values.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct ExtractError {
    /// HTTP status, always 4xx.
    pub status: u16,
    /// The stable code.
    pub code: ReasonCode,
    /// What is wrong and where.
    pub message: String,
    /// How to say it in JSON-RPC, on MCP routes.
    pub rpc: Option<RpcError>,
}

/// The JSON-RPC form of an [`ExtractError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcError {
    /// Error code, such as -32700.
    pub code: i32,
    /// The id to answer under, as JSON text; `null` when it is not known.
    pub id: String,
    /// `error.data`, as JSON text.
    pub data: Option<String>,
}

impl ExtractError {
    /// A refusal with `status` and without a JSON-RPC form.
    #[must_use]
    pub fn new(status: u16, code: ReasonCode, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), rpc: None }
    }
}
