//! What the tests share: policies, questions and answers in a line each.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::{AuthorizationError, Authorizer, Decision, Entities, PolicyId, PolicySet, Request};

use crate::model::json::{Json, Reader};
use crate::policy::cedar::{
    Asked, Engine, EngineOptions, Mode, StoredPolicy, Verdict, WrittenRequest, written,
};

pub(super) fn json(text: &str) -> Json<'_> {
    Reader::default().parse(text.as_bytes()).unwrap()
}

pub(super) fn stored(id: &str, text: &str) -> StoredPolicy {
    StoredPolicy { id: id.into(), text: text.into(), mode: Mode::Active }
}

/// An engine of active policies, called `p0`, `p1` and so on.
pub(super) fn engine(options: EngineOptions, texts: &[&str]) -> Engine {
    let policies = texts.iter().enumerate().map(|(number, text)| stored(&format!("p{number}"), text));
    let engine = Engine::compile(options, policies);
    assert!(engine.broken().is_empty(), "{:?}", engine.broken());
    engine
}

/// What `Agent::"a"` asks, doing `Action::"x"` to `Gateway::"g"`.
pub(super) fn asked(context: &str) -> Asked {
    let context = json(context);
    written(&WrittenRequest {
        principal: "Agent::\"a\"",
        action: "Action::\"x\"",
        resource: "Gateway::\"g\"",
        context: &context,
        now: None,
        entities: &[],
    })
    .unwrap()
}

pub(super) fn strings(ids: &[Arc<str>]) -> Vec<&str> {
    ids.iter().map(|id| &**id).collect()
}

/// The decision and the policies that made it.
pub(super) fn shown(verdict: &Verdict) -> (bool, Vec<&str>) {
    (verdict.allowed, strings(&verdict.determining))
}

/// Decision, reasons and errors of Cedar's authorizer: which policies failed, and not with which words: ours have no values.
pub(super) type Answer = (bool, Vec<String>, BTreeSet<String>);

/// As it is: shown, an id has escapes.
fn named(id: &PolicyId) -> String {
    AsRef::<str>::as_ref(id).to_owned()
}

pub(super) fn theirs(request: &Request, set: &PolicySet, entities: &Entities) -> Answer {
    let response = Authorizer::new().is_authorized(request, set, entities);
    let mut reasons: Vec<String> = response.diagnostics().reason().map(named).collect();
    reasons.sort();
    let errors = response.diagnostics().errors().map(|error| {
        let AuthorizationError::PolicyEvaluationError(error) = error;
        named(error.policy_id())
    });
    (response.decision() == Decision::Allow, reasons, errors.collect())
}

pub(super) fn ours(verdict: &Verdict) -> Answer {
    let errors = verdict.errors.iter().map(|error| error.id.to_string());
    (verdict.allowed, verdict.determining.iter().map(ToString::to_string).collect(), errors.collect())
}
