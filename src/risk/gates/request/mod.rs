//! From JSON to what is evaluated: defaults, aliases, and what is refused.
//!
//! Unknown members are ignored, so that a newer client still gets its answer; known ones are never guessed at. Start reading at
//! [`EvaluateRequest::read`].

mod error;
mod evaluate;
mod fields;
mod risk_check;

pub use error::{RequestError, RequestProblem};
pub use evaluate::EvaluateRequest;
pub use risk_check::RiskCheckRequest;
