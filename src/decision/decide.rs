//! `decide`: the one place where a call is allowed or not, and what can be said of that before its parameters are known.

use std::sync::Arc;

use crate::decision::PolicySnapshot;
use crate::decision::combine::{Combined, authorizer_outcome, combine, restrictor_outcome};
use crate::decision::restrictors::{naming, plan, tunnel};
use crate::model::call::{Action, DecisionRequest};
use crate::model::decision::{
    Authorization, Decision, Engine, Facts, Finding, Obligations, Outcome, Reason, ReasonCode, Restricted,
    RiskLevel, RiskScore,
};
use crate::policy::rules::Prospect;

/// Decides `request` under `snapshot` with `facts`. Pure and deterministic.
#[must_use]
pub fn decide(snapshot: &PolicySnapshot, request: DecisionRequest<'_, '_>, facts: Facts<'_>) -> Decision {
    let naming = naming::restrict(request.call);
    let rules = match &snapshot.rules {
        Some(rules) => rules.authorize(request, facts),
        None => Authorization::NotApplicable,
    };
    let tunnel = tunnel::restrict(request.call, &rules, snapshot.default_outcome());
    let plan = plan::violation(snapshot, request.call, &rules, facts);
    let restricted = [naming, tunnel, plan::restricted(plan.as_ref())];
    let combined = combine([&rules], &restricted, snapshot.default_outcome());
    let (code, reason) = explain(snapshot, request, &rules, &restricted, combined);
    let (rule, risk) = match &rules {
        Authorization::Applicable { rule, risk, .. } => (Some(rule.clone()), *risk),
        Authorization::Indeterminate { rule, .. } => (Some(rule.clone()), RiskLevel::default()),
        Authorization::NotApplicable => (None, snapshot.default_risk()),
    };
    let mut findings = Vec::with_capacity(1);
    for (engine, restricted) in [Engine::Naming, Engine::Tunnel, Engine::Plan].into_iter().zip(restricted) {
        let by =
            if engine == Engine::Plan { plan.as_ref().map(|found| Arc::clone(&found.rule)) } else { None };
        findings.extend(restriction(engine, restricted, by));
    }
    let default = (!combined.authorized).then(|| snapshot.default_outcome());
    findings.extend(authorization(rules));
    findings.extend(default.map(|outcome| Finding {
        engine: Engine::Default,
        outcome: Some(outcome),
        rule: None,
        error: None,
    }));
    let score = RiskScore::from_ten_thousandths(u32::from(risk.score_hundredths()) * 100);
    let (obligations, charge) = (Obligations::default(), None);
    Decision { outcome: combined.outcome, code, reason, rule, risk, score, obligations, charge, findings }
}

/// Whether [`decide`] denies `request` whatever its parameters, and the resource made of them, will be. Such a tool is left
/// out of lists. What would be held for a person is not denied, and what cannot be told is shown.
///
/// INVARIANT: where this says yes, `decide` says Deny for every choice of the parameters under the same snapshot and facts.
#[must_use]
pub fn certainly_denied(
    snapshot: &PolicySnapshot,
    request: DecisionRequest<'_, '_>,
    facts: Facts<'_>,
) -> bool {
    if !matches!(naming::restrict(request.call), Restricted::NotApplicable) {
        return true;
    }
    let silent = Prospect::DeniedOrSilent;
    match snapshot.rules.as_ref().map_or(silent, |rules| rules.prospect(request, facts)) {
        Prospect::Denied => true,
        Prospect::Open => false,
        Prospect::DeniedOrSilent => snapshot.default_outcome() == Outcome::Deny,
    }
}

/// What a restrictor is reported with; nothing where it has nothing against the call. `rule`: the rule it names.
fn restriction(engine: Engine, restricted: Restricted, rule: Option<Arc<str>>) -> Option<Finding> {
    let outcome = restrictor_outcome(&restricted)?;
    let error = match restricted {
        Restricted::Indeterminate(error) => Some(error),
        _ => None,
    };
    Some(Finding { engine, outcome: Some(outcome), rule, error })
}

/// What the rules are reported with.
fn authorization(rules: Authorization) -> Option<Finding> {
    let outcome = authorizer_outcome(&rules)?;
    let (rule, error) = match rules {
        Authorization::Applicable { rule, .. } => (Some(rule), None),
        Authorization::Indeterminate { rule, error } => (Some(rule), Some(error)),
        Authorization::NotApplicable => (None, None),
    };
    Some(Finding { engine: Engine::Rules, outcome: Some(outcome), rule, error })
}

/// The code and the sentence of the finding that decided.
fn explain(
    snapshot: &PolicySnapshot,
    request: DecisionRequest<'_, '_>,
    rules: &Authorization,
    [naming, tunnel, plan]: &[Restricted; 3],
    combined: Combined,
) -> (ReasonCode, Reason) {
    if let Restricted::Applicable(_, reason) | Restricted::Indeterminate(reason) = naming {
        let shared = matches!(request.call.action, Action::Shared(_));
        let code = if shared { ReasonCode::SharedCapability } else { ReasonCode::UnnamedCapability };
        return (code, reason.clone());
    }
    if let Restricted::Applicable(_, reason) | Restricted::Indeterminate(reason) = tunnel {
        return (ReasonCode::TunnelNotNamed, reason.clone());
    }
    // Where the rules deny it anyway there is no violation to tell of.
    if let Restricted::Applicable(restriction, reason) = plan
        && Outcome::from(*restriction) == combined.outcome
    {
        let denied = combined.outcome == Outcome::Deny;
        let code = if denied { ReasonCode::PlanDenied } else { ReasonCode::ApprovalRequired };
        return (code, reason.clone());
    }
    let capability = request.call.action.capability().unwrap_or_default();
    let actor = &*request.principal.id;
    match rules {
        Authorization::Applicable { rule, .. } => match combined.outcome {
            Outcome::Allow => (ReasonCode::RuleAllowed, snapshot.allowed_reason.clone()),
            Outcome::Deny => (
                ReasonCode::RuleDenied,
                Reason::new(&format!("Blocked: rule \"{rule}\" does not let {actor} use {capability}.")),
            ),
            Outcome::RequireConfirmation | Outcome::Escalate => (
                ReasonCode::ApprovalRequired,
                Reason::new(&format!("Rule \"{rule}\" wants a person to approve {capability} by {actor}.")),
            ),
        },
        Authorization::Indeterminate { rule, error } => (
            ReasonCode::Indeterminate,
            Reason::new(&format!(
                "Blocked: rule \"{rule}\" could not be evaluated for {capability}: {error}."
            )),
        ),
        Authorization::NotApplicable => match combined.outcome {
            Outcome::Allow => (ReasonCode::DefaultAllowed, snapshot.allowed_reason.clone()),
            Outcome::Deny => (
                ReasonCode::DefaultDenied,
                Reason::new(&format!(
                    "Blocked: no rule lets {actor} use {capability}, and what no rule allows is denied."
                )),
            ),
            Outcome::RequireConfirmation | Outcome::Escalate => (
                ReasonCode::ApprovalRequired,
                Reason::new(&format!(
                    "No rule speaks of {capability} by {actor}, and the default wants a person to approve it."
                )),
            ),
        },
    }
}
