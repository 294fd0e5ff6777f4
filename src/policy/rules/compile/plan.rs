//! `plan_rules`: sequences and the sum of risk.

use std::sync::Arc;

use crate::model::decision::{Outcome, Restriction, RiskLevel};
use crate::policy::rules::PlanRules;
use crate::policy::rules::compile::compiler::{Compiler, Meaning, outcome};
use crate::policy::rules::plan::{Cumulative, Sequence};
use crate::policy::rules::raw::{RawApproval, RawCumulative, RawPlan, RawSequence};

impl Compiler<'_> {
    /// The rules over sessions; `None` where they ask nothing.
    pub(super) fn plan(&mut self, raw: RawPlan) -> Option<PlanRules> {
        let mut sequences = Vec::new();
        for (index, sequence) in raw.sequence_patterns.unwrap_or_default().into_iter().enumerate() {
            sequences.extend(self.sequence(index, sequence));
        }
        let cumulative = raw.cumulative_risk.and_then(|raw| self.cumulative(raw));
        let asks = !sequences.is_empty() || cumulative.is_some();
        asks.then(|| PlanRules { sequences, cumulative })
    }

    fn sequence(&mut self, index: usize, raw: RawSequence) -> Option<Sequence> {
        let at = format!("/plan_rules/sequence_patterns/{index}");
        let _shown_only =
            self.risk(&format!("{at}/risk_level"), raw.risk_level.as_deref(), RiskLevel::Critical);
        let steps_at = format!("{at}/steps");
        if raw.steps.is_none() && self.written.node(&steps_at).is_some() {
            // What is wrong with them is told already.
            return None;
        }
        let written = raw.steps.unwrap_or_default();
        if written.len() < 2 {
            let problem = self.document.problem(&steps_at, "a sequence has two steps or more");
            self.mistake(problem, Meaning::Ignored, None);
            return None;
        }
        let window = raw.window.map_or(0, |window| usize::try_from(window).unwrap_or(usize::MAX));
        if window > 0 && window < written.len() {
            let message = "the window is shorter than the sequence, so this never holds";
            let problem = self.document.problem(&format!("{at}/window"), message);
            self.mistake(problem, Meaning::Ignored, None);
        }
        if window > PlanRules::WINDOW_MAX {
            let message = format!("must be at most {}", PlanRules::WINDOW_MAX);
            self.refuse(&format!("{at}/window"), message);
        }
        let mut steps = Vec::with_capacity(written.len());
        for (step, glob) in written.iter().enumerate() {
            steps.push(self.glob(&format!("{steps_at}/{step}"), glob)?);
        }
        let name = raw.name.filter(|name| !name.is_empty());
        Some(Sequence {
            written: written.join("\n").into(),
            name: name.map_or_else(|| format!("sequence_{index}").into(), Arc::from),
            steps,
            restriction: restriction(raw.approval)?,
            description: raw.description.filter(|text| !text.is_empty()),
            window,
        })
    }

    fn cumulative(&mut self, raw: RawCumulative) -> Option<Cumulative> {
        let name = raw.name.filter(|name| !name.is_empty());
        let most = raw.max_total_risk.and_then(|most| u64::try_from(most).ok()).filter(|most| *most > 0);
        let Some(max_total_risk) = most else {
            let message = "max_total_risk must be 1 or more, else nothing is asked";
            let problem = self.document.problem("/plan_rules/cumulative_risk", message);
            self.mistake(problem, Meaning::Ignored, None);
            return None;
        };
        Some(Cumulative {
            name: name.map_or_else(|| "cumulative_risk".into(), Arc::from),
            max_total_risk,
            restriction: restriction(raw.on_exceed)?,
        })
    }
}

/// What a rule over sessions does; `None`: nothing.
fn restriction(approval: Option<RawApproval>) -> Option<Restriction> {
    match approval.map_or(Outcome::Deny, outcome) {
        Outcome::Allow => None,
        Outcome::RequireConfirmation => Some(Restriction::RequireConfirmation),
        Outcome::Escalate => Some(Restriction::Escalate),
        Outcome::Deny => Some(Restriction::Deny),
    }
}
