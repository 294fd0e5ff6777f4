//! Runs that make Cedar policies of what agents did: what is kept of them, and where.

#[cfg(test)]
mod memory;
mod run;
mod store;

#[cfg(test)]
pub(crate) use memory::MemoryGenerationStore;
pub use run::{GenerationRun, GenerationState};
pub use store::GenerationStore;
