//! JSON as the gateway reads it: strictly, whole, borrowed from the body.
//!
//! Imports nothing of ours. Two programs that read one text differently are how a forbidden call gets through, so
//! everything about which parsers disagree is refused here ([`JsonError`] lists it) rather than repaired. Start reading at
//! [`Reader::parse`]; [`NormalPath`] does the same for request paths.

mod canonical;
mod error;
mod parse;
mod path;
mod scan;
mod text;
mod value;
mod write;

pub use canonical::{MemberPath, write_canonical};
pub use error::{JsonError, JsonErrorKind};
pub use parse::{CaseEqualKeys, Reader};
pub(crate) use path::hex_pair;
pub use path::{NormalPath, PathAllowance, PathError};
pub use text::{Text, fold_case};
pub use value::{Json, Number, NumberValue};
pub use write::{write_json, write_json_string};

#[cfg(test)]
mod tests;
