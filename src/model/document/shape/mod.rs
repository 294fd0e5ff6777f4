//! Does a document have the shape its JSON Schema asks for? All misfits at once, each with place, key and a hint.
//!
//! This walks the schema itself instead of mapping the errors of the `jsonschema` crate. A validator reports a misfit below
//! `anyOf` (an optional section, a secret that is a string or a mapping) as "is not valid under any of the schemas" and
//! repeats the instance, which may hold a secret; the walk knows which alternative was meant and descends into it. The price is that only
//! the keywords that `schemars` writes for our types are known; [`unsupported_keywords`] lets a test of each schema prove
//! that it uses no others, and the tests here hold the walk against `jsonschema` as an oracle.
//!
//! Imports nothing of ours. Start reading at [`check`].

mod choice;
mod nearest;
mod schema;
mod walk;

#[cfg(test)]
mod tests;

pub use nearest::nearest;
pub use schema::unsupported_keywords;
pub use walk::{Misfit, MisfitKind, check, check_up_to};
