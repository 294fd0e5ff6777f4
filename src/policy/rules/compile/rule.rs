//! One rule: its name, its globs, what it does.

use std::sync::Arc;

use serde_json::Value;

use crate::model::decision::{Outcome, RiskLevel};
use crate::model::document::Node;
use crate::policy::rules::ShownRule;
use crate::policy::rules::compile::compiler::{Compiler, outcome};
use crate::policy::rules::glob::Glob;
use crate::policy::rules::raw::RawRule;
use crate::policy::rules::rule_set::Rule;

/// Longest glob, in bytes.
const GLOB_MAX_BYTES: usize = 1000;

impl Compiler<'_> {
    /// The rule, unless a glob of it cannot be compiled, and how it is shown.
    pub(super) fn rule(&mut self, index: usize, raw: RawRule) -> (Option<Rule>, ShownRule) {
        let at = format!("/rules/{index}");
        let [type_text, target_text, agent_text] =
            [raw.matches.action_type, raw.matches.target, raw.matches.agent]
                .map(|glob| glob.unwrap_or_else(|| "*".to_owned()));
        let numbered: Arc<str> = format!("rule_{index}").into();
        let written_name: Option<Arc<str>> = match raw.name {
            None => Some(numbered),
            Some(name) => name.map(Arc::from),
        };
        let name = match &written_name {
            Some(name) if !name.is_empty() => Arc::clone(name),
            _ => format!("{type_text}@{target_text}").into(),
        };
        let action_type = self.glob(&format!("{at}/match/type"), &type_text);
        let target = self.glob(&format!("{at}/match/target"), &target_text);
        let agent = self.glob(&format!("{at}/match/agent"), &agent_text);
        let risk = self.risk(&format!("{at}/risk_level"), raw.risk_level.as_deref(), RiskLevel::Medium);
        let at_conditions = format!("{at}/conditions");
        let as_written = self.written.node(&at_conditions).map(Node::to_json);
        let mut conditions = raw
            .conditions
            .map(|conditions| self.conditions(index, &at_conditions, conditions))
            .unwrap_or_default();
        conditions.extend(self.instead.remove(&index).unwrap_or_default());
        let outcome = raw.approval.map_or(Outcome::RequireConfirmation, outcome);
        let shown = ShownRule {
            name: Arc::clone(&name),
            written_name,
            action_type: type_text,
            target: target_text,
            agent: agent_text,
            risk,
            outcome,
            conditions: as_written.unwrap_or_else(|| Value::Object(serde_json::Map::new())),
        };
        let (Some(action_type), Some(target), Some(agent)) = (action_type, target, agent) else {
            return (None, shown);
        };
        (Some(Rule { name, action_type, target, agent, conditions, outcome, risk }), shown)
    }

    pub(super) fn glob(&mut self, pointer: &str, glob: &str) -> Option<Glob> {
        // A glob is run over texts that callers choose: its length times theirs is what a match may cost.
        if glob.len() > GLOB_MAX_BYTES {
            self.refuse(
                pointer,
                format!("a glob has at most {GLOB_MAX_BYTES} bytes, this one has {}", glob.len()),
            );
            return None;
        }
        match Glob::compile(glob) {
            Ok(glob) => Some(glob),
            Err(error) => {
                self.refuse(pointer, format!("the glob cannot be compiled: {error}"));
                None
            }
        }
    }
}
