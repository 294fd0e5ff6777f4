//! Tests of the SQLite store.

mod contract;
mod files;
mod keys;
mod lists;
mod plans;
mod property;
