//! L4: the enforcement point, without a framework.
//!
//! May import L0 to L3. Start reading at [`Gateway::judge`] in `pipeline.rs`: identify, extract, decide, record, and only then
//! a [`Permit`], without which `proxy` cannot forward anything.

mod actions;
mod assess;
mod callers;
mod clock;
mod error;
mod execution;
mod head;
mod holding;
mod in_flight;
mod permit;
mod pipeline;
mod publish;
mod refusal;
mod upstreams;

pub use actions::{
    ActionAnswer, ActionCaller, ActionDesk, ActionDeskParts, ActionRefused, Approval, Executor,
    ExecutorAction, ExecutorError, NoExecutor,
};
pub use callers::{AuthThrottle, KeyAdmin, KeyDesk, KeyRates, KeyRefused, RateStanding, live as live_keys};
pub use clock::{Clock, SystemClock};
pub use error::PublishError;
pub use execution::Sent;
pub use head::Incoming;
pub use holding::{Consumed, HoldDesk, HoldError, HoldNote, Waiting};
pub use in_flight::{InFlight, InFlightGuard};
pub use permit::{Forwarding, Permit};
pub use pipeline::{Gateway, GatewayParts, Verdict};
pub use publish::{Build, Candidate, KeyChange, Publisher, Rejection, SnapshotStatus};
pub use refusal::{Refusal, RefusalForm};

#[cfg(test)]
mod tests;
