//! The ledger as its owners meet it: disks that fail, files that somebody changed, and what must never be in it.

mod damage;
mod executions;
mod facts;
mod faults;
mod files;
mod index;
mod redaction;
