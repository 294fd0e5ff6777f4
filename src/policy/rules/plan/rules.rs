//! `plan_rules`, compiled: what they say of a call, and what they keep of those that were let through. Pure.

use std::sync::Arc;

use crate::model::decision::{History, PastStep, Reason, Restriction, RiskLevel};
use crate::policy::rules::glob::Glob;

/// The rules over sessions of a rules file.
#[derive(Clone, Debug)]
pub struct PlanRules {
    pub(in crate::policy::rules) sequences: Vec<Sequence>,
    pub(in crate::policy::rules) cumulative: Option<Cumulative>,
}

/// What a rule over sessions has against a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanViolation {
    /// The rule's name.
    pub rule: Arc<str>,
    /// What it does with the call.
    pub restriction: Restriction,
    /// What matched.
    pub reason: Reason,
}

/// A sequence of calls.
#[derive(Clone, Debug)]
pub(in crate::policy::rules) struct Sequence {
    /// Its steps as written: by this it is known again after a change of the file.
    pub(in crate::policy::rules) written: Arc<str>,
    pub(in crate::policy::rules) name: Arc<str>,
    pub(in crate::policy::rules) steps: Vec<Glob>,
    pub(in crate::policy::rules) restriction: Restriction,
    pub(in crate::policy::rules) description: Option<String>,
    /// How many calls it may lie within; 0: any number.
    pub(in crate::policy::rules) window: usize,
}

/// The sum of risk.
#[derive(Clone, Debug)]
pub(in crate::policy::rules) struct Cumulative {
    pub(in crate::policy::rules) name: Arc<str>,
    pub(in crate::policy::rules) max_total_risk: u64,
    pub(in crate::policy::rules) restriction: Restriction,
}

impl PlanRules {
    /// Longest window of a sequence: the calls that are kept, and the one that is asked for.
    pub const WINDOW_MAX: usize = History::STEPS_MAX + 1;

    /// What the rules have against a call of that action and risk, should it follow on `history`: the most restrictive, of
    /// several the one written first.
    #[must_use]
    pub fn violation(
        &self,
        action: &str,
        risk: RiskLevel,
        history: Option<&History>,
    ) -> Option<PlanViolation> {
        let sequences = self.sequences.iter().filter_map(|sequence| sequence.violation(action, history));
        let cumulative = self.cumulative.iter().filter_map(|cumulative| cumulative.violation(risk, history));
        let mut worst: Option<PlanViolation> = None;
        for violation in sequences.chain(cumulative) {
            if worst.as_ref().is_none_or(|worst| violation.restriction > worst.restriction) {
                worst = Some(violation);
            }
        }
        worst
    }

    /// Adds a call that is let through.
    pub fn note(&self, history: &mut History, action: &str, risk: RiskLevel) {
        history.reached = self.reached(history);
        for (written, seen) in &mut history.reached {
            let sequence = self.endless().find(|sequence| sequence.written == *written);
            // The last step is the call that is judged, so it is never among those seen.
            let next = sequence.filter(|sequence| seen.len() + 1 < sequence.steps.len());
            if next
                .and_then(|sequence| sequence.steps.get(seen.len()))
                .is_some_and(|step| step.matches(action))
            {
                seen.push(action.into());
            }
        }
        history.total_risk = history.total_risk.saturating_add(risk.weight());
        if history.steps.len() >= History::STEPS_MAX {
            history.steps.pop_front();
        }
        history.steps.push_back(PastStep { action: action.into(), risk });
    }

    /// As much of `history` as these rules look at: a decision made with it is the one made with all of it.
    #[must_use]
    pub fn relevant(&self, history: &History) -> History {
        let longest = self.sequences.iter().map(|sequence| sequence.window).max().unwrap_or(0);
        let skipped = history.steps.len().saturating_sub(longest.saturating_sub(1));
        History {
            steps: history.steps.iter().skip(skipped).cloned().collect(),
            total_risk: history.total_risk,
            reached: self.reached(history),
        }
    }

    fn endless(&self) -> impl Iterator<Item = &Sequence> {
        self.sequences.iter().filter(|sequence| sequence.window == 0)
    }

    /// How far each sequence without a window has come. One that is new is held against the calls that are kept.
    fn reached(&self, history: &History) -> Vec<(Arc<str>, Vec<Arc<str>>)> {
        let come = |sequence: &Sequence| {
            let known = history.reached.iter().find(|(written, _)| *written == sequence.written);
            let seen = known.map_or_else(|| sequence.seen_in(history), |(_, seen)| seen.clone());
            (Arc::clone(&sequence.written), seen)
        };
        self.endless().map(come).collect()
    }
}

impl Sequence {
    fn violation(&self, action: &str, history: Option<&History>) -> Option<PlanViolation> {
        let (last, before) = self.steps.split_last()?;
        if !last.matches(action) {
            return None;
        }
        let history = history?;
        let seen = if self.window == 0 {
            let known = history.reached.iter().find(|(written, _)| *written == self.written);
            known.map_or_else(|| self.seen_in(history), |(_, seen)| seen.clone())
        } else {
            self.last_seen(before, history)
        };
        if seen.len() < before.len() {
            return None;
        }
        let calls: Vec<String> = seen
            .iter()
            .map(|step| &**step)
            .chain([action])
            .map(|step| format!("'{}'", short(step)))
            .collect();
        let calls = calls.join(" \u{2192} ");
        let what = match &self.description {
            Some(description) => format!("{description} ({}: {calls})", self.name),
            None => format!("Forbidden sequence '{}': {calls}", self.name),
        };
        Some(PlanViolation {
            rule: Arc::clone(&self.name),
            restriction: self.restriction,
            reason: Reason::new(&what),
        })
    }

    /// The calls of the steps before the last, looked for from the first call on.
    fn seen_in(&self, history: &History) -> Vec<Arc<str>> {
        let mut seen: Vec<Arc<str>> = Vec::new();
        for past in &history.steps {
            let next = self.steps.get(seen.len()).filter(|_| seen.len() + 1 < self.steps.len());
            if next.is_some_and(|step| step.matches(&past.action)) {
                seen.push(Arc::clone(&past.action));
            }
        }
        seen
    }

    /// The same within the window, looked for from the latest call back: so they lie as close together as they can.
    fn last_seen(&self, before: &[Glob], history: &History) -> Vec<Arc<str>> {
        let mut wanted = before.iter().rev().peekable();
        let mut seen = Vec::new();
        for past in history.steps.iter().rev().take(self.window - 1) {
            let Some(step) = wanted.peek() else { break };
            if step.matches(&past.action) {
                seen.push(Arc::clone(&past.action));
                wanted.next();
            }
        }
        seen.reverse();
        seen
    }
}

impl Cumulative {
    fn violation(&self, risk: RiskLevel, history: Option<&History>) -> Option<PlanViolation> {
        let before = history.map_or(0, |history| history.total_risk);
        let total = before.saturating_add(risk.weight());
        if total <= self.max_total_risk {
            return None;
        }
        let what = format!("Cumulative risk {total} exceeds threshold {}", self.max_total_risk);
        Some(PlanViolation {
            rule: Arc::clone(&self.name),
            restriction: self.restriction,
            reason: Reason::new(&what),
        })
    }
}

/// As much of an action as fits into a sentence.
fn short(action: &str) -> String {
    action.chars().take(60).collect()
}
