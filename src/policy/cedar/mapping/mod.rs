//! From a call to what Cedar is asked: who, what, on what, with what. Start reading at [`Vocabulary`].
//!
//! Nothing a caller sends is ever read as Cedar: ids, names and arguments become values as they are. Imports `model` and the engine.

mod decimal;
mod map;
mod value;
mod vocabulary;
mod written;

pub use map::{CedarQuestion, Unmapped};
pub use vocabulary::{Vocabulary, VocabularyError, check_prefix};
pub use written::{WrittenEntity, WrittenRequest, written};
