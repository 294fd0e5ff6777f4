//! Refusing a request before its body is read: for lack of a place, or because nobody is behind it who could be let in. Nothing is
//! judged here, so the snapshot that is looked at is not the one the request would be judged by.

use crate::gateway::assess::request::find_route;
use crate::gateway::head::{self, Incoming};
use crate::gateway::{Gateway, Refusal};
use crate::model::decision::{Facts, ReasonCode};

impl Gateway {
    /// The refusal of a request that found no place, in the form its protocol reads. It is counted, but not recorded, since it is
    /// not known who asks.
    #[must_use]
    pub fn shed(&self, incoming: Incoming<'_>) -> Box<Refusal> {
        self.metrics.shed();
        self.metrics.requests("", None, ReasonCode::Overloaded).inc();
        let snapshot = self.snapshot.load();
        let is_mcp = head::read(incoming.headers, &snapshot)
            .and_then(|head| find_route(&snapshot, incoming, &head.host).map(|(route, _)| route.is_mcp()));
        // Its id is in the body, which is not read.
        Box::new(Refusal::overloaded(is_mcp.unwrap_or(false).then(|| "null".to_owned())))
    }

    /// The refusal of a request that will be refused for its head whatever its body is: ambiguous, for no route, or without a
    /// credential that is good. Counted and not recorded, as it would be with its body.
    #[must_use]
    pub fn turn_away(&self, incoming: Incoming<'_>) -> Option<Box<Refusal>> {
        let snapshot = self.snapshot.load();
        let facts = Facts::at(self.clock.now());
        let found = head::read(incoming.headers, &snapshot)
            .and_then(|head| find_route(&snapshot, incoming, &head.host).map(|(route, _)| (head, route)));
        let refusal = match found {
            Ok((head, route)) => match self.caller(&snapshot, route, incoming, &head, facts) {
                Ok(_known) => return None,
                Err(refusal) => {
                    self.metrics.count(&route.name, &route.counters, None, refusal.code);
                    return Some(refusal);
                }
            },
            Err(refusal) => refusal,
        };
        self.metrics.requests("", None, refusal.code).inc();
        Some(refusal)
    }
}
