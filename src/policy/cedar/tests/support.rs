//! What the tests share: policies, questions and answers in a line each.

use std::sync::Arc;

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
