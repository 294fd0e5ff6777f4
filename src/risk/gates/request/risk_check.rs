//! The request to compare a risk with a threshold, which asks no gate.

use serde_json::{Map, Value};

use crate::model::json::Json;
use crate::risk::gates::request::fields::Fields;
use crate::risk::gates::{RequestError, RequestProblem};

/// A request for a quick check: nothing but one comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RiskCheckRequest<'a> {
    /// The risk, in whatever unit.
    pub risk_score: f64,
    /// What it has to stay below, in the same unit.
    pub threshold: f64,
    /// Who asks, by their own account.
    pub agent_id: &'a str,
    /// What is to be done, for people.
    pub action_description: &'a str,
}

impl<'a> RiskCheckRequest<'a> {
    /// Reads a body by the table of the evaluation API document.
    ///
    /// # Errors
    /// The first member, in the order of that table, which is not what it should be.
    pub fn read(body: &'a Json<'a>) -> Result<Self, RequestError> {
        let fields = Fields::of(body)?;
        let missing = RequestError { field: "risk_score", problem: RequestProblem::Missing };
        Ok(Self {
            risk_score: fields.number("risk_score")?.ok_or(missing)?,
            threshold: fields.number("threshold")?.unwrap_or(0.5),
            agent_id: fields.text("agent_id")?.unwrap_or("lambda-caller"),
            action_description: fields.text("action_description")?.unwrap_or("Lambda risk check"),
        })
    }

    /// Whether the risk is below the threshold; on it is not.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        self.risk_score < self.threshold
    }

    /// The members of the response in the order of the evaluation API document, but for `_tenant_id` and `_request_id`, which only its
    /// sender knows.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let mut members = Map::with_capacity(6);
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        put("safe", self.is_safe().into());
        put("risk_score", self.risk_score.into());
        put("threshold", self.threshold.into());
        put("agent_id", self.agent_id.into());
        members
    }
}
