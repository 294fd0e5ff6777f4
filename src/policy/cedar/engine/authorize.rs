//! [`Engine::authorize`]: the policies that are about a call, evaluated and combined. Imports the rest of the engine.

use std::sync::Arc;

use crate::policy::cedar::Effect;
use crate::policy::cedar::access::ContextPath;
use crate::policy::cedar::engine::{
    Asked, Engine, Evaluation, Needed, OnError, PolicyError, Refusal, Shadow, Verdict,
};
use crate::policy::cedar::index::{Entry, Mode};

impl Engine {
    /// Decides a call. A forbid that matches denies; else a permit that matches allows; else the call is denied. Besides that it is
    /// denied whenever something stands in the way of being sure: see [`Refusal`].
    ///
    /// INVARIANT: what it allows, Cedar's authorizer allows over all active policies.
    #[must_use]
    pub fn authorize(&self, asked: &Asked) -> Verdict {
        let candidates = self.index().about(asked.lineages());
        let mut active = Tally::default();
        let mut watched = Tally::default();
        let reads_system = candidates.iter().any(|entry| entry.reads_system);
        let needed = candidates.iter().map(|entry| needed(entry)).max().unwrap_or(Needed::Nothing);
        if !asked.is_known() {
            return refused(Refusal::Unknown);
        }
        let (request, entities) = match (asked.request(reads_system), asked.entities(needed)) {
            (Ok(request), Ok(entities)) => (request, entities),
            (Err(error), _) | (_, Err(error)) => return refused(Refusal::Unasked(error.to_string())),
        };
        let evaluation = Evaluation::new(&request, &entities);
        for entry in candidates {
            let tally = if entry.mode == Mode::Active { &mut active } else { &mut watched };
            tally.ask(entry, asked, &evaluation);
        }
        active.refusal = self.first_unreadable().map(|id| Refusal::Degraded { id });
        self.conclude(active, watched, asked)
    }

    fn conclude<'e>(&self, mut active: Tally<'e>, watched: Tally<'e>, asked: &Asked) -> Verdict {
        let on_error = self.options().on_error;
        let (allowed, determining, refusal) = active.conclusion(on_error);
        let names_action =
            allowed && active.permits.iter().any(|entry| entry.scope.names_action(asked.action_uid()));
        let (errors, candidates) = (active.errors(), active.asked);
        let shadow = (watched.asked > 0).then(|| {
            let errors = watched.errors();
            active.add(watched);
            let (shadow, determining, _) = active.conclusion(on_error);
            Shadow { allowed: shadow, determining, errors, flips: shadow != allowed }
        });
        Verdict { allowed, determining, errors, names_action, candidates, refusal, shadow }
    }
}

fn needed(entry: &Entry) -> Needed {
    if entry.reads().entities() {
        Needed::Attributes
    } else if entry.scope.asks_above() {
        Needed::Ancestors
    } else {
        Needed::Nothing
    }
}

fn refused(refusal: Refusal) -> Verdict {
    Verdict {
        allowed: false,
        determining: Vec::new(),
        errors: Vec::new(),
        names_action: false,
        candidates: 0,
        refusal: Some(refusal),
        shadow: None,
    }
}

/// What policies said.
#[derive(Default)]
struct Tally<'e> {
    asked: usize,
    permits: Vec<&'e Entry>,
    forbids: Vec<&'e Entry>,
    failed: Vec<(&'e Entry, String)>,
    /// Policies that read what is not there to be read.
    blind: Vec<(&'e Entry, ContextPath)>,
    /// What stands in the way whatever they said.
    refusal: Option<Refusal>,
}

impl<'e> Tally<'e> {
    fn ask(&mut self, entry: &'e Entry, asked: &Asked, evaluation: &Evaluation<'_>) {
        self.asked += 1;
        if !asked.dropped().is_empty()
            && entry.scope.admits(asked.lineages())
            && let Some(path) = entry.reads().first_of(asked.dropped())
        {
            self.blind.push((entry, path.clone()));
        }
        match (evaluation.holds(&entry.condition), entry.effect) {
            (Ok(false), _) => {}
            (Ok(true), Effect::Permit) => self.permits.push(entry),
            (Ok(true), Effect::Forbid) => self.forbids.push(entry),
            (Err(message), _) => self.failed.push((entry, message)),
        }
    }

    fn add(&mut self, other: Self) {
        self.asked += other.asked;
        self.permits.extend(other.permits);
        self.forbids.extend(other.forbids);
        self.failed.extend(other.failed);
        self.blind.extend(other.blind);
    }

    /// Whether the call is allowed, by which policies, and what denies it else.
    fn conclusion(&self, on_error: OnError) -> (bool, Vec<Arc<str>>, Option<Refusal>) {
        if !self.forbids.is_empty() {
            return (false, ids(&self.forbids), None);
        }
        let refusal = self.refusal.clone().or_else(|| self.failure(on_error)).or_else(|| self.blindness());
        match refusal {
            Some(refusal) => (false, Vec::new(), Some(refusal)),
            None => (!self.permits.is_empty(), ids(&self.permits), None),
        }
    }

    fn failure(&self, on_error: OnError) -> Option<Refusal> {
        let counts = |entry: &Entry| match on_error {
            OnError::Deny => entry.effect == Effect::Forbid,
            OnError::DenyAny => true,
            OnError::Cedar => false,
        };
        let failed = self.failed.iter().map(|(entry, _)| *entry).filter(|entry| counts(entry));
        failed.map(|entry| &entry.id).min().map(|id| Refusal::Failed { id: Arc::clone(id) })
    }

    fn blindness(&self) -> Option<Refusal> {
        let first = self.blind.iter().min_by(|(one, _), (other, _)| one.id.cmp(&other.id))?;
        Some(Refusal::Dropped { id: Arc::clone(&first.0.id), path: first.1.clone() })
    }

    fn errors(&self) -> Vec<PolicyError> {
        let error = |(entry, message): &(&Entry, String)| PolicyError {
            id: Arc::clone(&entry.id),
            effect: entry.effect,
            message: message.clone(),
        };
        let mut errors: Vec<PolicyError> = self.failed.iter().map(error).collect();
        errors.sort();
        errors
    }
}

fn ids(entries: &[&Entry]) -> Vec<Arc<str>> {
    let mut ids: Vec<Arc<str>> = entries.iter().map(|entry| Arc::clone(&entry.id)).collect();
    ids.sort();
    ids
}
