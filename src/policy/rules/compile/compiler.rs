//! The two ways to load a file: strictly, or as agent-aegis would.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::decision::{Outcome, RiskLevel};
use crate::model::document::{
    Document, Node, NodeValue, PROBLEMS_FOUND_MOST, Problem, Problems, child_pointer, shape,
};
use crate::policy::rules::compile::lenient;
use crate::policy::rules::condition::Condition;
use crate::policy::rules::index::Index;
use crate::policy::rules::raw::{RawApproval, RawDefaults, RawRules, RawVersion};
use crate::policy::rules::rule_set::Rule;
use crate::policy::rules::{Defaults, RuleSet};

/// Most keys of a mapping: what is wrong with one of them is looked up among all.
const KEYS_MAX: usize = 1000;

/// Most mistakes that are put up with in a file that is loaded leniently.
const TOLERATED_MOST: usize = 10_000;

/// The JSON Schema (draft 2020-12) of a rules file.
#[must_use]
pub fn schema() -> Value {
    schemars::schema_for!(RawRules).to_value()
}

/// Compiles a rules file. One without any content has no rules.
///
/// # Errors
/// Every problem of the file, with its place.
pub fn compile(document: &Document) -> Result<RuleSet, Problems> {
    Compiler::new(document, false).run().map(|(rules, _)| rules)
}

/// Compiles whatever agent-aegis 1.0.0 loads, with the meaning it has there: unknown keys are ignored, a rule with an unknown
/// condition never matches, and one that agent-aegis could not evaluate denies the calls it is asked about. Returned with the
/// rules is what [`compile`] would have refused.
///
/// # Errors
/// What agent-aegis refuses too, and lists in place of globs.
pub fn compile_lenient(document: &Document) -> Result<(RuleSet, Vec<Problem>), Problems> {
    Compiler::new(document, true).run()
}

/// What agent-aegis makes of a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It does not load the file.
    Refused,
    /// It does as if the mistake were not there.
    Ignored,
    /// The rule never matches.
    Never,
    /// Every request that comes to the rule fails.
    Unclear,
}

pub(super) struct Compiler<'d> {
    /// The file as written.
    pub(super) written: &'d Document,
    /// What is left of the file once what does not fit is taken out.
    pub(super) document: Document,
    pub(super) lenient: bool,
    pub(super) problems: Vec<Problem>,
    warnings: Vec<Problem>,
    /// By the rule's number: the conditions that stand for its mistakes.
    pub(super) instead: BTreeMap<usize, Vec<Condition>>,
}

impl<'d> Compiler<'d> {
    fn new(document: &'d Document, lenient: bool) -> Self {
        Self {
            written: document,
            document: document.clone(),
            lenient,
            problems: Vec::new(),
            warnings: Vec::new(),
            instead: BTreeMap::new(),
        }
    }

    fn run(mut self) -> Result<(RuleSet, Vec<Problem>), Problems> {
        if let Some(pointer) = oversized(self.document.root()) {
            let keys = self.document.node(&pointer).map_or(0, |node| node.entries().len());
            let message = format!("must have at most {KEYS_MAX} keys, has {keys}");
            return Err(self.document.problem(&pointer, message).into());
        }
        let empty = self.document.root().value == NodeValue::Null;
        if !empty {
            self.take_misfits();
        }
        if self.is_full() {
            return Err(self.too_many());
        }
        // Deserialized without what does not fit, so that the rest of the file is looked at too.
        let json = if empty { Value::Object(serde_json::Map::new()) } else { self.document.to_json() };
        match serde_json::from_value::<RawRules>(json) {
            Ok(raw) => {
                let rules = self.rules(raw);
                if self.is_full() {
                    return Err(self.too_many());
                }
                let rules = Problems::unless_empty(rules, self.problems)?;
                let warnings = Problems::from_list(self.warnings).map(Problems::into_list);
                Ok((rules, warnings.unwrap_or_default()))
            }
            Err(error) => {
                // The shape check has said all of it with places; this is for what only the types can tell.
                let unsaid = self.problems.is_empty().then(|| self.document.problem("", error.to_string()));
                self.problems.extend(unsaid);
                Err(Problems::from_list(self.problems)
                    .unwrap_or_else(|| self.document.problem("", "unreadable").into()))
            }
        }
    }

    /// Whether so much is wrong that nothing further is looked at. Lenient loading puts up with more.
    pub(super) fn is_full(&self) -> bool {
        self.problems.len() > PROBLEMS_FOUND_MOST || self.warnings.len() > TOLERATED_MOST
    }

    /// All that was found until then.
    fn too_many(self) -> Problems {
        let (document, mut found) = (self.document, self.problems);
        found.extend(self.warnings);
        Problems::from_list(found).unwrap_or_else(|| document.problem("", "unreadable").into())
    }

    fn take_misfits(&mut self) {
        if self.lenient {
            self.drop_foreign_weekdays();
        }
        let most = if self.lenient { TOLERATED_MOST } else { PROBLEMS_FOUND_MOST };
        for misfit in shape::check_up_to(most, &self.document, &schema()) {
            if self.is_full() {
                return;
            }
            let (meaning, rule) = lenient::meaning(&self.document, &misfit);
            let problem = lenient::hinted(misfit.problem, &misfit.pointer);
            self.mistake(problem, meaning, rule);
            self.document.remove_entry(&misfit.pointer);
        }
        self.check_nulls();
    }

    /// Notes a mistake: refused, or taken for what agent-aegis makes of it.
    pub(super) fn mistake(&mut self, problem: Problem, meaning: Meaning, rule: Option<usize>) {
        if !self.lenient || meaning == Meaning::Refused {
            self.problems.push(problem);
            return;
        }
        let condition = match meaning {
            Meaning::Never => Some(Condition::Never),
            Meaning::Unclear => {
                Some(Condition::Unclear(format!("{}: {}", problem.path, problem.message).into()))
            }
            Meaning::Refused | Meaning::Ignored => None,
        };
        if let (Some(rule), Some(condition)) = (rule, condition) {
            self.instead.entry(rule).or_default().push(condition);
        }
        self.warnings.push(problem);
    }

    /// A value that cannot be used.
    pub(super) fn refuse(&mut self, pointer: &str, message: impl Into<String>) {
        self.problems.push(self.document.problem(pointer, message));
    }

    fn rules(&mut self, raw: RawRules) -> RuleSet {
        // Every number is accepted: agent-aegis never interprets it.
        if let Some(RawVersion::Text(text)) = &raw.version
            && text.trim().parse::<i64>().is_err()
        {
            self.refuse("/version", "expected a whole number");
        }
        let defaults = raw.defaults.map(|defaults| self.defaults(&defaults));
        let plan = raw.plan_rules.and_then(|plan| self.plan(plan));
        let mut rules = Vec::new();
        let mut shown = Vec::new();
        for (index, rule) in raw.rules.unwrap_or_default().into_iter().enumerate() {
            if self.is_full() {
                break;
            }
            let (rule, as_written) = self.rule(index, rule);
            rules.extend(rule);
            shown.push(as_written);
        }
        let index = Index::new(rules.iter().map(Rule::globs));
        RuleSet { rules, index, defaults, shown, plan }
    }

    fn defaults(&mut self, raw: &RawDefaults) -> Defaults {
        let risk = self.risk("/defaults/risk_level", raw.risk_level.as_deref(), RiskLevel::Medium);
        Defaults { outcome: raw.approval.map_or(Outcome::Deny, outcome), risk }
    }

    pub(super) fn risk(&mut self, pointer: &str, name: Option<&str>, default: RiskLevel) -> RiskLevel {
        let Some(name) = name else { return default };
        RiskLevel::parse(name).unwrap_or_else(|| {
            let message = format!("unknown risk level {name:?}: low, medium, high or critical");
            self.refuse(pointer, message);
            default
        })
    }
}

pub(super) const fn outcome(approval: RawApproval) -> Outcome {
    match approval {
        RawApproval::Auto => Outcome::Allow,
        RawApproval::Approve => Outcome::RequireConfirmation,
        RawApproval::Escalate => Outcome::Escalate,
        RawApproval::Block => Outcome::Deny,
    }
}

/// The pointer of a mapping with too many keys, if there is one.
fn oversized(node: &Node) -> Option<String> {
    if node.entries().len() > KEYS_MAX {
        return Some(String::new());
    }
    let entries = node.entries().iter().find_map(|entry| Some((entry.key.clone(), oversized(&entry.value)?)));
    let below = entries.or_else(|| {
        let mut elements = node.elements().iter().enumerate();
        elements.find_map(|(number, element)| Some((number.to_string(), oversized(element)?)))
    });
    below.map(|(step, rest)| child_pointer("", &step) + &rest)
}
