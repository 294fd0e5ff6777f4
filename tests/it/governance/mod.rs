//! The governance API of document 001 and the audit log, as their clients reach them.

mod audit_log;
mod decisions;
mod errors;
mod world;
