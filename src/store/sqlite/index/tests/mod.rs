//! Tests of the index over SQLite.

mod faults;
mod plans;
mod property;
mod world;
