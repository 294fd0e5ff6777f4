//! Policies and their rules.

use std::sync::Arc;

use crate::model::call::CapabilityName;
use crate::model::decision::{Obligations, Outcome};
use crate::model::pointer::Pointer;
use crate::policy::conditions::Condition;
use crate::policy::governance::read::fields::{DESCRIPTION_BYTES_MAX, NAME_BYTES_MAX};
use crate::policy::governance::read::reader::{At, Reader};
use crate::policy::governance::{CapabilityPattern, Policy, PolicyRule};

/// Most rules of a policy.
const RULES_MAX: usize = 1000;
/// Most memory that the regular expressions of a policy may take compiled, in bytes.
const PATTERN_BYTES_MAX: usize = 16 << 20;

/// The highest priority.
const PRIORITY_MAX: u64 = 1_000_000;

/// Most values an answer may have to be hidden by one rule.
const REDACT_MAX: usize = 64;

impl Reader<'_> {
    /// The policy at `at`; without a name it has been refused.
    pub(super) fn policy(&mut self, at: At<'_>) -> Option<Policy> {
        let name = self.name(&at.field("name"), NAME_BYTES_MAX);
        self.prose(at, "description", DESCRIPTION_BYTES_MAX);
        let rules_at = at.field("rules");
        let count = self.count(&rules_at);
        if !(1..=RULES_MAX).contains(&count) && self.value(&rules_at).is_some() {
            self.refuse(&rules_at, format!("a policy has 1 to {RULES_MAX} rules"));
        }
        let (mut rules, mut bytes) = (Vec::new(), 0);
        for index in 0..count.min(RULES_MAX) {
            let rule_at = format!("{rules_at}/{index}");
            let Some(rule) = self.rule(At(&rule_at)) else { continue };
            bytes += rule.condition.as_ref().map_or(0, Condition::pattern_bytes);
            rules.push(rule);
            if bytes > PATTERN_BYTES_MAX {
                // The rest is not compiled: it is memory that would be used up.
                let message = format!(
                    "the regular expressions up to here take more than {PATTERN_BYTES_MAX} bytes compiled, which is all that those of a policy may"
                );
                self.refuse(&rule_at, message);
                break;
            }
        }
        Some(Policy { name: name?, enabled: self.flag(&at.field("enabled"), true), rules })
    }

    fn rule(&mut self, at: At<'_>) -> Option<PolicyRule> {
        let capability = self.pattern(&at.field("capability"));
        let condition = self.condition(&at.field("condition"));
        let outcome = self.outcome(&at.field("outcome"));
        let priority = self.priority(&at.field("priority"));
        let accepts_critical = self.flag(&at.field("accepts_critical"), false);
        if accepts_critical
            && capability.as_ref().is_some_and(|it| !matches!(it, CapabilityPattern::Exactly(_)))
        {
            let hint = "name one capability, or leave accepts_critical out";
            self.refuse_with(
                &at.field("accepts_critical"),
                "only for a capability that is named exactly",
                hint,
            );
        }
        if accepts_critical && outcome.is_some_and(|outcome| outcome != Outcome::Allow) {
            self.refuse(&at.field("accepts_critical"), "only for a rule whose outcome is ALLOW");
        }
        let obligations = self.obligations(At(&at.field("constraints")));
        Some(PolicyRule {
            capability: capability?,
            condition,
            outcome: outcome?,
            priority,
            accepts_critical,
            obligations,
        })
    }

    fn pattern(&mut self, pointer: &str) -> Option<CapabilityPattern> {
        let text = self.text(pointer)?;
        let pattern = CapabilityPattern::parse(text);
        if pattern.is_none() {
            let hint = "a name such as files.read_file, a prefix such as files.*, or *";
            self.refuse_with(pointer, "neither a capability's name nor a pattern of some", hint);
        }
        pattern
    }

    fn condition(&mut self, pointer: &str) -> Option<Condition> {
        let text = self.text(pointer)?;
        match Condition::parse(text) {
            Ok(condition) => Some(condition),
            Err(error) => {
                let message = format!(
                    "line {}, column {} of the condition: {}",
                    error.line, error.column, error.message
                );
                match error.hint {
                    Some(hint) => self.refuse_with(pointer, message, hint),
                    None => self.refuse(pointer, message),
                }
                None
            }
        }
    }

    fn outcome(&self, pointer: &str) -> Option<Outcome> {
        let text = self.text(pointer)?;
        Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }

    fn priority(&mut self, pointer: &str) -> u32 {
        let number = self.number(pointer).unwrap_or(0);
        if number > PRIORITY_MAX {
            self.refuse(pointer, format!("must be at most {PRIORITY_MAX}"));
        }
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    fn obligations(&mut self, at: At<'_>) -> Obligations {
        let redact_at = at.field("redact_response");
        let count = self.count(&redact_at);
        if count > REDACT_MAX {
            self.refuse(&redact_at, format!("more than {REDACT_MAX} pointers"));
        }
        let pointers = (0..count.min(REDACT_MAX))
            .filter_map(|index| self.parsed(&format!("{redact_at}/{index}"), Pointer::parse));
        let redact_response: Arc<[Pointer]> = pointers.collect();
        Obligations {
            rate_limit: None,
            max_response_bytes: self.number(&at.field("max_response_bytes")),
            redact_response,
            read_only: self.flag(&at.field("read_only"), false),
            monitoring: self.flag(&at.field("monitoring"), false),
        }
    }
}

impl CapabilityPattern {
    /// A capability's name, a dotted prefix with `.*` behind it (`files.*`, `files.admin.*`), or `*`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        if let Some(prefix) = text.strip_suffix(".*") {
            // What could be below it must be a name too.
            return CapabilityName::parse(&format!("{prefix}.x")).is_ok().then(|| Self::Below(prefix.into()));
        }
        CapabilityName::parse(text).ok().map(Self::Exactly)
    }

    /// Whether it is about the capability of that name. A prefix ends at a dot: `files.*` is not about `filesystem.read`.
    #[must_use]
    pub fn matches(&self, capability: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Below(prefix) => capability
                .strip_prefix(&**prefix)
                .is_some_and(|below| below.len() > 1 && below.starts_with('.')),
            Self::Exactly(name) => name.as_str() == capability,
        }
    }
}
