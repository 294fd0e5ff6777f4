//! Why a running gateway did not do what it was asked. Imports `net`.

use serde_json::Value;
use thiserror::Error;

use crate::net::NetError;

/// Why a running gateway did not do what it was asked.
#[derive(Debug, Error)]
pub enum RemoteError {
    /// The URL or the key cannot be used.
    #[error("{0}")]
    Unusable(NetError),
    /// It cannot be reached.
    #[error("cannot reach {url}: {error}")]
    Unreachable {
        /// Where it was looked for.
        url: String,
        /// Why.
        error: NetError,
    },
    /// What answers is no gateway.
    #[error(
        "{url} answered with status {status} and something else than JSON: is it the control listener of a gateway?"
    )]
    NotJson {
        /// Who answered.
        url: String,
        /// With which status.
        status: u16,
    },
    /// It refused.
    #[error("{}", said(problem))]
    Refused {
        /// HTTP status, 400 or above.
        status: u16,
        /// What it said.
        problem: Value,
    },
}

/// A problem as one sentence or two, the `error` of one that is none; another JSON body as it is.
fn said(problem: &Value) -> String {
    let text = |name: &str| problem.get(name).and_then(Value::as_str);
    match (text("title"), text("detail")) {
        (Some(title), Some(detail)) => format!("{title}: {detail}"),
        (Some(only), None) | (None, Some(only)) => only.to_owned(),
        // What the policy server says.
        (None, None) => text("error").map_or_else(|| problem.to_string(), str::to_owned),
    }
}
