//! Refusing a request for which there is no place: before its body is read and without judging anything, so the snapshot that is
//! looked at for the form of the answer is not the one it would be judged by.

use crate::gateway::assess::request::find_route;
use crate::gateway::head::{self, Incoming};
use crate::gateway::{Gateway, Refusal};
use crate::model::decision::ReasonCode;

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
}
