//! What the parameters of a call look like, whatever their values are.

use sha2::{Digest as _, Sha256};

use crate::model::call::{Body, Parameters};
use crate::model::json::Json;

/// The type name of objects, which begins their shape.
const OBJECT: &str = "object";

/// The shape of parameters: names and types, no values. Two calls of one shape differ in values, order of members, length of arrays, and
/// nothing else. The first 16 bytes of a SHA-256, so that nobody can make a call look like a familiar one of another shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParameterShape([u8; 16]);

impl ParameterShape {
    /// The shape of a call's parameters: that of their object, or of one with the members `path`, `query` and `body` where they are
    /// apart. Nothing of a body that could not be read is in it, and parameters of which nothing could be read are as none.
    #[must_use]
    pub fn of_parameters(parameters: &Parameters<'_>) -> Self {
        match parameters {
            Parameters::Flat(value) => Self::of(value),
            Parameters::Sections { path, query, body } => {
                let body = match body {
                    Body::Json(value) => Some(value),
                    Body::Absent | Body::Opaque { .. } => None,
                };
                // By name, as the members of any object are.
                let members = [("body", body), ("path", Some(path)), ("query", Some(query))];
                Self::of_members(members.into_iter().filter_map(|(name, value)| Some((name, value?))))
            }
            Parameters::Unknown { .. } => Self::of_members(std::iter::empty()),
        }
    }

    /// The shape of `value`. The time it takes is that of sorting the members; its depth is that of the value, which the reader limits.
    ///
    /// Hashed are the name of the type and, of an object, the members sorted by name, each as the length of the name (8 bytes, big-endian), the
    /// name, and its shape; of an array, each different shape of its elements once, sorted. Integers and decimals are one type.
    #[must_use]
    pub fn of(value: &Json<'_>) -> Self {
        let mut digest = Sha256::new();
        match value {
            Json::Object(members) => {
                let mut members: Vec<_> =
                    members.iter().map(|(name, value)| (name.as_str(), value)).collect();
                members.sort_unstable_by_key(|(name, _)| *name);
                return Self::of_members(members.into_iter());
            }
            Json::Array(items) => {
                digest.update(value.type_name());
                let mut shapes: Vec<_> = items.iter().map(Self::of).collect();
                shapes.sort_unstable();
                shapes.dedup();
                for Self(shape) in shapes {
                    digest.update(shape);
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
                digest.update(value.type_name())
            }
        }
        Self::first_half(digest)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> [u8; 16] {
        self.0
    }

    /// The shape of an object with `members`, which are sorted by name.
    fn of_members<'m>(members: impl Iterator<Item = (&'m str, &'m Json<'m>)>) -> Self {
        let mut digest = Sha256::new();
        digest.update(OBJECT);
        for (name, value) in members {
            digest.update((name.len() as u64).to_be_bytes());
            digest.update(name);
            digest.update(Self::of(value).0);
        }
        Self::first_half(digest)
    }

    fn first_half(digest: Sha256) -> Self {
        let whole: [u8; 32] = digest.finalize().into();
        let (first, _) = whole.as_chunks();
        Self(first.first().copied().unwrap_or_default())
    }
}
