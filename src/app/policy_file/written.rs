//! The rules as they are written, with what is left out filled in.

use serde_json::{Map, Value};

use crate::model::document::{Document, Node, Place};

/// A rule as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct WrittenRule {
    /// Where it stands: the pointer of the rule.
    pub(super) pointer: String,
    /// Its name, as decisions show it.
    pub(super) name: String,
    /// The globs over type, target and agent.
    pub(super) globs: [String; 3],
    /// auto, approve, escalate or block.
    pub(super) approval: String,
    /// The risk level, in lower case.
    pub(super) risk: String,
    /// Its conditions; empty where there are none.
    pub(super) conditions: Map<String, Value>,
}

/// What the globs of a rule are called.
pub(super) const GLOBS: [&str; 3] = ["type", "target", "agent"];

/// Where the rules of a document that has compiled stand, and their names, in order.
pub(in crate::app) fn rule_places(document: &Document) -> Vec<(Place, String)> {
    written_rules(document).into_iter().map(|rule| (document.place(&rule.pointer), rule.name)).collect()
}

/// The rules of a document that has compiled.
pub(super) fn written_rules(document: &Document) -> Vec<WrittenRule> {
    let rules = document.node("/rules").map(Node::elements).unwrap_or_default();
    rules.iter().enumerate().map(|(index, rule)| written_rule(index, rule)).collect()
}

fn written_rule(index: usize, rule: &Node) -> WrittenRule {
    let text = |key: &str| rule.field(key).and_then(Node::text);
    let globs = GLOBS.map(|key| {
        let glob = rule.field("match").and_then(|matches| matches.field(key)).and_then(Node::text);
        glob.unwrap_or("*").to_owned()
    });
    let name = match (rule.field("name"), text("name")) {
        (None, _) => format!("rule_{index}"),
        (_, Some(name)) if !name.is_empty() => name.to_owned(),
        _ => format!("{}@{}", globs[0], globs[1]),
    };
    let conditions = match rule.field("conditions").map(Node::to_json) {
        Some(Value::Object(conditions)) => conditions,
        _ => Map::new(),
    };
    WrittenRule {
        pointer: format!("/rules/{index}"),
        name,
        globs,
        approval: text("approval").unwrap_or("approve").to_owned(),
        risk: text("risk_level").unwrap_or("medium").to_ascii_lowercase(),
        conditions,
    }
}
