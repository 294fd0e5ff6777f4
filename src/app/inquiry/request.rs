//! The request as written.

use std::path::Path;

use anyhow::Result;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::app::sources::document;
use crate::model::call::{CapabilityName, PrincipalKind};
use crate::model::decision::{Divergence, Observed, RiskScore};
use crate::model::document::{Document, Problem, Problems, shape};
use crate::model::time::Timestamp;

/// A request about which is asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawRequest {
    /// Whose data it touches. Default that of the route for an anonymous caller, else `default`.
    #[serde(default)]
    tenant: Option<String>,
    /// Who calls. Default the route's anonymous actor.
    #[serde(default)]
    actor: Option<String>,
    /// The same by another name.
    #[serde(default)]
    agent: Option<String>,
    /// What the caller is: human, ai-agent, ai-copilot or automation. Default what its
    /// key says, else ai-agent.
    #[serde(rename = "type", default)]
    kind: Option<String>,
    /// What the caller's token claims, for Cedar policies. Its groups and roles are taken from there. Default what its key says.
    #[serde(default)]
    claims: Option<Map<String, Value>>,
    /// What is called, such as files.read_file.
    capability: String,
    /// On what. Default the route's name.
    #[serde(default)]
    resource: Option<String>,
    /// On an http route, the path of the request, for Cedar policies. Default the resource, where that is a path.
    #[serde(default)]
    path: Option<String>,
    /// With which parameters. On an http route apart, as path, query and body.
    #[serde(default)]
    parameters: Option<Map<String, Value>>,
    /// When. Default now.
    #[serde(default)]
    at: Option<String>,
    /// By which route. Default the one whose `capability_prefix` the capability begins with.
    #[serde(default)]
    route: Option<String>,
    /// What the gates observed of the caller, as `facts.gates` of a decision's record says it. Default nothing.
    #[serde(default)]
    gates: Option<RawGatesFacts>,
}

/// What the gates observed of a caller.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "GatesFacts")]
#[serde(default, deny_unknown_fields)]
struct RawGatesFacts {
    /// How many calls of the capability with such parameters were let through. Default 0.
    seen: u32,
    /// The mean score of the caller's baseline. Default none.
    #[schemars(range(min = 0, max = 1))]
    risk_before: Option<f64>,
    /// How far its newest calls diverge from that, in nats. Default none.
    #[schemars(range(min = 0, max = 4294))]
    drift: Option<f64>,
}

/// A request that makes sense by itself.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) document: Document,
    pub(super) tenant: Option<String>,
    pub(super) actor: Option<String>,
    pub(super) kind: Option<PrincipalKind>,
    pub(super) claims: Option<Map<String, Value>>,
    pub(super) capability: CapabilityName,
    pub(super) resource: Option<String>,
    pub(super) path: Option<String>,
    pub(super) parameters: Map<String, Value>,
    pub(super) at: Option<Timestamp>,
    pub(super) route: Option<String>,
    pub(super) observed: Option<Observed>,
}

/// Reads the request at `path`.
///
/// # Errors
/// Everything that is wrong with it, one problem a line.
pub(super) fn request(path: &Path) -> Result<Request> {
    let document = document(path)?;
    let schema = schemars::schema_for!(RawRequest).to_value();
    let misfits = shape::check(&document, &schema).into_iter().map(|misfit| misfit.problem).collect();
    if let Some(problems) = Problems::from_list(misfits) {
        return Err(problems.into());
    }
    let raw: RawRequest = serde_json::from_value(document.to_json())?;
    Ok(judged(document, raw)?)
}

fn judged(document: Document, raw: RawRequest) -> Result<Request, Problems> {
    let mut problems: Vec<Problem> = Vec::new();
    let capability = CapabilityName::parse(&raw.capability);
    if let Err(error) = &capability {
        problems.push(document.problem("/capability", error.to_string()));
    }
    if raw.actor.is_some() && raw.agent.is_some() {
        problems.push(document.key_problem("/agent", "the actor is named already: one of them is enough"));
    }
    let kind = raw.kind.as_deref().map(PrincipalKind::parse);
    if kind == Some(None) {
        problems.push(document.problem("/type", "expected human, ai-agent, ai-copilot or automation"));
    }
    let at = raw.at.as_deref().map(Timestamp::parse_rfc3339);
    if at == Some(None) {
        problems.push(document.problem("/at", "expected a time such as 2026-07-15T12:00:00Z"));
    }
    match (capability, Problems::from_list(problems)) {
        (_, Some(problems)) => Err(problems),
        (Err(error), None) => Err(document.problem("/capability", error.to_string()).into()),
        (Ok(capability), None) => Ok(Request {
            document,
            tenant: raw.tenant,
            actor: raw.actor.or(raw.agent),
            kind: kind.flatten(),
            claims: raw.claims,
            capability,
            resource: raw.resource,
            path: raw.path,
            parameters: raw.parameters.unwrap_or_default(),
            at: at.flatten(),
            route: raw.route,
            observed: raw.gates.as_ref().map(observed),
        }),
    }
}

fn observed(raw: &RawGatesFacts) -> Observed {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to 10,000, as the schema has it"
    )]
    let score = |score: f64| RiskScore::from_ten_thousandths((score * 10_000.0).round() as u32);
    Observed {
        seen: raw.seen,
        risk_before: raw.risk_before.map(score),
        drift: raw.drift.map(Divergence::from_nats),
        ..Observed::default()
    }
}
