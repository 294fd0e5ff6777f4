//! The verbs that work on policies without a gateway: what they print, and how they end.

mod corpus;
mod diff;
mod docs;
mod explain;
mod folder;
mod init;
mod lint;
mod mistakes;
mod simulate;
mod test_verb;

pub use folder::Folder;
