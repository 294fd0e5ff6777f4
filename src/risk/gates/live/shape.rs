//! What the parameters of a call look like, whatever their values are.

use sha2::{Digest as _, Sha256};

use crate::model::json::Json;

/// The shape of parameters: names and types, no values. Two calls of one shape differ in values, order of members, length of arrays, and
/// nothing else. The first 16 bytes of a SHA-256, so that nobody can make a call look like a familiar one of another shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParameterShape([u8; 16]);

impl ParameterShape {
    /// The shape of `value`. The time it takes is that of sorting the members; its depth is that of the value, which the reader limits.
    ///
    /// Hashed are the name of the type and, of an object, the members sorted by name, each as the length of the name (8 bytes, big-endian), the
    /// name, and its shape; of an array, each different shape of its elements once, sorted. Integers and decimals are one type.
    #[must_use]
    pub fn of(value: &Json<'_>) -> Self {
        let mut digest = Sha256::new();
        digest.update(value.type_name());
        match value {
            Json::Object(members) => {
                let mut members: Vec<_> =
                    members.iter().map(|(name, value)| (name.as_str(), value)).collect();
                members.sort_unstable_by_key(|(name, _)| *name);
                for (name, value) in members {
                    digest.update((name.len() as u64).to_be_bytes());
                    digest.update(name);
                    digest.update(Self::of(value).0);
                }
            }
            Json::Array(items) => {
                let mut shapes: Vec<_> = items.iter().map(Self::of).collect();
                shapes.sort_unstable();
                shapes.dedup();
                for Self(shape) in shapes {
                    digest.update(shape);
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
        let whole: [u8; 32] = digest.finalize().into();
        let (first, _) = whole.as_chunks();
        Self(first.first().copied().unwrap_or_default())
    }
}
