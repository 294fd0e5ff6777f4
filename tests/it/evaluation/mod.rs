//! The evaluation API of document 003: proposed changes through the six gates.

mod answers;
mod overrides;
mod refusals;
mod verb;
mod world;
