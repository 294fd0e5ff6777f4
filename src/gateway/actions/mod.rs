//! Actions of the policy server (document 002): decided dry, or decided, recorded and then run by an [`Executor`].
//!
//! The steps are those of the data plane: decide, hold or approve, record, and only then run; what became of it is a second record
//! that a guard writes whatever happens. Start reading at [`ActionDesk::execute`] in `execute.rs`.

mod answer;
mod desk;
mod execute;
mod executor;
mod run;
mod standing;

pub use answer::{ActionAnswer, ActionRefused};
pub use desk::{ActionCaller, ActionDesk, ActionDeskParts, Approval, DryRun};
pub use executor::{Executor, ExecutorAction, ExecutorError, NoExecutor};
