//! [`PolicyFile`]: a rules file that can be asked.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::app::sources::document;
use crate::config::Holds;
use crate::decision::{Explanation, Governing, PolicySnapshot, SnapshotParts, explain};
use crate::facts::Deciding;
use crate::identity::KeyRing;
use crate::model::call::{Action, DecisionRequest, Parameters, Principal, PrincipalKind, ToolCall};
use crate::model::decision::{Decision, Outcome, SnapshotRef};
use crate::model::document::{Document, Place, Problem, Problems};
use crate::model::json::Reader;
use crate::model::time::Timestamp;
use crate::policy::rules::{self, RuleSet, ShownRule};

/// The id of a caller that nobody named. Only an agent glob that matches a `*` matches it, as in agent-aegis.
const NOBODY: &str = "*";

/// How a rules file is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loading {
    /// Every mistake is an error.
    Strict,
    /// Whatever agent-aegis loads is loaded, with the meaning it has there.
    Lenient,
}

/// A rules file that can be asked.
#[derive(Debug)]
pub struct PolicyFile {
    document: Document,
    snapshot: PolicySnapshot,
    tolerated: Vec<Problem>,
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
    pub fn load(path: &Path, loading: Loading) -> Result<Self> {
        Ok(Self::of(document(path)?, loading)?)
    }

    /// The rules file that `document` is.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(in crate::app) fn of(document: Document, loading: Loading) -> Result<Self, Problems> {
        let (rules, tolerated) = match loading {
            Loading::Strict => (rules::compile(&document)?, Vec::new()),
            Loading::Lenient => rules::compile_lenient(&document)?,
        };
        let snapshot = PolicySnapshot::new(SnapshotParts {
            // Nothing is recorded under it.
            reference: SnapshotRef::new(0, "".into()),
            keys: KeyRing::new(Vec::new()),
            reader: Reader::default(),
            hosts: Vec::new(),
            origins: Vec::new(),
            routes: Vec::new(),
            holds: Holds::default(),
            public_url: None,
            governing: Governing::default(),
            cedar: None,
            rules: Some(rules),
            default: Outcome::Deny,
        });
        Ok(Self { document, snapshot, tolerated })
    }

    /// The file as written, which knows the place of each rule.
    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// What loading it strictly would have refused.
    #[must_use]
    pub fn tolerated(&self) -> &[Problem] {
        &self.tolerated
    }

    /// Its rules, in order.
    #[must_use]
    pub fn rules(&self) -> &[ShownRule] {
        self.snapshot.rules().map(RuleSet::rules).unwrap_or_default()
    }

    /// Where its rules stand, in the same order.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        rule_places(&self.document)
    }

    /// What it says of `question` at the time `now`, and why. What is not blocked counts as done in the question's session.
    ///
    /// # Errors
    /// The parameters are no JSON that a caller could send.
    pub fn decide(&self, question: &Question, now: Timestamp, sessions: &Deciding) -> Result<Explanation> {
        let text = question.params.to_string();
        let params = self.snapshot.reader.parse(text.as_bytes()).context("the parameters")?;
        let id = question.agent.as_deref().unwrap_or(NOBODY);
        let principal = Principal::new("default", id, PrincipalKind::default());
        let call = ToolCall {
            action: Action::Verbatim(question.action_type.as_str().into()),
            resource: question.target.as_str().into(),
            resource_hidden: false,
            parameters: Parameters::Flat(params),
            description: question.description.as_str().into(),
        };
        let session = question.session.as_deref();
        let request = DecisionRequest { session, ..DecisionRequest::new(&principal, &call) };
        let done = |decision: &Decision| decision.outcome != Outcome::Deny;
        let decision = sessions.decide(&self.snapshot, request, now, done).decision;
        Ok(explain(&self.snapshot, request, now, decision))
    }
}

/// Where the rules of a document stand, in order.
pub(in crate::app) fn rule_places(document: &Document) -> Vec<Place> {
    let count = document.node("/rules").map_or(0, |rules| rules.elements().len());
    (0..count).map(|index| document.place(&format!("/rules/{index}"))).collect()
}
