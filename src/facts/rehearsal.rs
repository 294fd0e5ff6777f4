//! Decisions on calls that are not made, each as if those before it had been.

use std::collections::HashMap;
use std::sync::Arc;

use crate::decision::{PolicySnapshot, decide};
use crate::facts::sessions::{Decided, Sessions, follow};
use crate::model::call::DecisionRequest;
use crate::model::decision::{Decision, Facts, History};
use crate::model::time::Timestamp;

/// A session: its caller's tenant and id, and its name.
type Session = (Arc<str>, Arc<str>, String);

/// What sessions would have come to. Nothing of it is remembered, no session is begun by it, and none is kept for longer.
#[derive(Debug)]
pub struct Rehearsal<'s> {
    sessions: &'s Sessions,
    histories: HashMap<Session, History>,
}

impl<'s> Rehearsal<'s> {
    /// As sessions are now.
    #[must_use]
    pub fn new(sessions: &'s Sessions) -> Self {
        Self { sessions, histories: HashMap::new() }
    }

    /// As [`Sessions::decide`] would decide, had the calls before this one that were let through been made.
    pub fn decide(
        &mut self,
        snapshot: &PolicySnapshot,
        request: DecisionRequest<'_, '_>,
        now: Timestamp,
        lets_through: impl FnOnce(&Decision) -> bool,
    ) -> Decided {
        let (Some(plan), Some(session)) = (snapshot.plan(), request.session) else {
            return Decided { decision: decide(snapshot, request, Facts::at(now)), history: None };
        };
        let principal = request.principal;
        let name = (Arc::clone(&principal.tenant), Arc::clone(&principal.id), session.to_owned());
        let history = self
            .histories
            .entry(name)
            .or_insert_with(|| self.sessions.history(principal, session, now).unwrap_or_default());
        follow(plan, history, snapshot, request, now, lets_through)
    }
}
