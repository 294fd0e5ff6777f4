//! The steps of a request in order: load the snapshot, assess, record, and hand out a permit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::audit::record::EventRecord;
use crate::audit::{AppendError, Ledger};
use crate::decision::PolicySnapshot;
use crate::extract::ExtractError;
use crate::facts::{Deciding, Live};
use crate::gateway::assess::{Answer, Assessed, ToolNames};
use crate::gateway::execution::{Recorder, RecorderParts};
use crate::gateway::holding::{Held, HoldDesk, Judged, Resumed, Then};
use crate::gateway::{AuthThrottle, Clock, Incoming, Permit, Refusal, Waiting};
use crate::identity::SessionSeal;
use crate::model::decision::{Facts, Outcome, Reason, ReasonCode};
use crate::model::handle::Handle;
use crate::model::id::{Id, REQUEST};
use crate::model::slots::{Slot, Slots};
use crate::model::time::Timestamp;
use crate::telemetry::{AccessLine, AccessLog, AccessRequest, Metrics, Redaction};

/// The enforcement point.
#[derive(Debug)]
pub struct Gateway {
    pub(super) snapshot: Arc<Handle<PolicySnapshot>>,
    ledger: Arc<Ledger>,
    slots: Slots,
    pub(super) recorder: Arc<Recorder>,
    pub(super) access_log: Option<AccessLog>,
    pub(super) sessions: SessionSeal,
    pub(super) throttle: Arc<AuthThrottle>,
    pub(super) tool_names: Arc<ToolNames>,
    pub(super) facts: Arc<Deciding>,
    pub(super) holds: Arc<HoldDesk>,
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
    /// What decisions are made with besides the policies.
    pub facts: Arc<Deciding>,
    /// Whose credentials failed, shared with the control listener.
    pub throttle: Arc<AuthThrottle>,
    /// Where calls wait for people.
    pub holds: Arc<HoldDesk>,
    /// What is not stored.
    pub redaction: Redaction,
    /// Where each request leaves a line.
    pub access_log: Option<AccessLog>,
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
    /// It waits for a person ([`Gateway::resume`]).
    Wait(Box<Waiting>),
}

impl Gateway {
    /// A gateway made of `parts`.
    #[must_use]
    pub fn new(parts: GatewayParts) -> Self {
        let GatewayParts {
            snapshot,
            ledger,
            max_concurrent_requests,
            sessions,
            facts,
            throttle,
            holds,
            redaction,
            access_log,
            metrics,
            clock,
        } = parts;
        let recorder = Recorder::new(RecorderParts {
            ledger: Arc::clone(&ledger),
            metrics: Arc::clone(&metrics),
            clock: Arc::clone(&clock),
            live: Arc::clone(facts.live()),
        });
        Self {
            snapshot,
            ledger,
            slots: Slots::new(max_concurrent_requests),
            recorder: Arc::new(recorder),
            access_log,
            sessions,
            throttle,
            tool_names: Arc::default(),
            facts,
            holds,
            redaction,
            metrics,
            clock,
        }
    }

    /// Whose credentials failed.
    #[must_use]
    pub const fn throttle(&self) -> &Arc<AuthThrottle> {
        &self.throttle
    }

    /// Where calls wait for people.
    #[must_use]
    pub const fn holds(&self) -> &Arc<HoldDesk> {
        &self.holds
    }

    /// What decisions are made with besides the policies.
    #[must_use]
    pub const fn facts(&self) -> &Arc<Deciding> {
        &self.facts
    }

    /// What is known of callers: uses of their grants, and their conduct.
    #[must_use]
    pub fn live(&self) -> &Arc<Live> {
        self.facts.live()
    }

    /// Takes a place among the requests under way, before a body is read into memory. Without one the request is refused unread
    /// ([`Self::shed`]).
    #[must_use]
    pub fn admit(&self) -> Option<Slot> {
        self.slots.take()
    }

    /// Whether so many requests are under way that strangers should not wait with a place of theirs for a body to come.
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        self.slots.is_crowded()
    }

    /// Judges a request whose body is complete.
    ///
    /// INVARIANT: the snapshot is loaded here and nowhere else on the way of a request, and a [`Permit`] exists only after
    /// the ledger took the record. Every failure on the way, a panic included, is a refusal.
    ///
    /// `access` is left what the access log will say of the request; it is ended with [`Self::log_access`].
    pub async fn judge(&self, incoming: Incoming<'_>, access: &mut Option<AccessLine>) -> Verdict {
        self.judge_read(incoming, None, None, access).await
    }

    /// Refuses a request whose body could not be read, for the reason `error` gives. A caller that is not known is told only
    /// that; of one that is, the refusal is recorded.
    pub async fn refuse_unread(
        &self,
        incoming: Incoming<'_>,
        error: ExtractError,
        access: &mut Option<AccessLine>,
    ) -> Box<Refusal> {
        match self.judge_read(incoming, Some(error), None, access).await {
            Verdict::Refuse(refusal) => refusal,
            // `assess_unread` forwards and holds nothing; should it ever, this still does not.
            Verdict::Forward(_) | Verdict::Wait(_) => Box::new(Refusal::internal(None)),
        }
    }

    /// Judges a request again that has waited for its hold.
    pub(super) async fn judge_again(
        &self,
        incoming: Incoming<'_>,
        resumed: Resumed,
        access: &mut Option<AccessLine>,
    ) -> Verdict {
        self.judge_read(incoming, None, Some(resumed), access).await
    }

    async fn judge_read(
        &self,
        incoming: Incoming<'_>,
        unread: Option<ExtractError>,
        resumed: Option<Resumed>,
        access: &mut Option<AccessLine>,
    ) -> Verdict {
        let started = Instant::now();
        let now = self.clock.now();
        let assessed = catch_unwind(AssertUnwindSafe(|| {
            let snapshot = self.snapshot.load();
            let (id, facts) = (self.clock.id(REQUEST, now), Facts::at(now));
            let assessed = match unread {
                None => self.assess(&snapshot, incoming, id, facts, resumed.is_some()),
                Some(error) => self.assess_unread(&snapshot, incoming, error, id, facts),
            };
            self.with_access(assessed, &id, now)
        }))
        .unwrap_or_else(|_panic| self.panicked());
        let Assessed { answer, record, route, outcome, code, rpc_id, access: line, noted } = assessed;
        if let (Some(Resumed { hold, ticket: false, .. }), Answer::Refuse(_)) = (resumed, &answer) {
            // Nobody will come back for it.
            let _dropped = self.holds.drop_unheard(hold, false).await;
        }
        let judged = match answer {
            // Boxed: what is rarely needed must not make the future of every request longer.
            Answer::Held(held) => Box::pin(self.stand(held, resumed, now)).await,
            Answer::Forward(forwarding) => {
                Judged { then: Then::Forward(forwarding), record, outcome, code, noted }
            }
            Answer::Refuse(refusal) => Judged { then: Then::Refuse(refusal), record, outcome, code, noted },
        };
        let recorded = match &judged.record {
            Some(record) => self.record(record, now).await,
            None => Ok(()),
        };
        let (outcome, code) = match &recorded {
            Ok(()) => (judged.outcome, judged.code),
            Err(_) => (None, ReasonCode::LedgerUnavailable),
        };
        if recorded.is_ok() {
            self.note_gates(judged.noted.as_deref());
        }
        *access = line.map(|line| line.judged(outcome, code));
        self.metrics.observe_processing(started);
        let then = match recorded {
            Ok(()) => judged.then.recorded(),
            Err(error) => self.unrecorded(judged.then, &error, rpc_id).await,
        };
        // What waits is counted when it is known what became of it.
        if !matches!(then, Then::Wait(_)) {
            match &route {
                Some(route) => self.metrics.count(&route.name, &route.counters, outcome, code),
                None => self.metrics.requests("", outcome, code).inc(),
            }
        }
        match then {
            Then::Forward(forwarding) => {
                // What is let through although it is not allowed (mode `shadow`) says nothing of what is usual.
                if let (Some(who), Some(Outcome::Allow)) = (forwarding.who(), outcome) {
                    self.facts.live().let_through(&who, now);
                }
                Verdict::Forward(Permit::new(forwarding))
            }
            Then::Refuse(refusal) => Verdict::Refuse(refusal),
            Then::Wait(waiting) => Verdict::Wait(waiting),
        }
    }

    /// What becomes of a call that wants a person. Let through, it counts in its session.
    async fn stand(&self, mut held: Box<Held>, resumed: Option<Resumed>, now: Timestamp) -> Judged {
        let step = held.step.take();
        let judged = held.stand(&self.holds, &self.facts, resumed).await;
        if let (Some(step), Then::Forward(_)) = (step, &judged.then) {
            self.facts.count_later(&step, now);
        }
        judged
    }

    /// The ledger took no record of what was to be done, so it is not done.
    async fn unrecorded(&self, then: Then, error: &AppendError, rpc_id: Option<String>) -> Then {
        tracing::error!(%error, "the ledger took no record; the call was refused");
        match then {
            Then::Forward(mut forwarding) => {
                forwarding.give_back().await;
                forwarding.withdraw(error);
            }
            Then::Wait(waiting) => self.drop_if_unheard(&waiting).await,
            Then::Refuse(_) => {}
        }
        Then::Refuse(Box::new(Refusal::ledger_unavailable(rpc_id)))
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

    /// The line of a request whose caller is not known.
    fn with_access(&self, mut assessed: Assessed, id: &Id, now: Timestamp) -> Assessed {
        if let (Some(log), None) = (&self.access_log, &assessed.access) {
            let route = assessed.route.as_ref().map(|route| &*route.name);
            let request = AccessRequest { request_id: Some(id), route, ..AccessRequest::default() };
            assessed.access = Some(log.begin(now, request));
        }
        assessed
    }

    /// Ends the line of a request in the access log, where there is one. `line` is what [`Self::judge`] left, `ended_by`
    /// why it came to something else than what was judged, `status` what the caller was answered.
    pub fn log_access(
        &self,
        line: Option<AccessLine>,
        ended_by: Option<ReasonCode>,
        status: Option<u16>,
        elapsed: Duration,
    ) {
        let Some(log) = &self.access_log else { return };
        // Without a line nothing was judged: shed, or ended before its body was whole.
        let mut line = line.unwrap_or_else(|| log.begin(self.clock.now(), AccessRequest::default()));
        if let Some(code) = ended_by {
            line.ended_by(code);
        }
        log.end(line, status, elapsed);
    }

    /// Writes what is left to be written: execution records the ledger did not take at once, and the access log. For when
    /// nothing is under way any more, and before the ledger is closed.
    pub fn close(&self) {
        self.holds.close();
        self.recorder.close();
        if let Some(log) = &self.access_log {
            log.close();
        }
    }

    /// Appends a record without waiting for it to be durable.
    pub(super) fn append(&self, payload: &[u8], now: Timestamp) -> Result<(), AppendError> {
        self.ledger.append(payload, now).map(|_| ())
    }

    pub(super) async fn record(&self, payload: &[u8], now: Timestamp) -> Result<(), AppendError> {
        let started = Instant::now();
        self.ledger.record(payload, now).await?;
        self.metrics.observe_append(started);
        Ok(())
    }

    /// The same for what people approve or administer, which may use the reserve of free space.
    pub(super) async fn record_approval(&self, payload: &[u8], now: Timestamp) -> Result<(), AppendError> {
        self.ledger.record_from_reserve(payload, now).await.map(|_| ())
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
            answer: Answer::Refuse(Box::new(Refusal::internal(None))),
            record: Some(record.payload()),
            route: None,
            outcome: Some(Outcome::Deny),
            code,
            rpc_id: None,
            access: self.access_log.as_ref().map(|log| log.begin(self.clock.now(), AccessRequest::default())),
            noted: None,
        }
    }
}
