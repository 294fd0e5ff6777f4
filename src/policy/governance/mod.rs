//! What is administered besides rules: capabilities, policies, grants, statuses of actors, kill switches, and Cedar's engines.
//!
//! Imports `model`, `policy::cedar` and `policy::conditions`. Start reading at [`Object`], then [`raw`] (as written).

mod ask;
mod content;
mod object;
mod objects;
pub mod raw;
mod read;
mod schema;
mod window;

pub use ask::{Combine, Governance, Matched, PolicyAnswer, PolicyQuestion, Prospect, Untold};
pub use content::{
    ActorStatus, Capability, CapabilityPattern, CedarEnforcement, CedarEngine, CedarPolicyContent, Grant,
    KillSwitch, Policy, PolicyRule, SharedLimit, Standing,
};
pub use object::{Content, Kind, Object, ObjectKey, Source, Stamp};
pub use objects::Objects;
pub use read::{CEDAR_ENGINE_RULE, is_cedar_engine_name};
pub use read::{Defaults, Written, file_schema, read, read_file, schema};
pub use schema::{ParameterSchema, SchemaError, SchemaMismatch};
pub use window::{TimeWindow, TimeWindowError};

#[cfg(test)]
mod tests;
