//! Writing: one process, one epoch, one writer at a time, two threads behind it.
//!
//! Imports `audit`'s own modules and `model`. `append.rs` is the hot path; `keeper.rs` prepares the space it writes into;
//! `syncer.rs` makes what it wrote durable; `wake.rs` is how a caller waits for that; `lifecycle.rs` opens and closes.

mod append;
mod handle;
mod keeper;
mod lifecycle;
mod options;
mod segment;
mod sync;
mod syncer;
mod wake;

pub use append::Appended;
pub use handle::{Ledger, LedgerStatus};
pub use lifecycle::{OpenReport, Predecessor};
pub use options::{Durability, LedgerOptions, Probes, Space};
