//! From text to policy and schema, or to everything that is wrong with it. Start reading at [`read`].
//!
//! Imports problems and findings.

mod extent;
mod file;
mod policy;
mod scan;
mod schema;

pub use file::{FileProblem, FiledPolicy, PolicyFile, read_files};
pub(super) use policy::with_room;
pub use policy::{CedarPolicy, Effect, read};
pub(super) use scan::{could_forbid, could_read_system, is_deep};
pub use schema::CedarSchema;
