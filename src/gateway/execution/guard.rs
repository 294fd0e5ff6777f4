//! A call under way at a tool, as a guard: its record is written when it is dropped, so exactly once, also by a panic, a
//! caller that leaves or a gateway that stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::audit::execution::{Ended, ExecutionOf, ExecutionRecord};
use crate::decision::Route;
use crate::facts::Who;
use crate::gateway::Consumed;
use crate::gateway::execution::{Became, Recorder};
use crate::model::decision::{ExecutionResult, ReasonCode, Witnessed};

/// Whether at least a byte of a request was sent to its tool. Clones tell of the same request.
#[derive(Clone, Debug, Default)]
pub struct Sent(Arc<AtomicBool>);

impl Sent {
    /// A byte was sent, or may have been.
    pub fn mark(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether one was, as far as is known.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The execution of a call that was let through.
#[derive(Debug)]
pub(in crate::gateway) struct Execution {
    recorder: Arc<Recorder>,
    route: Arc<Route>,
    /// Whose call it is; `None` where nothing was decided of it.
    who: Option<Who>,
    /// `None` once it is written, or is not to be.
    record: Option<ExecutionRecord>,
    sent: Sent,
    /// The approval that lets the call through, if it was one.
    approval: Option<Consumed>,
    started: Option<Instant>,
    status: Option<u16>,
    response_bytes: u64,
    /// What ended it; `Ok` once the whole answer was passed on.
    ending: Result<(), ReasonCode>,
}

impl Execution {
    /// The execution of the call that `of` names; without, of a protocol message, which leaves no second record.
    pub(in crate::gateway) fn new(
        recorder: &Arc<Recorder>,
        route: &Arc<Route>,
        of: Option<ExecutionOf<'_, '_>>,
    ) -> Self {
        Self {
            recorder: Arc::clone(recorder),
            route: Arc::clone(route),
            who: of.filter(|of| of.decision_id.is_some()).and_then(who),
            record: of.map(ExecutionRecord::begin),
            sent: Sent::default(),
            approval: None,
            started: None,
            status: None,
            response_bytes: 0,
            // Until something else is known.
            ending: Err(ReasonCode::Interrupted),
        }
    }

    /// Whose call it is; `None` where nothing was decided of it.
    pub(in crate::gateway) const fn who(&self) -> Option<Who> {
        self.who
    }

    /// To be marked as the first byte leaves for the tool.
    pub(in crate::gateway) const fn sent(&self) -> &Sent {
        &self.sent
    }

    /// The approval that lets the call through.
    pub(in crate::gateway) fn consumes(&mut self, approval: Consumed) {
        self.approval = Some(approval);
    }

    /// That approval, if nothing was sent by its virtue.
    pub(in crate::gateway) fn unused_approval(&mut self) -> Option<Consumed> {
        if self.sent.is_marked() || self.status.is_some() { None } else { self.approval.take() }
    }

    /// The permit is spent.
    pub(in crate::gateway) fn begin(&mut self) {
        self.started = Some(Instant::now());
    }

    /// The head of the tool's answer came.
    pub(in crate::gateway) const fn answered(&mut self, status: u16) {
        self.status = Some(status);
    }

    /// So many bytes of its body came.
    pub(in crate::gateway) const fn received(&mut self, bytes: usize) {
        self.response_bytes += bytes as u64;
    }

    /// How it ended. What is told last holds.
    pub(in crate::gateway) const fn ended(&mut self, ending: Result<(), ReasonCode>) {
        self.ending = ending;
    }

    /// It was never let through, and no record of it is in the ledger.
    pub(in crate::gateway) fn forget(&mut self) {
        self.record = None;
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        if let Some(approval) = self.approval.take() {
            approval.ended(self.sent.is_marked() || self.status.is_some());
        }
        let Some(record) = self.record.take() else { return };
        let code = match self.ending {
            Ok(()) => None,
            Err(_) if std::thread::panicking() => Some(ReasonCode::InternalError),
            Err(code) => Some(code),
        };
        let (sent, answered) = (self.sent.is_marked(), self.status.is_some());
        let result = ExecutionResult::of(Witnessed { sent, answered, ended_by: code });
        let ended = Ended {
            result,
            code,
            status: self.status,
            response_bytes: self.response_bytes,
            duration: self.started.map_or(Duration::ZERO, |started| started.elapsed()),
        };
        let route = (&*self.route.name, &self.route.counters);
        let became = Became { who: self.who, result, status: self.status };
        self.recorder.record(record.end(&ended), route, became);
    }
}

/// Whose call it is, by what its records say of it.
fn who(of: ExecutionOf<'_, '_>) -> Option<Who> {
    Some(Who::new(&of.principal.tenant, &of.principal.id, of.action.capability()?))
}
