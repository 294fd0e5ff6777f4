//! The rules engine's tests, by what they are about.

mod language;
