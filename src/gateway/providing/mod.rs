//! Who keeps Cedar engines and their policies: [`PolicyProvider`], with one implementation for each value of `policy.cedar.provider`.
//!
//! Start reading at `provider.rs`; `choice.rs` has which of them is in force, `turns.rs` who waits for whom.

mod choice;
mod embedded;
mod noop;
mod provider;
mod turns;

pub use choice::PolicyProviders;
pub use embedded::Embedded;
pub use noop::Noop;
pub use provider::{PolicyProvider, ProviderError};
