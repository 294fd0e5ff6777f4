//! `aegis serve POLICY`: document 002's server, against the recorded answers of its model and in what is ours.

mod actions;
mod executor;
mod golden;
mod keys;
mod policies;
mod world;
