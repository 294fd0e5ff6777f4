//! Reads administered objects: from bodies of the API, from files, and from what the store kept. Start at [`read`] and [`read_file`].
//!
//! Imports `model`, `policy::conditions` and the types around it. Every field is looked at where it was written, so that all problems
//! are told at once and each with its place.

mod cedar;
mod fields;
mod file;
mod object;
mod policy;
mod reader;

pub use cedar::{CEDAR_ENGINE_RULE, is_cedar_engine_name};
pub use file::{file_schema, read_file};
pub use object::{Defaults, Written, read, schema};
