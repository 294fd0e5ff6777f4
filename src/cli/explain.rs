//! `aegis explain`: why a configuration decides a request as it does, without a gateway running.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::app::{Inquiry, inquire};
use crate::cli::answer::Answer;
use crate::cli::load;
use crate::cli::output::{self, duration, plain};
use crate::config::Mode;
use crate::gateway::{Clock, SystemClock};
use crate::model::decision::{
    CedarFound, Divergence, DriftTier, Finding, GatesFound, Observed, Outcome, RiskScore, Wanted,
};
use crate::policy::rules::{TraceStep, TracedRule};

#[derive(Debug, clap::Args)]
pub(super) struct Explain {
    /// The gateway's configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The request: capability, actor, resource, parameters, and what else docs/policy-testing.md lists.
    #[arg(value_name = "REQUEST")]
    request: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Explain) -> Result<ExitCode> {
    let inquiry = inquire(&arguments.config, &arguments.request, SystemClock.now());
    let Some(inquiry) = load::or_problems(inquiry) else {
        return Ok(ExitCode::from(output::BAD_CONFIGURATION));
    };
    if arguments.json {
        output::line(&serde_json::to_string_pretty(&told(&inquiry))?);
    } else {
        lines(&inquiry).iter().for_each(|line| output::line(line));
    }
    Ok(ExitCode::SUCCESS)
}

fn lines(inquiry: &Inquiry) -> Vec<String> {
    let decision = &inquiry.explanation.decision;
    let principal = &inquiry.principal;
    let mut lines = vec![
        format!("{} {} on {}", decision.outcome.as_str(), inquiry.capability, plain(&inquiry.resource)),
        format!("  {}", plain(decision.reason.as_str())),
        format!(
            "caller: {} ({}, tenant {})",
            plain(&principal.id),
            principal.kind.as_str(),
            plain(&principal.tenant)
        ),
        route(inquiry),
        format!("time: {}", inquiry.at.to_rfc3339()),
        format!("risk: {} (score {})", decision.risk.as_str(), decision.score),
        "engines:".to_owned(),
    ];
    lines.extend(decision.findings.iter().map(|finding| format!("  {}", spoken(finding))));
    lines.extend(decision.gates.iter().flat_map(|found| gates(found)));
    lines.extend(decision.cedar.iter().flat_map(|found| cedar(found)));
    lines.push("rules, in order:".to_owned());
    lines.extend(inquiry.explanation.rules.iter().map(|rule| format!("  {}", asked(inquiry, rule))));
    if inquiry.explanation.deciding_rule().is_none() {
        lines.push("  no rule matches".to_owned());
    }
    lines.extend(approval(inquiry).map(|approval| format!("approval: {approval}")));
    lines.push(format!("snapshot: {}", inquiry.snapshot));
    lines
}

fn route(inquiry: &Inquiry) -> String {
    let Some(route) = &inquiry.route else {
        return "route: none makes this capability, so no call of a client leads to it".to_owned();
    };
    let effect = match route.mode {
        Mode::Enforce => "the decision takes effect",
        Mode::Shadow => "recorded, but forwarded all the same",
        Mode::Off => "forwarded without a decision",
    };
    format!("route: {} (mode {}: {effect})", route.name, route.mode.as_str())
}

fn spoken(finding: &Finding) -> String {
    if let Some(Wanted { outcome, reason }) = &finding.would_have {
        let (engine, outcome) = (finding.engine.as_str(), outcome.as_str());
        return format!("{engine}: only watched, would have come to {outcome}: {}", plain(reason.as_str()));
    }
    if let Some(warning) = &finding.warning {
        return format!("{}: warns: {}", finding.engine.as_str(), plain(warning.as_str()));
    }
    let outcome = finding.outcome.map_or("not applicable", Outcome::as_str);
    let rule = finding.rule.as_deref().map(|rule| format!(" by \"{}\"", plain(rule))).unwrap_or_default();
    let error =
        finding.error.as_ref().map(|error| format!(": {}", plain(error.as_str()))).unwrap_or_default();
    format!("{}: {outcome}{rule}{error}", finding.engine.as_str())
}

/// What the Cedar engine found.
fn cedar(found: &CedarFound) -> Vec<String> {
    let mode = if found.enforced { "enforce" } else { "log_only" };
    let word = |allowed| if allowed { "Allow" } else { "Deny" };
    let ids = |ids: &[Arc<str>]| match ids {
        [] => "no policy".to_owned(),
        ids => ids.iter().map(|id| plain(id)).collect::<Vec<_>>().join(", "),
    };
    let (name, said) = (plain(&found.engine), word(found.allowed));
    let mut lines =
        vec![format!("cedar engine {name}, in mode {mode}: {said} by {}", ids(&found.determining))];
    lines.extend(found.refusal.iter().map(|(_, why)| format!("  {}", plain(why.as_str()))));
    lines.extend(
        found.errors.iter().map(|(id, why)| format!("  {} failed: {}", plain(id), plain(why.as_str()))),
    );
    lines.extend(found.shadow.iter().map(|shadow| {
        format!(
            "  with policies that are only watched: {} by {}",
            word(shadow.allowed),
            ids(&shadow.determining)
        )
    }));
    lines
}

fn cedar_json(found: &CedarFound) -> Value {
    let ids = |ids: &[Arc<str>]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let errors: Vec<_> =
        found.errors.iter().map(|(id, why)| json!({"policy": &**id, "error": why.as_str()})).collect();
    json!({
        "engine": &*found.engine,
        "mode": if found.enforced { "enforce" } else { "log_only" },
        "allowed": found.allowed,
        "determining": ids(&found.determining),
        "errors": errors,
        "refusal": found.refusal.as_ref().map(|(_, why)| why.as_str()),
        "shadow": found.shadow.as_ref().map(|shadow| {
            json!({"allowed": shadow.allowed, "flips": shadow.flips, "determining": ids(&shadow.determining)})
        }),
    })
}

/// Each number of the gates.
fn gates(found: &GatesFound) -> Vec<String> {
    let mode = if found.enforced { "enforce" } else { "shadow" };
    let mut lines = vec![format!("gates, in mode {mode}:")];
    lines.extend(found.gates.iter().map(|gate| {
        let value = gate.value.map_or("none".to_owned(), |value| value.to_string());
        let passed = if gate.passed { "passes" } else { "fails" };
        format!("  {}: {value}, threshold {}: {passed}", gate.name, gate.threshold)
    }));
    let Observed { seen, risk_before, drift, .. } = found.observed;
    let drift = drift.map_or("too few calls".to_owned(), |drift| drift.nats().to_string());
    let tier = found.drift_tier.map(|tier| format!(": {}", tier.as_str())).unwrap_or_default();
    let bounds = format!("a warning above {}, critical above {}", found.drift_warning, found.drift_critical);
    lines.push(format!("  drift: {drift}, {bounds}{tier}"));
    let before = risk_before.map_or("too few calls".to_owned(), RiskScore::exact);
    lines.push(format!("  seen before: {seen}; risk before: {before}"));
    lines
}

/// The same for programs.
fn gates_json(found: &GatesFound) -> Value {
    let gates: Map<String, Value> = (found.gates.iter())
        .map(|gate| {
            let said = json!({"passed": gate.passed, "value": gate.value, "threshold": gate.threshold});
            (gate.name.to_owned(), said)
        })
        .collect();
    let Observed { seen, risk_before, drift, .. } = found.observed;
    json!({
        "mode": if found.enforced { "enforce" } else { "shadow" },
        "gates": gates,
        "drift": drift.map(Divergence::nats),
        "drift_tier": found.drift_tier.map(DriftTier::as_str),
        "drift_warning": found.drift_warning,
        "drift_critical": found.drift_critical,
        "seen": seen,
        "risk_before": risk_before.map(|score| f64::from(score.as_ten_thousandths()) / 10_000.0),
        "wanted": found.wanted.as_ref().map(|wanted| wanted.outcome.as_str()),
    })
}

fn asked(inquiry: &Inquiry, rule: &TracedRule) -> String {
    let place = inquiry.places.get(rule.index).map(|place| format!("{place}: ")).unwrap_or_default();
    format!("{place}\"{}\": {}", plain(&rule.name), plain(&why(&rule.step)))
}

/// What a rule came to, in words.
fn why(step: &TraceStep) -> String {
    match step {
        TraceStep::TypeDiffers => "match.type is not this capability".to_owned(),
        TraceStep::TargetDiffers => "match.target is not this resource".to_owned(),
        TraceStep::AgentDiffers => "match.agent is not this caller".to_owned(),
        TraceStep::ConditionsFail(labels) => format!("does not hold: {}", labels.join(", ")),
        TraceStep::Decides => "decides".to_owned(),
        TraceStep::CannotTell(error) => format!("cannot be told, which denies: {error}"),
    }
}

/// The same for programs.
const fn step_word(step: &TraceStep) -> &'static str {
    match step {
        TraceStep::TypeDiffers => "type_differs",
        TraceStep::TargetDiffers => "target_differs",
        TraceStep::AgentDiffers => "agent_differs",
        TraceStep::ConditionsFail(_) => "conditions_fail",
        TraceStep::Decides => "decides",
        TraceStep::CannotTell(_) => "cannot_tell",
    }
}

/// Who must agree, where people are asked, and within what time.
fn approval(inquiry: &Inquiry) -> Option<String> {
    let roles: Vec<&str> = inquiry.holds.escalation_roles.iter().map(|role| &**role).collect();
    let who = match inquiry.explanation.decision.outcome {
        Outcome::Allow | Outcome::Deny => return None,
        Outcome::RequireConfirmation => "one person with the scope holds:approve, not the caller".to_owned(),
        Outcome::Escalate => format!("{}, each another person, none of them the caller", roles.join(" and ")),
    };
    let seconds = i64::try_from(inquiry.ttl.as_secs()).unwrap_or(i64::MAX);
    let within = duration(seconds);
    let anonymous = inquiry.route.as_ref().is_some_and(|route| route.is_anonymous);
    let caveat = if anonymous { "; the caller is anonymous, so only while its request waits" } else { "" };
    Some(format!("{who}; within {within}{caveat}"))
}

fn told(inquiry: &Inquiry) -> Value {
    let principal = &inquiry.principal;
    let mut told = json!({
        "capability": inquiry.capability,
        "resource": inquiry.resource,
        "actor": {"id": &*principal.id, "type": principal.kind.as_str()},
        "tenant": &*principal.tenant,
        "at": inquiry.at.to_rfc3339(),
        "route": inquiry.route.as_ref().map(|route| json!({
            "name": route.name, "mode": route.mode.as_str(), "anonymous": route.is_anonymous,
        })),
    });
    let decision = &inquiry.explanation.decision;
    let findings: Vec<Value> = decision.findings.iter().map(finding_json).collect();
    let rules: Vec<Value> = inquiry.explanation.rules.iter().map(|rule| rule_json(inquiry, rule)).collect();
    let more = json!({
        "code": decision.code.as_str(),
        "risk_score": decision.score.to_f64(),
        "findings": findings,
        "rules": rules,
        "approval_needs": approval(inquiry),
        "snapshot_hash": &*inquiry.snapshot,
    });
    let answer = Answer::of(&inquiry.explanation).to_json();
    if let (Value::Object(told), Value::Object(answer), Value::Object(more)) = (&mut told, answer, more) {
        told.extend(answer);
        told.extend(more);
        told.extend(decision.gates.iter().map(|found| ("gates".to_owned(), gates_json(found))));
        told.extend(decision.cedar.iter().map(|found| ("cedar".to_owned(), cedar_json(found))));
    }
    told
}

fn finding_json(finding: &Finding) -> Value {
    let mut told = json!({
        "engine": finding.engine.as_str(),
        "outcome": finding.outcome.map(Outcome::as_str),
        "rule": finding.rule.as_deref(),
        "error": finding.error.as_ref().map(|error| error.as_str()),
    });
    if let (Some(Wanted { outcome, reason }), Value::Object(told)) = (&finding.would_have, &mut told) {
        told.insert("would_have".to_owned(), outcome.as_str().into());
        told.insert("reason".to_owned(), reason.as_str().into());
    }
    if let (Some(warning), Value::Object(told)) = (&finding.warning, &mut told) {
        told.insert("warning".to_owned(), warning.as_str().into());
    }
    told
}

fn rule_json(inquiry: &Inquiry, rule: &TracedRule) -> Value {
    let place = inquiry.places.get(rule.index);
    json!({
        "rule": &*rule.name,
        "file": place.map(|place| &*place.source),
        "line": place.map(|place| place.line),
        "step": step_word(&rule.step),
        "why": why(&rule.step),
    })
}
