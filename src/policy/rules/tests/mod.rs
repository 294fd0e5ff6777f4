//! The rules engine's tests, by what they are about. Start reading at `support.rs`.

mod conditions;
mod globs;
mod language;
mod lenient;
mod plan;
mod strict;
mod support;
