//! The steps of a request in order: load the snapshot, assess, record, and hand out a permit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use crate::audit::record::EventRecord;
use crate::audit::{AppendError, Ledger};
use crate::decision::PolicySnapshot;
use crate::extract::ExtractError;
use crate::gateway::assess::Assessed;
use crate::gateway::tool_names::ToolNames;
use crate::gateway::{Clock, Incoming, Permit, Refusal};
use crate::identity::SessionSeal;
use crate::model::decision::{Facts, Outcome, Reason, ReasonCode};
use crate::model::handle::Handle;
use crate::model::id::REQUEST;
use crate::model::slots::{Slot, Slots};
use crate::model::time::Timestamp;
use crate::telemetry::{Metrics, Redaction};

/// The enforcement point.
#[derive(Debug)]
pub struct Gateway {
    snapshot: Arc<Handle<PolicySnapshot>>,
    ledger: Arc<Ledger>,
    slots: Slots,
    pub(super) sessions: SessionSeal,
    pub(super) tool_names: Arc<ToolNames>,
    pub(super) redaction: Redaction,
    pub(super) metrics: Arc<Metrics>,
    pub(super) clock: Arc<dyn Clock>,
}

/// What a gateway is made of.
#[derive(Debug)]
pub struct GatewayParts {
    /// The snapshot in force, shared with the publisher.
    pub snapshot: Arc<Handle<PolicySnapshot>>,
    /// Where records go.
    pub ledger: Arc<Ledger>,
    /// How many requests may be under way at once.
    pub max_concurrent_requests: usize,
    /// Binds MCP sessions to their callers.
    pub sessions: SessionSeal,
    /// What is not stored.
    pub redaction: Redaction,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Time and randomness.
    pub clock: Arc<dyn Clock>,
}

/// What is done with a request.
#[derive(Debug)]
pub enum Verdict {
    /// It may be forwarded, once.
    Forward(Permit),
    /// It is answered here.
    Refuse(Box<Refusal>),
}

impl Gateway {
    /// A gateway made of `parts`.
    #[must_use]
    pub fn new(parts: GatewayParts) -> Self {
        let GatewayParts { snapshot, ledger, max_concurrent_requests, sessions, redaction, metrics, clock } =
            parts;
        Self {
            snapshot,
            ledger,
            slots: Slots::new(max_concurrent_requests),
            sessions,
            tool_names: Arc::default(),
            redaction,
            metrics,
            clock,
        }
    }

    /// Takes a place among the requests under way, before a body is read into memory. Without one the request is refused
    /// unread: counted, but not recorded, since it is not known who asks.
    ///
    /// # Errors
    /// The refusal, when no place is free.
    pub fn admit(&self) -> Result<Slot, Box<Refusal>> {
        self.slots.take().ok_or_else(|| {
            self.metrics.shed();
            self.metrics.requests("", None, ReasonCode::Overloaded).inc();
            Box::new(Refusal::overloaded(None))
        })
    }

    /// Judges a request whose body is complete.
    ///
    /// INVARIANT: the snapshot is loaded here and nowhere else on the way of a request, and a [`Permit`] exists only after
    /// the ledger took the record. Every failure on the way, a panic included, is a refusal.
    pub async fn judge(&self, incoming: Incoming<'_>) -> Verdict {
        self.judge_read(incoming, None).await
    }

    /// Refuses a request whose body could not be read, for the reason `error` gives. A caller that is not known is told only
    /// that; of one that is, the refusal is recorded.
    pub async fn refuse_unread(&self, incoming: Incoming<'_>, error: ExtractError) -> Box<Refusal> {
        match self.judge_read(incoming, Some(error)).await {
            Verdict::Refuse(refusal) => refusal,
            // `assess_unread` forwards nothing; should it ever, this still does not.
            Verdict::Forward(_) => Box::new(Refusal::internal(None)),
        }
    }

    async fn judge_read(&self, incoming: Incoming<'_>, unread: Option<ExtractError>) -> Verdict {
        let started = Instant::now();
        let now = self.clock.now();
        let assessed = catch_unwind(AssertUnwindSafe(|| {
            let snapshot = self.snapshot.load();
            let (id, facts) = (self.clock.id(REQUEST, now), Facts { now });
            match unread {
                None => self.assess(&snapshot, incoming, id, facts),
                Some(error) => self.assess_unread(&snapshot, incoming, error, id, facts),
            }
        }))
        .unwrap_or_else(|_panic| self.panicked());
        let recorded = match &assessed.record {
            Some(record) => self.record(record, now).await,
            None => Ok(()),
        };
        let (outcome, code) = match &recorded {
            Ok(()) => (assessed.outcome, assessed.code),
            Err(_) => (None, ReasonCode::LedgerUnavailable),
        };
        match &assessed.route {
            Some(route) => self.metrics.count(&route.name, &route.counters, outcome, code),
            None => self.metrics.requests("", outcome, code).inc(),
        }
        self.metrics.observe_processing(started);
        match (recorded, assessed.answer) {
            (Ok(()), Ok(forwarding)) => Verdict::Forward(Permit::new(forwarding)),
            (Ok(()), Err(refusal)) => Verdict::Refuse(refusal),
            (Err(error), _) => {
                tracing::error!(%error, "the ledger took no record; the call was refused");
                Verdict::Refuse(Box::new(Refusal::ledger_unavailable(assessed.rpc_id)))
            }
        }
    }

    /// Records what happened to a request outside [`Self::judge`] and counts it: a panic caught elsewhere, a body that never
    /// came. Best effort: nothing is forwarded on the strength of it.
    pub fn note(&self, route: &str, kind: &'static str, code: ReasonCode, reason: &str) {
        let reason = Reason::new(reason);
        let outcome = Outcome::Deny;
        let record = EventRecord {
            kind,
            origin: None,
            principal: None,
            capability: None,
            call: None,
            outcome,
            code,
            reason: &reason,
        };
        if kind == "panic" {
            self.metrics.panicked();
        }
        self.metrics.requests(route, None, code).inc();
        if let Err(error) = self.ledger.append(&record.payload(), self.clock.now()) {
            tracing::error!(%error, kind, "the ledger took no record");
        }
    }

    async fn record(&self, payload: &[u8], now: Timestamp) -> Result<(), AppendError> {
        let started = Instant::now();
        self.ledger.record(payload, now).await?;
        self.metrics.observe_append(started);
        Ok(())
    }

    fn panicked(&self) -> Assessed {
        self.metrics.panicked();
        tracing::error!("a panic while judging a request was caught; the call was refused");
        let code = ReasonCode::InternalError;
        let reason = Reason::new("A defect of the gateway was caught; the call was not forwarded.");
        let record = EventRecord {
            kind: "panic",
            origin: None,
            principal: None,
            capability: None,
            call: None,
            outcome: Outcome::Deny,
            code,
            reason: &reason,
        };
        Assessed {
            answer: Err(Box::new(Refusal::internal(None))),
            record: Some(record.payload()),
            route: None,
            outcome: Some(Outcome::Deny),
            code,
            rpc_id: None,
        }
    }
}
