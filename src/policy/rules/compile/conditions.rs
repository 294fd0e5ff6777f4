//! The conditions of a rule: from their text to what can be asked, and which of them could never hold.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::document::child_pointer;
use crate::model::time::Zone;
use crate::policy::rules::compile::compiler::{Compiler, Meaning};
use crate::policy::rules::condition::{Condition, Hours, Pattern, Semantic, Test};
use crate::policy::rules::raw::RawConditions;

/// The parameters one condition key names, with what it wants of each.
type Wanted = Option<BTreeMap<String, Value>>;

/// Makes a test of the value it compares with.
type Maker = fn(Value) -> Test;

impl Compiler<'_> {
    pub(super) fn conditions(&mut self, rule: usize, at: &str, mut raw: RawConditions) -> Vec<Condition> {
        let mut conditions: Vec<Condition> = self.hours(rule, at, &mut raw).into_iter().collect();
        let tests: [(&str, Wanted, Maker); 6] = [
            ("param_eq", raw.param_eq, Test::Equal),
            ("param_gt", raw.param_gt, Test::Greater),
            ("param_gte", raw.param_gte, Test::GreaterOrEqual),
            ("param_lt", raw.param_lt, Test::Less),
            ("param_lte", raw.param_lte, Test::LessOrEqual),
            ("param_contains", raw.param_contains, Test::Contains),
        ];
        for (key, wanted, test) in tests {
            for (name, value) in wanted.into_iter().flatten() {
                let pointer = child_pointer(&format!("{at}/{key}"), &name);
                if self.comparable(rule, &pointer, key, &value) {
                    conditions.push(Condition::Parameter { name: name.into(), test: test(value) });
                }
            }
        }
        for (name, pattern) in raw.param_matches.into_iter().flatten() {
            let pointer = child_pointer(&format!("{at}/param_matches"), &name);
            if let Some(test) = self.pattern(rule, &pointer, &pattern) {
                conditions.push(Condition::Parameter { name: name.into(), test });
            }
        }
        if let Some(text) = raw.semantic {
            let semantic = Semantic::compile(&text);
            if semantic.is_none() {
                self.wrong(rule, &format!("{at}/semantic"), "names no word to look for", Meaning::Never);
            }
            conditions.extend(semantic.map(Condition::Semantic));
        }
        conditions
    }

    /// A condition's value that is wrong.
    fn wrong(&mut self, rule: usize, pointer: &str, message: impl Into<String>, meaning: Meaning) {
        let problem = self.document.problem(pointer, message);
        self.mistake(problem, meaning, Some(rule));
    }

    fn hours(&mut self, rule: usize, at: &str, raw: &mut RawConditions) -> Option<Condition> {
        let after =
            raw.time_after.take().and_then(|text| self.time(rule, &format!("{at}/time_after"), &text));
        let before =
            raw.time_before.take().and_then(|text| self.time(rule, &format!("{at}/time_before"), &text));
        let days = raw.weekdays.take().map(|days| {
            let known = days.iter().filter(|day| (1..=7).contains(*day));
            known.fold(0_u8, |bits, day| bits | 1 << day)
        });
        if days == Some(0) {
            self.wrong(
                rule,
                &format!("{at}/weekdays"),
                "no day is named, so this never holds",
                Meaning::Never,
            );
        }
        let zone_at = format!("{at}/time_zone");
        let zone = raw.time_zone.take().and_then(|name| {
            let zone = Zone::parse(&name);
            if zone.is_none() {
                let message = "expected a zone of the IANA database, such as Europe/Berlin";
                self.wrong(rule, &zone_at, message, Meaning::Unclear);
            }
            zone
        });
        let hours = Hours { zone, after, before, days };
        if hours.is_empty() {
            if hours.zone.is_some() {
                let message = "says nothing without time_after, time_before or weekdays";
                self.wrong(rule, &zone_at, message, Meaning::Ignored);
            }
            return None;
        }
        if hours.never_holds() {
            let message = "no time of day is in this window, so it never holds";
            self.wrong(rule, &format!("{at}/time_before"), message, Meaning::Never);
        }
        Some(Condition::Hours(hours))
    }

    /// Whether a parameter can be compared with the value at all.
    fn comparable(&mut self, rule: usize, pointer: &str, key: &str, value: &Value) -> bool {
        let (message, meaning) = match (key, value) {
            ("param_eq", Value::Null) => {
                ("no parameter that counts is null, so this never holds", Meaning::Never)
            }
            ("param_eq" | "param_contains", _)
            | (_, Value::Bool(_) | Value::Number(_) | Value::String(_)) => return true,
            _ => ("expected a number or a text to compare with", Meaning::Unclear),
        };
        self.wrong(rule, pointer, message, meaning);
        false
    }

    fn pattern(&mut self, rule: usize, pointer: &str, pattern: &str) -> Option<Test> {
        match Pattern::compile(pattern) {
            Ok(pattern) => Some(Test::Matches(pattern)),
            Err(error) => {
                let meaning = if error.matches_nothing { Meaning::Never } else { Meaning::Unclear };
                self.wrong(rule, pointer, error.message, meaning);
                None
            }
        }
    }

    /// Minutes past midnight of "HH:MM"; seconds behind it are ignored, as agent-aegis does.
    fn time(&mut self, rule: usize, pointer: &str, text: &str) -> Option<u16> {
        let mut fields = text.trim().split(':').map(|field| {
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
            let message = "expected a time of day \"HH:MM\", 00:00 to 23:59";
            self.wrong(rule, pointer, message, Meaning::Unclear);
        }
        minutes
    }
}
