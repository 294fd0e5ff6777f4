//! The request to evaluate a proposal.

use std::borrow::Cow;

use crate::model::json::Json;
use crate::risk::gates::request::fields::{Fields, Numbers};
use crate::risk::gates::{Impact, Phase, Proposal, RequestError};

/// A request to evaluate a proposal, read and complete.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluateRequest<'a> {
    /// What the gates see.
    pub proposal: Proposal<'a>,
    /// What the change is, for people.
    pub summary: &'a str,
    /// Who asks, by their own account.
    pub agent_id: &'a str,
    /// What groups requests, where the caller says so.
    pub session_id: Option<&'a str>,
    /// Whatever the caller wants kept with the decision; an object.
    pub metadata: Option<&'a Json<'a>>,
}

impl<'a> EvaluateRequest<'a> {
    /// Reads a body by the table of the evaluation API document: what is absent has its default, `risk_score` stands in for an absent
    /// `risk_proposed`. The reader of the bytes must let integers beyond 64 bits through
    /// ([`Reader::parse_answer`](crate::model::json::Reader::parse_answer)): they are numbers like others here.
    ///
    /// # Errors
    /// The first member, in the order of that table, which is not what it should be.
    pub fn read(body: &'a Json<'a>) -> Result<Self, RequestError> {
        let fields = Fields::of(body)?;
        let default = Proposal::default();
        // In the order of the table, which is also the order in which faults are found.
        let summary = fields.text("proposal_summary")?;
        let impact = fields.word("estimated_impact", &IMPACTS, "low, medium, high, critical")?;
        let agent_id = fields.text("agent_id")?;
        let session_id = fields.text("session_id")?;
        let phase = fields.word("phase", &PHASES, "plan, commit, work")?;
        let risk_baseline = fields.number("risk_baseline")?;
        let risk_proposed = fields.number("risk_proposed")?;
        // Looked at even where it is not used: bad data is never accepted in silence.
        let risk_score = fields.number("risk_score")?;
        let proposal = Proposal {
            impact: impact.unwrap_or(default.impact),
            phase: phase.unwrap_or(default.phase),
            risk_baseline: risk_baseline.unwrap_or(default.risk_baseline),
            risk_proposed: risk_proposed.or(risk_score).unwrap_or(default.risk_proposed),
            profit_baseline: fields.number("profit_baseline")?.unwrap_or(default.profit_baseline),
            profit_proposed: fields.number("profit_proposed")?.unwrap_or(default.profit_proposed),
            novelty_score: fields.number("novelty_score")?.unwrap_or(default.novelty_score),
            complexity_score: fields.number("complexity_score")?.unwrap_or(default.complexity_score),
            quality_score: fields.number("quality_score")?.unwrap_or(default.quality_score),
            quality_subscores: subscores(fields.numbers("quality_subscores")?, default.quality_subscores),
            requires_human_approval: fields
                .boolean("requires_human_approval")?
                .unwrap_or(default.requires_human_approval),
            time_sensitive: fields.boolean("time_sensitive")?.unwrap_or(default.time_sensitive),
            reversible: fields.boolean("reversible")?.unwrap_or(default.reversible),
            ..default
        };
        let metadata = fields.object("metadata")?;
        let shadow_mode = fields.boolean("shadow_mode")?.unwrap_or(proposal.shadow_mode);
        let drift_baseline = fields.numbers("drift_baseline_data")?.map(|numbers| numbers.kept.into());
        Ok(Self {
            proposal: Proposal { shadow_mode, drift_baseline, ..proposal },
            summary: summary.unwrap_or("API evaluation"),
            agent_id: agent_id.unwrap_or("lambda-caller"),
            session_id,
            metadata,
        })
    }
}

const IMPACTS: [(&str, Impact); 4] = [
    (Impact::Low.as_str(), Impact::Low),
    (Impact::Medium.as_str(), Impact::Medium),
    (Impact::High.as_str(), Impact::High),
    (Impact::Critical.as_str(), Impact::Critical),
];

const PHASES: [(&str, Phase); 3] = [
    (Phase::Plan.as_str(), Phase::Plan),
    (Phase::Commit.as_str(), Phase::Commit),
    (Phase::Work.as_str(), Phase::Work),
];

/// An array of nothing but `null` says as little as none; an empty one says that there are no subscores.
fn subscores<'a>(numbers: Option<Numbers>, default: Cow<'a, [f64]>) -> Cow<'a, [f64]> {
    match numbers {
        Some(Numbers { written, kept }) if written == 0 || !kept.is_empty() => kept.into(),
        _ => default,
    }
}
