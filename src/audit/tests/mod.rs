//! The ledger from outside: chains, crashes, failing disks.

mod chain;
mod crash;
mod disk;
mod recent;
mod reconcile;
mod support;
