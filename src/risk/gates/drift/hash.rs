//! The digest by which a baseline is known again.

use std::fmt;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// SHA-256 over the values of a baseline in their order, each as 8 bytes, big-endian binary64; negative zero counts as zero. Bits, not
/// digits: programs print one number in many ways. As text, 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BaselineHash([u8; 32]);

/// How many values are hashed at once: one by one, the calls would cost more than the hashing.
const BLOCK: usize = 64;

impl BaselineHash {
    /// The digest of `values`; there may be none.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let mut digest = Sha256::new();
        for values in values.chunks(BLOCK) {
            let mut bytes = [0; BLOCK * 8];
            let (slots, _) = bytes.as_chunks_mut();
            for (slot, value) in slots.iter_mut().zip(values) {
                // Adding zero changes nothing but the sign of a negative one.
                *slot = (value + 0.0).to_be_bytes();
            }
            digest.update(bytes.get(..values.len() * 8).unwrap_or_default());
        }
        Self(digest.finalize().into())
    }
}

impl fmt::Display for BaselineHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&HEXLOWER.encode(&self.0))
    }
}
