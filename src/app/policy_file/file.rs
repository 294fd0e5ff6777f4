//! [`PolicyFile`]: a rules file that can be asked.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::app::SystemSources;
use crate::config::Sources;
use crate::decision::{Explanation, HoldRules, PolicySnapshot, SnapshotParts, explain};
use crate::identity::KeyRing;
use crate::model::call::{Action, DecisionRequest, Parameters, Principal, PrincipalKind, ToolCall};
use crate::model::decision::{Facts, Outcome, SnapshotRef};
use crate::model::document::Document;
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
}

impl PolicyFile {
    /// Loads the rules file at `path`.
    ///
    /// # Errors
    /// Everything that is wrong with it, one problem a line.
    pub fn load(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let text = SystemSources.file(path).map_err(|error| anyhow!("{name}: {error}"))?;
        let document = Document::parse(&name, &text)?;
        let rules = rules::compile(&document)?;
        let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(&text));
        let snapshot = PolicySnapshot::new(SnapshotParts {
            reference: SnapshotRef::new(0, hash.into()),
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
        };
        let request = DecisionRequest { principal: &principal, call: &call };
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
