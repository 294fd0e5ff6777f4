//! Runs over made-up records (cases first: see `tests/cases/generation`), and over arbitrary ones.

mod cases;
mod config;
mod hostile;
mod laws;
mod limits;
mod moments;
mod sentences;
mod simulating;
mod support;
