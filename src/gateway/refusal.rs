//! A refusal: everything the caller may be told, in the form its protocol reads.

use std::sync::Arc;

use crate::extract::{ExtractError, McpEra, rpc_code};
use crate::gateway::HoldNote;
use crate::model::decision::ReasonCode;
use crate::model::id::Id;

/// A request that is not forwarded. `proxy/respond.rs` makes HTTP of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status. A tool result is sent with 200 whatever stands here.
    pub status: u16,
    /// The stable code.
    pub code: ReasonCode,
    /// One sentence a person or a model can act on.
    pub detail: String,
    /// How it is said.
    pub form: RefusalForm,
    /// The decision behind it, if it was one.
    pub decision_id: Option<Id>,
    /// Whom to ask (`denial.help`).
    pub help: Option<Arc<str>>,
    /// `Allow`, with 405.
    pub allow: Option<&'static str>,
    /// `Retry-After`, with 429.
    pub retry_after_s: Option<u32>,
    /// The hold of the call, where it has one.
    pub hold: Option<Box<HoldNote>>,
    /// The wait, in seconds, that was asked for and granted (`Preference-Applied`).
    pub waited_s: Option<u64>,
}

/// How a refusal is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefusalForm {
    /// `application/problem+json`.
    Problem,
    /// 202: the caller asked to be told at once where the outcome will be found.
    Accepted,
    /// A JSON-RPC error.
    Rpc {
        /// Error code.
        code: i32,
        /// The id to answer under, as JSON text.
        id: String,
        /// Members for `error.data`, as a JSON object; ours are added.
        data: Option<String>,
    },
    /// An MCP tool result with `isError`, under this JSON-RPC id.
    ToolResult {
        /// The id to answer under, as JSON text.
        id: String,
        /// The era it is read in: results of the stateless one say that they are complete.
        era: McpEra,
    },
}

impl RefusalForm {
    /// The same form, where nothing is accepted.
    #[must_use]
    pub fn not_accepted(&self) -> Self {
        if *self == Self::Accepted { Self::Problem } else { self.clone() }
    }
}

impl Refusal {
    /// A refusal as problem+json.
    pub fn problem(status: u16, code: ReasonCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            form: RefusalForm::Problem,
            decision_id: None,
            help: None,
            allow: None,
            retry_after_s: None,
            hold: None,
            waited_s: None,
        }
    }

    /// The refusal of a request that could not be read.
    #[must_use]
    pub fn unreadable(error: ExtractError) -> Self {
        let refusal = Self::problem(error.status, error.code, error.message);
        match error.rpc {
            Some(rpc) => refusal.in_form(RefusalForm::Rpc { code: rpc.code, id: rpc.id, data: rpc.data }),
            None => refusal,
        }
    }

    /// The same refusal said otherwise.
    #[must_use]
    pub fn in_form(mut self, form: RefusalForm) -> Self {
        self.form = form;
        self
    }

    /// The refusal of everything while the ledger takes no records.
    #[must_use]
    pub fn ledger_unavailable(rpc_id: Option<String>) -> Self {
        let detail = "The gateway cannot record calls now, so it forwards none. Try again shortly.";
        let refusal = Self::problem(503, ReasonCode::LedgerUnavailable, detail);
        refusal.for_rpc(rpc_id, rpc_code::UNAVAILABLE)
    }

    /// The refusal of one request too many.
    #[must_use]
    pub fn overloaded(rpc_id: Option<String>) -> Self {
        let detail = "Too many requests are under way here. Try again shortly.";
        Self::problem(503, ReasonCode::Overloaded, detail).for_rpc(rpc_id, rpc_code::UNAVAILABLE)
    }

    /// The refusal after a defect of the gateway.
    #[must_use]
    pub fn internal(rpc_id: Option<String>) -> Self {
        let detail = "The gateway met an internal error and did not forward the call.";
        Self::problem(500, ReasonCode::InternalError, detail).for_rpc(rpc_id, rpc_code::UNAVAILABLE)
    }

    /// The same refusal as a JSON-RPC error where there is an id to answer under.
    #[must_use]
    pub fn for_rpc(self, rpc_id: Option<String>, code: i32) -> Self {
        match rpc_id {
            Some(id) => self.in_form(RefusalForm::Rpc { code, id, data: None }),
            None => self,
        }
    }
}
