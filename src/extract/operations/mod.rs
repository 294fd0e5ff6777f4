//! REST: method and path template name the operation.
//!
//! May import `model` and what the protocols share. Start reading at [`OperationsExtractor`].

mod extractor;
mod index;

pub(in crate::extract) use extractor::is_json;
pub use extractor::{Operation, OperationsExtractor, OperationsInput};
