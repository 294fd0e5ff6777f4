//! The governance API of document 001, the enforcement API of document 000, and the audit log, as their clients reach them.

mod audit_log;
mod decisions;
mod described;
mod enforcement;
mod errors;
mod idempotency;
mod world;

pub use described::is_described;
