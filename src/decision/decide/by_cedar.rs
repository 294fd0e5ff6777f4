//! What the enforcing Cedar engine says of a call.

use std::sync::Arc;

use crate::decision::{Enforcing, PolicySnapshot};
use crate::model::call::DecisionRequest;
use crate::model::decision::{
    Authorization, CedarFound, CedarShadow, Facts, Outcome, Reason, ReasonCode, RiskLevel, Wanted,
};
use crate::policy::cedar::{CedarQuestion, PolicyError, Refusal, Unmapped, Verdict};

/// Most policies that a decision names, of each kind: a record has a length.
const NAMED_MOST: usize = 20;

/// Asks the enforcing engine; `None` where there is none. A call that cannot be put to Cedar is one that it denies.
pub(super) fn ask(
    snapshot: &PolicySnapshot,
    request: DecisionRequest<'_, '_>,
    facts: Facts<'_>,
) -> Option<Box<CedarFound>> {
    let enforcing = snapshot.cedar.enforcing()?;
    let question = CedarQuestion { request, path: request.context.path, now: facts.now };
    let found = match enforcing.settings.vocabulary.map(&question) {
        Ok(asked) => found(enforcing, enforcing.engine.authorize(&asked)),
        Err(unmapped) => denied(enforcing, &unmapped),
    };
    Some(Box::new(found))
}

/// Whether the enforcing engine denies the call whatever its parameters will be.
pub(super) fn surely_denies(
    snapshot: &PolicySnapshot,
    request: DecisionRequest<'_, '_>,
    facts: Facts<'_>,
) -> bool {
    let Some(enforcing) = snapshot.cedar.enforcing().filter(|enforcing| !enforcing.log_only) else {
        return false;
    };
    let question = CedarQuestion { request, path: request.context.path, now: facts.now };
    enforcing.settings.vocabulary.map(&question).map_or(true, |asked| !enforcing.engine.prospect(&asked))
}

/// Whether the enforcing engine could let the call pass, were its parameters known.
pub(super) fn may_permit(snapshot: &PolicySnapshot) -> bool {
    snapshot.cedar.enforcing().is_some_and(|enforcing| !enforcing.log_only)
}

fn found(enforcing: &Enforcing, verdict: Verdict) -> CedarFound {
    let Verdict { allowed, determining, errors, names_action, candidates, refusal, shadow } = verdict;
    let failures = errors.len() + shadow.as_ref().map_or(0, |shadow| shadow.errors.len());
    let more = determining.len().saturating_sub(NAMED_MOST) + errors.len().saturating_sub(NAMED_MOST);
    CedarFound {
        engine: Arc::clone(&enforcing.name),
        enforced: !enforcing.log_only,
        allowed,
        determining: first(determining),
        names_it: names_action,
        candidates,
        failures,
        more,
        errors: failed(errors),
        refusal: refusal.map(|refusal| (to_blame(&refusal), Reason::new(&refusal.to_string()))),
        shadow: shadow.map(|shadow| CedarShadow {
            allowed: shadow.allowed,
            determining: first(shadow.determining),
            errors: failed(shadow.errors),
            flips: shadow.flips,
        }),
    }
}

/// The first of them.
fn first<T>(mut list: Vec<T>) -> Vec<T> {
    list.truncate(NAMED_MOST);
    list
}

fn failed(errors: Vec<PolicyError>) -> Vec<(Arc<str>, Reason)> {
    first(errors).into_iter().map(|error| (error.id, Reason::new(&error.message))).collect()
}

fn denied(enforcing: &Enforcing, unmapped: &Unmapped) -> CedarFound {
    CedarFound {
        engine: Arc::clone(&enforcing.name),
        enforced: !enforcing.log_only,
        allowed: false,
        determining: Vec::new(),
        names_it: false,
        candidates: 0,
        failures: 0,
        more: 0,
        errors: Vec::new(),
        refusal: Some((None, Reason::new(&unmapped.to_string()))),
        shadow: None,
    }
}

fn to_blame(refusal: &Refusal) -> Option<Arc<str>> {
    match refusal {
        Refusal::Degraded { id } | Refusal::Failed { id } | Refusal::Dropped { id, .. } => {
            Some(Arc::clone(id))
        }
        Refusal::Unknown | Refusal::Unasked(_) => None,
    }
}

/// What the engine says as an authorizer; nothing where it is only watched.
pub(super) fn authorization(found: &CedarFound, risk: RiskLevel) -> Authorization {
    if !found.enforced {
        return Authorization::NotApplicable;
    }
    let by = found.determining.first().unwrap_or(&found.engine);
    match &found.refusal {
        Some((to_blame, error)) => Authorization::Indeterminate {
            rule: Arc::clone(to_blame.as_ref().unwrap_or(&found.engine)),
            error: error.clone(),
        },
        None => Authorization::Applicable {
            outcome: if found.allowed { Outcome::Allow } else { Outcome::Deny },
            rule: Arc::clone(by),
            risk,
            names_it: found.names_it,
        },
    }
}

/// What the engine would have done, where it is only watched, or policies are that would have turned its decision.
pub(super) fn wanted(found: &CedarFound) -> Option<Wanted> {
    let would = match (&found.shadow, found.enforced) {
        (Some(shadow), true) if shadow.flips => shadow.allowed,
        (Some(shadow), false) => shadow.allowed,
        (None, false) => found.allowed,
        (_, true) => return None,
    };
    let outcome = if would { Outcome::Allow } else { Outcome::Deny };
    let reason = match (would, found.enforced) {
        (true, true) => "Cedar policies that are only watched would allow it.".to_owned(),
        (false, true) => "Cedar policies that are only watched would deny it.".to_owned(),
        (true, false) => format!("The Cedar engine {} would allow it.", found.engine),
        (false, false) => format!("The Cedar engine {} would deny it.", found.engine),
    };
    Some(Wanted { outcome, reason: Reason::new(&reason) })
}

/// Code and sentence where the engine decided.
pub(super) fn explain(
    found: &CedarFound,
    (actor, capability): (&str, &str),
    allowed: &Reason,
) -> (ReasonCode, Reason) {
    let engine = &found.engine;
    if let Some((_, error)) = &found.refusal {
        let text = format!("Blocked: the Cedar engine {engine} could not decide on {capability}: {error}");
        return (ReasonCode::Indeterminate, Reason::new(&text));
    }
    match (found.allowed, found.determining.first()) {
        (true, _) => (ReasonCode::CedarAllowed, allowed.clone()),
        (false, Some(policy)) => {
            let text = format!("Blocked: Cedar policy \"{policy}\" forbids {actor} to use {capability}.");
            (ReasonCode::CedarDenied, Reason::new(&text))
        }
        (false, None) => {
            let text = format!(
                "Blocked: no policy of the Cedar engine {engine} permits {actor} to use {capability}."
            );
            (ReasonCode::CedarDenied, Reason::new(&text))
        }
    }
}
