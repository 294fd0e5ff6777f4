//! The control listener, the command line and the samples: what operators see.

mod access_log;
mod admin_key;
mod audit_verbs;
mod check;
mod cli;
mod control;
mod demo;
mod holds;
mod keys;
mod samples;
mod snapshots;
mod status;
