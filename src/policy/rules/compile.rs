//! From the text of a rules file to a [`RuleSet`], with every mistake reported at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::RegexBuilder;
use serde_json::Value;

use crate::model::decision::{Outcome, RiskLevel};
use crate::model::document::{Document, Problem, Problems, child_pointer, shape};
use crate::policy::rules::condition::{Condition, Test};
use crate::policy::rules::glob::Glob;
use crate::policy::rules::index::Index;
use crate::policy::rules::raw::{RawApproval, RawConditions, RawDefaults, RawRule, RawRules, RawVersion};
use crate::policy::rules::rule_set::{Defaults, Rule, RuleSet};

/// Longest regular expression, in characters.
const REGEX_MAX_CHARS: usize = 1000;

/// Most memory a compiled regular expression may take, in bytes.
const REGEX_MAX_BYTES: usize = 1 << 20;

/// Keys of agent-aegis's policy language that this version does not evaluate. A key that is accepted and ignored would
/// be a rule that does not do what it says.
const UNBUILT: &[&str] = &["plan_rules", "scope", "scope_id"];
const UNBUILT_CONDITIONS: &[&str] = &["semantic"];

/// The JSON Schema (draft 2020-12) of a rules file.
#[must_use]
pub fn schema() -> Value {
    schemars::schema_for!(RawRules).to_value()
}

/// Compiles a rules file.
///
/// # Errors
/// Every problem of the file, with its place.
pub fn compile(document: &Document) -> Result<RuleSet, Problems> {
    let mut document = document.clone();
    let mut problems = take_unbuilt(&mut document);
    for misfit in shape::check(&document, &schema()) {
        // What does not fit is reported and dropped, so that the rest of the file is looked at too.
        document.remove_entry(&misfit.pointer);
        problems.push(misfit.problem);
    }
    let mut compiler = Compiler { document: &document, problems };
    match serde_json::from_value::<RawRules>(document.to_json()) {
        Ok(raw) => {
            let rules = compiler.rules(raw);
            Problems::unless_empty(rules, compiler.problems)
        }
        Err(error) => {
            // The shape check has said all of it with places; this is for what only the types can tell.
            let unsaid = compiler.problems.is_empty().then(|| document.problem("", error.to_string()));
            compiler.problems.extend(unsaid);
            Err(Problems::from_list(compiler.problems)
                .unwrap_or_else(|| document.problem("", "unreadable").into()))
        }
    }
}

/// Reports and removes keys of features that are not built, so that they are not reported as unknown as well.
fn take_unbuilt(document: &mut Document) -> Vec<Problem> {
    let mut pointers: Vec<String> = UNBUILT.iter().map(|key| format!("/{key}")).collect();
    let rules = document.node("/rules").map_or(0, |rules| rules.elements().len());
    for index in 0..rules {
        pointers.extend(UNBUILT_CONDITIONS.iter().map(|key| format!("/rules/{index}/conditions/{key}")));
    }
    let mut problems = Vec::new();
    for pointer in pointers {
        if document.node(&pointer).is_some() {
            problems.push(document.key_problem(&pointer, "not in this version"));
            document.remove(&pointer);
        }
    }
    problems
}

/// The parameters one condition key names, with what it wants of each.
type Wanted = Option<BTreeMap<String, Value>>;

/// Makes a test of the value it compares with.
type Maker = fn(Value) -> Test;

struct Compiler<'d> {
    document: &'d Document,
    problems: Vec<Problem>,
}

impl Compiler<'_> {
    fn problem(&mut self, pointer: &str, message: impl Into<String>) {
        self.problems.push(self.document.problem(pointer, message));
    }

    fn rules(&mut self, raw: RawRules) -> RuleSet {
        // Every number is accepted: agent-aegis never interprets it.
        if let Some(RawVersion::Text(text)) = &raw.version
            && text.trim().parse::<i64>().is_err()
        {
            self.problem("/version", "expected a whole number");
        }
        let defaults = raw.defaults.map(|defaults| self.defaults(&defaults));
        let mut rules = Vec::new();
        for (index, rule) in raw.rules.unwrap_or_default().into_iter().enumerate() {
            rules.extend(self.rule(index, rule));
        }
        let index = Index::new(rules.iter().map(|rule| &rule.action_type));
        RuleSet { rules, index, defaults }
    }

    fn defaults(&mut self, raw: &RawDefaults) -> Defaults {
        let risk = self.risk("/defaults/risk_level", raw.risk_level.as_deref());
        Defaults { outcome: raw.approval.map_or(Outcome::Deny, outcome), risk }
    }

    fn rule(&mut self, index: usize, raw: RawRule) -> Option<Rule> {
        let at = format!("/rules/{index}");
        let glob_texts = [&raw.matches.action_type, &raw.matches.target, &raw.matches.agent]
            .map(|glob| glob.as_deref().unwrap_or("*").to_owned());
        let name: Arc<str> = match raw.name {
            None => format!("rule_{index}").into(),
            Some(Some(name)) if !name.is_empty() => name.into(),
            Some(_) => format!("{}@{}", glob_texts[0], glob_texts[1]).into(),
        };
        let [action_type, target, agent] = glob_texts;
        let action_type = self.glob(&format!("{at}/match/type"), &action_type);
        let target = self.glob(&format!("{at}/match/target"), &target);
        let agent = self.glob(&format!("{at}/match/agent"), &agent);
        let risk = self.risk(&format!("{at}/risk_level"), raw.risk_level.as_deref());
        let conditions = raw
            .conditions
            .map(|conditions| self.conditions(&format!("{at}/conditions"), conditions))
            .unwrap_or_default();
        let outcome = raw.approval.map_or(Outcome::RequireConfirmation, outcome);
        Some(Rule {
            name,
            action_type: action_type?,
            target: target?,
            agent: agent?,
            conditions,
            outcome,
            risk,
        })
    }

    fn glob(&mut self, pointer: &str, glob: &str) -> Option<Glob> {
        match Glob::compile(glob) {
            Ok(glob) => Some(glob),
            Err(error) => {
                self.problem(pointer, format!("the glob cannot be compiled: {error}"));
                None
            }
        }
    }

    fn risk(&mut self, pointer: &str, name: Option<&str>) -> RiskLevel {
        let Some(name) = name else { return RiskLevel::default() };
        RiskLevel::parse(name).unwrap_or_else(|| {
            self.problem(pointer, format!("unknown risk level {name:?}: low, medium, high or critical"));
            RiskLevel::default()
        })
    }

    fn conditions(&mut self, at: &str, raw: RawConditions) -> Vec<Condition> {
        let mut conditions = Vec::new();
        if let Some(text) = raw.time_after {
            conditions.extend(self.time(&format!("{at}/time_after"), &text).map(Condition::TimeAfter));
        }
        if let Some(text) = raw.time_before {
            conditions.extend(self.time(&format!("{at}/time_before"), &text).map(Condition::TimeBefore));
        }
        if let Some(days) = raw.weekdays {
            let bits =
                days.iter().filter(|day| (1..=7).contains(*day)).fold(0_u8, |bits, day| bits | 1 << day);
            conditions.push(Condition::Weekdays(bits));
        }
        let tests: [(Wanted, Maker); 6] = [
            (raw.param_eq, Test::Equal),
            (raw.param_gt, Test::Greater),
            (raw.param_gte, Test::GreaterOrEqual),
            (raw.param_lt, Test::Less),
            (raw.param_lte, Test::LessOrEqual),
            (raw.param_contains, Test::Contains),
        ];
        for (wanted, test) in tests {
            for (name, value) in wanted.into_iter().flatten() {
                conditions.push(Condition::Parameter { name: name.into(), test: test(value) });
            }
        }
        for (name, pattern) in raw.param_matches.into_iter().flatten() {
            let pointer = child_pointer(&format!("{at}/param_matches"), &name);
            if let Some(test) = self.regex(&pointer, &pattern) {
                conditions.push(Condition::Parameter { name: name.into(), test });
            }
        }
        conditions
    }

    fn regex(&mut self, pointer: &str, pattern: &str) -> Option<Test> {
        if pattern.chars().count() > REGEX_MAX_CHARS {
            self.problem(
                pointer,
                format!("the regular expression is longer than {REGEX_MAX_CHARS} characters"),
            );
            return None;
        }
        match RegexBuilder::new(pattern).size_limit(REGEX_MAX_BYTES).build() {
            Ok(regex) => Some(Test::Matches(regex)),
            Err(error) => {
                let error = error.to_string();
                let summary = error.lines().last().unwrap_or("invalid").trim_start_matches("error: ");
                self.problem(pointer, format!("the regular expression cannot be compiled: {summary}"));
                None
            }
        }
    }

    /// Minutes past midnight of "HH:MM"; seconds behind it are ignored, as agent-aegis does.
    fn time(&mut self, pointer: &str, text: &str) -> Option<u16> {
        let mut fields = text.split(':').map(|field| {
            let digits =
                !field.is_empty() && field.len() <= 2 && field.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| field.parse::<u16>().ok()).flatten()
        });
        let minutes = match (fields.next().flatten(), fields.next().flatten(), fields.next(), fields.next()) {
            (Some(hour @ 0..=23), Some(minute @ 0..=59), None | Some(Some(0..=59)), None) => {
                Some(hour * 60 + minute)
            }
            _ => None,
        };
        if minutes.is_none() {
            self.problem(pointer, "expected a time of day \"HH:MM\", 00:00 to 23:59");
        }
        minutes
    }
}

const fn outcome(approval: RawApproval) -> Outcome {
    match approval {
        RawApproval::Auto => Outcome::Allow,
        RawApproval::Approve => Outcome::RequireConfirmation,
        RawApproval::Escalate => Outcome::Escalate,
        RawApproval::Block => Outcome::Deny,
    }
}
