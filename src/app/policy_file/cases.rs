//! A file of cases: actions, and what a policy is expected to say of each.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::app::policy_file::Question;
use crate::app::sources::document;
use crate::model::decision::{Outcome, RiskLevel};
use crate::model::document::{Document, Place, Problem, Problems, shape};
use crate::model::time::Timestamp;

/// What an action is done to where nobody says it.
const ANYTHING: &str = "*";

/// The cases of a file, in order.
#[derive(Clone, Debug)]
pub struct Cases {
    /// The cases; their names differ.
    pub list: Vec<Case>,
}

/// An action and what is expected of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name, unlike that of any other case of the file.
    pub name: String,
    /// Where it is written.
    pub place: Place,
    /// The action.
    pub question: Question,
    /// When it is done; `None` = now.
    pub at: Option<Timestamp>,
    /// What is expected.
    pub expected: Expected,
}

/// What a policy is expected to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What to do.
    pub outcome: Outcome,
    /// The rule that decides, `<default>` for none; `None` = any.
    pub rule: Option<String>,
    /// The risk level; `None` = any.
    pub risk: Option<RiskLevel>,
    /// The rule over sessions that has something against it; `None` = any or none.
    pub plan_rule: Option<String>,
}

/// A file of cases as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawCases {
    /// Format version: 1.
    #[serde(default)]
    version: Option<i64>,
    /// When actions are done whose case does not say it, such as 2026-07-15T12:00:00Z. Default now.
    #[serde(default)]
    at: Option<String>,
    /// The cases.
    cases: Vec<RawCase>,
}

/// One case.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawCase {
    /// Its name.
    #[schemars(length(min = 1))]
    name: String,
    /// The action.
    action: RawAction,
    /// When it is done.
    #[serde(default)]
    at: Option<String>,
    /// What is expected.
    expect: RawExpected,
}

/// An action.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawAction {
    /// Its type.
    #[serde(rename = "type")]
    #[schemars(length(min = 1))]
    action_type: String,
    /// What it is done to. Default `*`.
    #[serde(default)]
    target: Option<String>,
    /// Who does it. Default nobody named.
    #[serde(default)]
    agent: Option<String>,
    /// What it is done with.
    #[serde(default)]
    params: Option<Map<String, Value>>,
    /// What it is said to be for.
    #[serde(default)]
    description: Option<String>,
    /// The session it belongs to: what cases before it did in the same one counts.
    #[serde(default)]
    session: Option<String>,
}

/// What is expected of a case: approval or outcome, and no more than is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawExpected {
    /// auto, approve, escalate or block.
    #[serde(default)]
    approval: Option<String>,
    /// ALLOW, REQUIRE_CONFIRMATION, ESCALATE or DENY: the same in other words.
    #[serde(default)]
    outcome: Option<String>,
    /// The rule that decides, `<default>` for none.
    #[serde(default)]
    rule: Option<String>,
    /// low, medium, high or critical.
    #[serde(default)]
    risk: Option<String>,
    /// The rule of `plan_rules` that has something against it.
    #[serde(default)]
    plan_rule: Option<String>,
}

impl Cases {
    /// Loads the cases at `path`.
    ///
    /// # Errors
    /// Everything that is wrong with them, one problem a line.
    pub fn load(path: &Path) -> Result<Self> {
        Ok(Self::of(&document(path)?)?)
    }

    /// The cases of a document.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(in crate::app) fn of(document: &Document) -> Result<Self, Problems> {
        let schema = schemars::schema_for!(RawCases).to_value();
        let misfits = shape::check(document, &schema);
        if let Some(problems) =
            Problems::from_list(misfits.into_iter().map(|misfit| misfit.problem).collect())
        {
            return Err(problems);
        }
        let raw: RawCases = serde_json::from_value(document.to_json())
            .map_err(|error| document.problem("", error.to_string()))?;
        let mut reader = CaseReader { document, problems: Vec::new() };
        let list = reader.cases(raw);
        Problems::unless_empty(Self { list }, reader.problems)
    }
}

/// Judges what a schema cannot say.
struct CaseReader<'d> {
    document: &'d Document,
    problems: Vec<Problem>,
}

impl CaseReader<'_> {
    fn refuse(&mut self, pointer: &str, message: impl Into<String>) {
        self.problems.push(self.document.problem(pointer, message));
    }

    fn cases(&mut self, raw: RawCases) -> Vec<Case> {
        if raw.version.is_some_and(|version| version != 1) {
            self.refuse("/version", "this version reads version 1");
        }
        let common = self.time("/at", raw.at.as_deref());
        let mut lines: HashMap<String, u32> = HashMap::new();
        let mut cases = Vec::with_capacity(raw.cases.len());
        for (index, raw) in raw.cases.into_iter().enumerate() {
            let at = format!("/cases/{index}");
            let place = self.document.place(&at);
            if let Some(line) = lines.insert(raw.name.clone(), place.line) {
                self.refuse(&format!("{at}/name"), format!("the case in line {line} has this name already"));
            }
            let time = self.time(&format!("{at}/at"), raw.at.as_deref()).or(common);
            let expected = self.expected(&format!("{at}/expect"), raw.expect);
            let action = raw.action;
            let question = Question {
                action_type: action.action_type,
                target: action.target.unwrap_or_else(|| ANYTHING.to_owned()),
                agent: action.agent,
                params: Value::Object(action.params.unwrap_or_default()),
                description: action.description.unwrap_or_default(),
                session: action.session,
            };
            cases.extend(expected.map(|expected| Case {
                name: raw.name,
                place,
                question,
                at: time,
                expected,
            }));
        }
        cases
    }

    fn time(&mut self, pointer: &str, text: Option<&str>) -> Option<Timestamp> {
        let time = Timestamp::parse_rfc3339(text?);
        if time.is_none() {
            self.refuse(pointer, "expected a time such as 2026-07-15T12:00:00Z");
        }
        time
    }

    fn expected(&mut self, at: &str, raw: RawExpected) -> Option<Expected> {
        let outcome = match (raw.approval.as_deref(), raw.outcome.as_deref()) {
            (Some(word), None) => {
                let known = Outcome::ALL.into_iter().find(|outcome| outcome.approval_word() == word);
                self.known(&format!("{at}/approval"), known, "expected auto, approve, escalate or block")
            }
            (None, Some(word)) => {
                let known = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word);
                let message = "expected ALLOW, REQUIRE_CONFIRMATION, ESCALATE or DENY";
                self.known(&format!("{at}/outcome"), known, message)
            }
            (None, None) => self.known(at, None, "says neither approval nor outcome"),
            (Some(_), Some(_)) => self.known(at, None, "says approval and outcome: one of them is enough"),
        };
        let risk = raw.risk.as_deref().and_then(|word| {
            self.known(
                &format!("{at}/risk"),
                RiskLevel::parse(word),
                "expected low, medium, high or critical",
            )
        });
        Some(Expected { outcome: outcome?, rule: raw.rule, risk, plan_rule: raw.plan_rule })
    }

    fn known<T>(&mut self, pointer: &str, found: Option<T>, otherwise: &str) -> Option<T> {
        if found.is_none() {
            self.refuse(pointer, otherwise);
        }
        found
    }
}
