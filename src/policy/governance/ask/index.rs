//! Which rules are about a capability? Found by its name and by the prefixes of it that end before a dot.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::policy::governance::{CapabilityPattern, Content, Object, Policy, PolicyRule};

/// Rules by what they are about. The keys are the operators', so the maps need no defense against chosen keys.
#[derive(Clone, Debug, Default)]
pub(super) struct PolicyIndex {
    exact: HashMap<Box<str>, Vec<Entry>, RandomState>,
    below: HashMap<Box<str>, Vec<Entry>, RandomState>,
    any: Vec<Entry>,
}

/// One rule: its policy's object, and its number in it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    object: Arc<Object>,
    number: usize,
}

/// A rule with what it belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'g> {
    pub(super) object: &'g Object,
    pub(super) policy: &'g Policy,
    pub(super) number: usize,
    pub(super) rule: &'g PolicyRule,
}

impl PolicyIndex {
    /// Enters the rules of a policy.
    pub(super) fn enter(&mut self, object: &Arc<Object>, policy: &Policy) {
        for (number, rule) in policy.rules.iter().enumerate() {
            let list = match &rule.capability {
                CapabilityPattern::Any => &mut self.any,
                CapabilityPattern::Below(prefix) => listed(&mut self.below, prefix),
                CapabilityPattern::Exactly(name) => listed(&mut self.exact, name.as_str()),
            };
            list.push(Entry { object: Arc::clone(object), number });
        }
    }

    /// Every rule that is about `capability`, and no other.
    pub(super) fn about<'g>(&'g self, capability: &'g str) -> impl Iterator<Item = Candidate<'g>> {
        // A dot with nothing behind it has nothing below it.
        let dots = capability.match_indices('.').map(|(dot, _)| dot).filter(|dot| dot + 1 < capability.len());
        let prefixes = dots.filter_map(|dot| capability.get(..dot));
        let below = prefixes.filter_map(|prefix| self.below.get(prefix)).flatten();
        self.exact
            .get(capability)
            .into_iter()
            .flatten()
            .chain(below)
            .chain(&self.any)
            .filter_map(Entry::candidate)
    }
}

impl Entry {
    fn candidate(&self) -> Option<Candidate<'_>> {
        let Content::Policy(policy) = &self.object.content else { return None };
        let rule = policy.rules.get(self.number)?;
        Some(Candidate { object: &self.object, policy, number: self.number, rule })
    }
}

fn listed<'m>(map: &'m mut HashMap<Box<str>, Vec<Entry>, RandomState>, key: &str) -> &'m mut Vec<Entry> {
    map.entry(key.into()).or_default()
}
