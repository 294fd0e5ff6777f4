//! The data plane: what comes in, what goes on to the tool, and what comes back.

mod bodies;
mod failures;
mod heads;
mod identity;
mod modes;
mod openapi;
mod paths;
mod streams;
