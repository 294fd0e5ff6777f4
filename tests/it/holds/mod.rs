//! Calls that wait for a person, against a tool that counts: whatever happens, it runs once at most, and never without a yes.

mod approvals;
mod callers;
mod changes;
mod crashes;
mod faults;
mod ladder;
mod limits;
mod mcp;
mod races;
mod world;
