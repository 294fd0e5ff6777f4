//! `POST /api/v1/evaluate`: decisions on actions that are not executed. Nothing is recorded.

use axum::extract::{Request, State};
use axum::response::Response;

use crate::control::ControlState;
use crate::control::error::{DocumentError, ItemError};
use crate::control::routes::policy_server::batch::{Answers, body, write_or_null};
use crate::control::routes::policy_server::caller::{Caller, Wanted};
use crate::extract::{ActionCall, Actions};
use crate::gateway::ActionRefused;
use crate::model::decision::{Decision, Engine, Finding, Outcome, RiskLevel};
use crate::model::json::write_json_string;

/// The rule a decision names where none spoke.
pub(super) const DEFAULT_RULE: &str = "<default>";

/// Decides each action, as if those before it in the body had been executed.
pub(in crate::control) async fn evaluate(
    State(state): State<ControlState>,
    request: Request,
) -> Result<Response, DocumentError> {
    let caller = Caller::admit(&state, &request, Wanted::Propose)?;
    let bytes = body(request).await?;
    let actions = Actions::read(&caller.snapshot.reader, &bytes)?;
    let mut answers = Answers::of(actions.items.len());
    let mut dry_run = state.actions.dry_run();
    for item in &actions.items {
        let decided = item.as_ref().map_err(ItemError::unreadable).and_then(|action| {
            let asks = caller.asks(action)?;
            let decision = dry_run.evaluate(&caller.snapshot, &asks, action);
            Ok((action, decision.ok_or_else(|| ItemError::refused(ActionRefused::Defect))?))
        });
        match decided {
            Ok((action, decision)) => answers.add(|text| write(action, &decision, text)),
            Err(error) => answers.fail(error),
        }
    }
    answers.end()
}

fn write(action: &ActionCall<'_>, decision: &Decision, text: &mut Vec<u8>) {
    text.extend_from_slice(b"{\"action_type\":");
    write_json_string(action.call.action.capability().unwrap_or_default(), text);
    text.extend_from_slice(b",\"target\":");
    write_json_string(&action.call.resource, text);
    text.extend_from_slice(b",\"risk_level\":\"");
    text.extend_from_slice(risk(decision.risk).as_bytes());
    text.extend_from_slice(b"\",\"approval\":\"");
    text.extend_from_slice(decision.outcome.approval_word().as_bytes());
    let allowed = if decision.outcome == Outcome::Deny { "false" } else { "true" };
    text.extend_from_slice(b"\",\"is_allowed\":");
    text.extend_from_slice(allowed.as_bytes());
    text.extend_from_slice(b",\"matched_rule\":");
    write_json_string(rule_of(decision).unwrap_or(DEFAULT_RULE), text);
    // The rule that matched is not all there is to say where another engine decided, or the rule could not be evaluated.
    let by = decider(decision);
    if by.is_some() || decision.findings.iter().any(|finding| finding.error.is_some()) {
        text.extend_from_slice(b",\"outcome\":");
        write_json_string(decision.outcome.as_str(), text);
        text.extend_from_slice(b",\"reason\":");
        write_json_string(decision.reason.as_str(), text);
    }
    if let Some(finding) = by {
        text.extend_from_slice(b",\"decided_by\":{\"engine\":");
        write_json_string(finding.engine.as_str(), text);
        text.extend_from_slice(b",\"rule\":");
        write_or_null(finding.rule.as_deref(), text);
        text.push(b'}');
    }
    text.push(b'}');
}

/// The rule of the rules file that matched, whoever decided.
fn rule_of(decision: &Decision) -> Option<&str> {
    decision.findings.iter().find(|finding| finding.engine == Engine::Rules)?.rule.as_deref()
}

/// The finding that the outcome is by, where that is not one of the rules or the default.
fn decider(decision: &Decision) -> Option<&Finding> {
    let other = |engine: Engine| !matches!(engine, Engine::Rules | Engine::Default);
    decision
        .findings
        .iter()
        .find(|finding| other(finding.engine) && finding.outcome == Some(decision.outcome))
}

/// A risk level as the document writes it.
pub(super) const fn risk(level: RiskLevel) -> &'static str {
    match level {
        RiskLevel::Low => "LOW",
        RiskLevel::Medium => "MEDIUM",
        RiskLevel::High => "HIGH",
        RiskLevel::Critical => "CRITICAL",
    }
}
