//! Cedar: policies of the language of AWS's AgentCore, held in engines and asked about calls.
//!
//! May import `model` only, and is the only module that names Cedar's crates. The way of a policy: text -> [`read`] (or everything
//! that is wrong with it, with place) -> [`Engine`] (indexed by scope, so that a decision costs the same at ten and at a hundred
//! thousand policies) -> [`Verdict`]. The way of a call: [`Vocabulary::map`] -> [`Asked`]. Whatever cannot be read, mapped, evaluated
//! or said in Cedar denies.

mod access;
mod engine;
mod findings;
mod format;
mod index;
mod literal;
mod mapping;
mod problem;
mod read;

pub use access::ContextPath;
pub use engine::{
    Asked, AskedError, Broken, Change, Engine, EngineOptions, HeldPolicy, OnError, PolicyError, Quarantine,
    Refusal, Shadow, StoredPolicy, Touching, Verdict,
};
pub use findings::{CedarFinding, FindingType, findings};
pub use format::formatted;
pub use index::Mode;
pub use literal::string_literal;
pub use mapping::{
    CedarQuestion, Unmapped, Vocabulary, VocabularyError, WrittenEntity, WrittenRequest, check_prefix,
    written,
};
pub use problem::{CedarProblem, CedarProblems};
pub use read::{CedarPolicy, CedarSchema, Effect, FileProblem, FiledPolicy, PolicyFile, read, read_files};

#[cfg(test)]
mod tests;
