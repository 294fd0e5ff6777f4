//! Tests of the SQLite store.

mod contract;
mod files;
mod lists;
mod plans;
mod property;
