//! What is remembered: sessions, uses of grants, the conduct of callers, and all of it over a restart.

mod checkpoints;
mod conduct;
mod observed;
mod rates;
mod sessions;
mod shared;
mod support;
mod threads;
