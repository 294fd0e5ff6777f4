//! What the authorizers say of a call: the rules file, the governance policies, and the enforcing Cedar engine.

use std::sync::Arc;

use crate::decision::PolicySnapshot;
use crate::decision::decide::by_cedar;
use crate::decision::decide::combine::authorizer_outcome;
use crate::decision::restrictors::Said;
use crate::model::call::DecisionRequest;
use crate::model::decision::{
    Authorization, CedarFound, Engine, Facts, Finding, Obligations, Outcome, Reason, ReasonCode, RiskLevel,
    RiskScore,
};
use crate::policy::governance::{PolicyQuestion, Untold};

/// What the authorizers say of a call.
#[derive(Debug)]
pub(in crate::decision) struct Authorized {
    /// The rules file.
    pub(in crate::decision) rules: Authorization,
    /// The policies: those of their rules that truly matched.
    pub(in crate::decision) policies: Authorization,
    /// What the enforcing Cedar engine found.
    pub(in crate::decision) found: Option<Box<CedarFound>>,
    /// The same as an authorizer says it.
    pub(in crate::decision) cedar: Authorization,
    /// The policy that decided among the policies, and its version.
    source: Option<Arc<str>>,
    /// What holds where neither speaks.
    pub(in crate::decision) default: Outcome,
    /// The strictest rule of a policy that could not be told and would restrict the call.
    pub(in crate::decision) untold: Option<Untold>,
    /// Whether a policy's rule lets the critical capability through without a person.
    pub(in crate::decision) accepts_critical: bool,
    /// What the policies want done for the call.
    pub(in crate::decision) obligations: Obligations,
}

impl Authorized {
    /// Asks the rules and the policies.
    pub(in crate::decision) fn ask(
        snapshot: &PolicySnapshot,
        request: DecisionRequest<'_, '_>,
        level: Option<RiskLevel>,
        score: Option<RiskScore>,
        facts: Facts<'_>,
    ) -> Self {
        let rules = match &snapshot.rules {
            Some(rules) => rules.authorize(request, facts),
            None => Authorization::NotApplicable,
        };
        let default = snapshot.default_outcome();
        let found = by_cedar::ask(snapshot, request, facts);
        let cedar = found.as_ref().map_or(Authorization::NotApplicable, |found| {
            by_cedar::authorization(found, level.unwrap_or_default())
        });
        let mut authorized = Self {
            rules,
            found,
            cedar,
            policies: Authorization::NotApplicable,
            source: None,
            default,
            untold: None,
            accepts_critical: false,
            obligations: Obligations::default(),
        };
        if let Some(question) = question(snapshot, request, level, score, facts) {
            let answer = snapshot.governance.ask(&question);
            if let Some(matched) = answer.matched {
                authorized.policies = Authorization::Applicable {
                    outcome: matched.outcome,
                    rule: matched.rule,
                    risk: level.unwrap_or_default(),
                    names_it: matched.names_it,
                };
                authorized.source = Some(matched.source);
            }
            authorized.untold = answer.untold;
            authorized.accepts_critical = answer.accepts_critical;
            authorized.obligations = answer.obligations;
        }
        authorized
    }

    /// What they come to; where neither speaks, the default.
    pub(in crate::decision) fn outcome(&self) -> Outcome {
        let spoken =
            [&self.rules, &self.policies, &self.cedar].into_iter().filter_map(authorizer_outcome).max();
        spoken.unwrap_or(self.default)
    }

    /// Whether one that matched names the call's capability in full.
    pub(in crate::decision) const fn names_it(&self) -> bool {
        matches!(self.rules, Authorization::Applicable { names_it: true, .. })
            || matches!(self.policies, Authorization::Applicable { names_it: true, .. })
            || matches!(self.cedar, Authorization::Applicable { names_it: true, .. })
    }

    /// The risk level shown: of the rule that matched; else of the registered capability, `level`; else of the default. A rule
    /// that could not be told says nothing of it.
    pub(in crate::decision) fn risk(&self, snapshot: &PolicySnapshot, level: Option<RiskLevel>) -> RiskLevel {
        match &self.rules {
            Authorization::Applicable { risk, .. } => *risk,
            Authorization::Indeterminate { .. } => level.unwrap_or_default(),
            Authorization::NotApplicable => level.unwrap_or_else(|| snapshot.default_risk()),
        }
    }

    /// The rule of the rules file that spoke, else the policy's.
    pub(in crate::decision) fn rule(&self) -> Option<&Arc<str>> {
        rule(&self.rules).or_else(|| rule(&self.policies)).or_else(|| rule(&self.cedar))
    }

    /// A policy's rule that could not be told and would restrict the call.
    pub(in crate::decision) fn unclear(&self) -> Said {
        let Some(Untold { restriction, rule, source, error }) = &self.untold else {
            return Said::nothing(Engine::Policies);
        };
        let reason = format!("Policy rule \"{rule}\" could not be evaluated: {error}.");
        let said = match Outcome::from(*restriction) {
            Outcome::Deny => Said::unclear(Engine::Policies, Reason::new(&reason)),
            _ => Said::asks(Engine::Policies, *restriction, &reason),
        };
        said.by(rule).of(source)
    }

    /// Code and sentence of the authorizer that decided.
    pub(in crate::decision) fn explain(
        &self,
        snapshot: &PolicySnapshot,
        request: DecisionRequest<'_, '_>,
    ) -> (ReasonCode, Reason) {
        let outcome = self.outcome();
        let capability = request.call.action.capability().unwrap_or_default();
        let actor = &*request.principal.id;
        let by_cedar = ![&self.rules, &self.policies]
            .into_iter()
            .any(|other| authorizer_outcome(other) == Some(outcome));
        if let Some(found) = self.found.as_ref().filter(|found| by_cedar && found.enforced) {
            return by_cedar::explain(found, (actor, capability), &snapshot.allowed_reason);
        }
        let (deciding, what, allowed, denied) = if authorizer_outcome(&self.rules) == Some(outcome) {
            (&self.rules, "rule", ReasonCode::RuleAllowed, ReasonCode::RuleDenied)
        } else {
            (&self.policies, "policy", ReasonCode::PolicyAllowed, ReasonCode::PolicyDenied)
        };
        let (code, text) = match (deciding, outcome) {
            (Authorization::Applicable { .. }, Outcome::Allow) => {
                return (allowed, snapshot.allowed_reason.clone());
            }
            (Authorization::Applicable { rule, .. }, Outcome::Deny) => {
                (denied, format!("Blocked: {what} \"{rule}\" does not let {actor} use {capability}."))
            }
            (Authorization::Applicable { rule, .. }, _) => {
                let what = if what == "rule" { "Rule" } else { "Policy" };
                let text = format!("{what} \"{rule}\" wants a person to approve {capability} by {actor}.");
                (ReasonCode::ApprovalRequired, text)
            }
            (Authorization::Indeterminate { rule, error }, _) => (
                ReasonCode::Indeterminate,
                format!("Blocked: {what} \"{rule}\" could not be evaluated for {capability}: {error}."),
            ),
            (Authorization::NotApplicable, Outcome::Allow) => {
                return (ReasonCode::DefaultAllowed, snapshot.allowed_reason.clone());
            }
            (Authorization::NotApplicable, Outcome::Deny) => (
                ReasonCode::DefaultDenied,
                format!("Blocked: no rule lets {actor} use {capability}, and what no rule allows is denied."),
            ),
            (Authorization::NotApplicable, _) => (
                ReasonCode::ApprovalRequired,
                format!(
                    "No rule speaks of {capability} by {actor}, and the default wants a person to approve it."
                ),
            ),
        };
        (code, Reason::new(&text))
    }

    /// What they are reported with; and what Cedar found.
    pub(in crate::decision) fn findings(self, findings: &mut Vec<Finding>) -> Option<Box<CedarFound>> {
        let before = findings.len();
        findings.extend(finding(Engine::Rules, self.rules, None));
        findings.extend(finding(Engine::Policies, self.policies, self.source));
        let engine = self.found.as_ref().map(|found| Arc::clone(&found.engine));
        findings.extend(finding(Engine::Cedar, self.cedar, engine));
        if findings.len() == before {
            findings.push(Finding::of(Engine::Default, self.default));
        }
        let wanted = self.found.as_deref().and_then(by_cedar::wanted);
        findings.extend(wanted.map(|wanted| Finding::watched(Engine::Cedar, wanted)));
        self.found
    }
}

/// What the policies are asked; `None` where there are none, or the call has no name they could speak of.
pub(in crate::decision) fn question<'q>(
    snapshot: &PolicySnapshot,
    request: DecisionRequest<'q, 'q>,
    level: Option<RiskLevel>,
    score: Option<RiskScore>,
    facts: Facts<'_>,
) -> Option<PolicyQuestion<'q>> {
    if snapshot.governance.policy_count() == 0 {
        return None;
    }
    let capability = request.call.action.capability()?;
    let score = score.unwrap_or_else(|| RiskScore::of_level(level.unwrap_or_default()));
    let (now, combine) = (facts.now, snapshot.governing.combine);
    Some(PolicyQuestion { request, capability, risk_level: level, score, now, combine })
}

const fn rule(answer: &Authorization) -> Option<&Arc<str>> {
    match answer {
        Authorization::Applicable { rule, .. } | Authorization::Indeterminate { rule, .. } => Some(rule),
        Authorization::NotApplicable => None,
    }
}

fn finding(engine: Engine, answer: Authorization, source: Option<Arc<str>>) -> Option<Finding> {
    let found = Finding::of(engine, authorizer_outcome(&answer)?);
    let (rule, error) = match answer {
        Authorization::Applicable { rule, .. } => (Some(rule), None),
        Authorization::Indeterminate { rule, error } => (Some(rule), Some(error)),
        Authorization::NotApplicable => (None, None),
    };
    Some(Finding { rule, source, error, ..found })
}
