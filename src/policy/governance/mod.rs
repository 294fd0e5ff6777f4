//! What is administered besides rules: capabilities, policies, grants, statuses of actors, kill switches.
//!
//! Imports `model` and `policy::conditions`. Start reading at [`Object`], then [`raw`] (as written).

mod content;
mod object;
mod objects;
mod pending;
pub mod raw;
mod schema;
mod window;

pub use content::{
    ActorStatus, Capability, CapabilityPattern, Grant, KillSwitch, Policy, PolicyRule, Standing,
};
pub use object::{Content, Kind, Object, ObjectKey, Source, Stamp};
pub use objects::Objects;
pub use pending::{Defaults, Governance, Written, file_schema, read, read_file};
pub use schema::ParameterSchema;
pub use window::TimeWindow;
