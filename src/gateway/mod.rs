//! L4: the enforcement point, without a framework.
//!
//! May import L0 to L3. Start reading at [`Gateway::judge`] in `pipeline.rs`: identify, extract, decide, record, and only then
//! a [`Permit`], without which `proxy` cannot forward anything.

mod actions;
mod administer;
mod assess;
mod callers;
mod clock;
mod error;
mod execution;
mod generating;
mod head;
mod holding;
mod in_flight;
mod permit;
mod pipeline;
mod proposals;
mod providing;
mod publish;
mod rebuild;
mod refusal;
mod upstreams;

pub use actions::{
    ActionAnswer, ActionCaller, ActionDesk, ActionDeskParts, ActionRefused, Approval, DryRun, Executor,
    ExecutorAction, ExecutorError, NoExecutor,
};
pub use administer::{Administrator, Applied, DriftDesk, Recalibrated, Recalibration, RecalibrationRefused};
pub use callers::{
    AuthThrottle, KeyAdmin, KeyConflict, KeyDesk, KeyRates, KeyRefused, RateStanding, live as live_keys,
};
pub use clock::{Clock, SystemClock};
pub use error::{AdminError, PublishError};
pub use execution::Sent;
pub use generating::{GenerationDesk, GenerationRefused};
pub use head::Incoming;
pub use holding::{Consumed, HoldDesk, HoldError, HoldNote, Vote, Waiting};
pub use in_flight::{InFlight, InFlightGuard};
pub use permit::{Forwarding, Permit};
pub use pipeline::{Gateway, GatewayParts, Verdict};
pub use proposals::{
    Evaluated, EvaluationCaller, EvaluationDesk, EvaluationRefused, NotOverridable, OverrideDesk,
    OverrideError, ProposalAnswer, ProposalDesk, ProposalRefused, ReportRefused,
};
pub use providing::{Embedded, Noop, PolicyProvider, PolicyProviders, ProviderError};
pub use publish::{Build, Candidate, Publisher, PublisherParts, Rejection, SnapshotStatus};
pub use rebuild::{Begun, Fold, FoldStep, RebuildError, restore_sessions};
pub use refusal::{Refusal, RefusalForm};

#[cfg(test)]
mod tests;
