//! [`PolicyFile`]: a rules file that can be asked.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::app::policy_file::written::rule_places;
use crate::app::sources::document;
use crate::decision::{Explanation, HoldRules, PolicySnapshot, SnapshotParts, explain};
use crate::identity::KeyRing;
use crate::model::call::{Action, DecisionRequest, Parameters, Principal, PrincipalKind, ToolCall};
use crate::model::decision::{Facts, Outcome, SnapshotRef};
use crate::model::document::{Document, Place, Problems};
use crate::model::json::Reader;
use crate::model::time::Timestamp;
use crate::policy::rules;

/// The id of a caller that nobody named. Only an agent glob that matches a `*` matches it, as in agent-aegis.
const NOBODY: &str = "*";

/// A rules file that can be served.
#[derive(Debug)]
pub struct PolicyFile {
    document: Document,
    snapshot: PolicySnapshot,
}

/// An action that a policy is asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Its type, as sent.
    pub action_type: String,
    /// What it is done to.
    pub target: String,
    /// Who does it; `None` = nobody named.
    pub agent: Option<String>,
    /// What it is done with: a JSON object.
    pub params: Value,
    /// What it is said to be for; "" = nothing.
    pub description: String,
    /// The session it belongs to; `None` = it has no history.
    pub session: Option<String>,
}

impl PolicyFile {
    /// Loads the rules file at `path`.
    ///
    /// # Errors
    /// Everything that is wrong with it, one problem a line.
    pub fn load(path: &Path) -> Result<Self> {
        Ok(Self::of(document(path)?)?)
    }

    /// The rules file that `document` is.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(super) fn of(document: Document) -> Result<Self, Problems> {
        let rules = rules::compile(&document)?;
        let snapshot = PolicySnapshot::new(SnapshotParts {
            // Nothing is recorded under it.
            reference: SnapshotRef::new(0, "".into()),
            keys: KeyRing::new(Vec::new()),
            reader: Reader::default(),
            hosts: Vec::new(),
            origins: Vec::new(),
            routes: Vec::new(),
            holds: HoldRules::default(),
            rules: Some(rules),
            default: Outcome::Deny,
        });
        Ok(Self { document, snapshot })
    }

    /// The file as written, which knows the place of each rule.
    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// How many rules it has.
    #[must_use]
    pub fn rule_count(&self) -> usize {
        self.snapshot.rule_count()
    }

    /// Where its rules stand, and their names, in order.
    #[must_use]
    pub fn rule_places(&self) -> Vec<(Place, String)> {
        rule_places(&self.document)
    }

    /// What it says of `question` at the time `now`, and why.
    ///
    /// # Errors
    /// The parameters are no JSON that a caller could send.
    pub fn decide(&self, question: &Question, now: Timestamp) -> Result<Explanation> {
        let text = question.params.to_string();
        let params = self.snapshot.reader.parse(text.as_bytes()).context("the parameters")?;
        let principal = Principal {
            tenant: "default".into(),
            id: Arc::from(question.agent.as_deref().unwrap_or(NOBODY)),
            kind: PrincipalKind::default(),
            key: None,
        };
        let call = ToolCall {
            action: Action::Verbatim(question.action_type.as_str().into()),
            resource: question.target.as_str().into(),
            resource_hidden: false,
            parameters: Parameters::Flat(params),
            description: question.description.as_str().into(),
        };
        let session = question.session.as_deref();
        let request = DecisionRequest { principal: &principal, call: &call, session };
        Ok(explain(&self.snapshot, request, Facts { now }))
    }
}

/// The word of a rules file for an outcome.
#[must_use]
pub const fn approval_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allow => "auto",
        Outcome::RequireConfirmation => "approve",
        Outcome::Escalate => "escalate",
        Outcome::Deny => "block",
    }
}
