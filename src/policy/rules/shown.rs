//! Rules as they are shown to people and programs.

use std::sync::Arc;

use serde_json::Value;

use crate::model::decision::{Outcome, RiskLevel};

/// A rule as written, with its defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownRule {
    /// Its name in decisions: the written one, `rule_<index>`, or `<type>@<target>` for one that is empty or null.
    pub name: Arc<str>,
    /// Its name as written, or `rule_<index>`; `None` where null is written.
    pub written_name: Option<Arc<str>>,
    /// Glob over the action type.
    pub action_type: String,
    /// Glob over the target.
    pub target: String,
    /// Glob over the caller's id.
    pub agent: String,
    /// Its risk level.
    pub risk: RiskLevel,
    /// What it does with a call.
    pub outcome: Outcome,
    /// Its conditions as written; an empty object where there are none, null where null is written.
    pub conditions: Value,
}
