//! What stands for texts and ids in the index: hashes, and the 128 bits of an id.
//!
//! Imports `model`. A [`Tag`] finds and never proves: what it finds is read from the ledger and compared as text.

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

use crate::model::id::ID_TEXT_BYTES;
use crate::model::time::Timestamp;

/// The first eight bytes of the SHA-256 of a text, as SQLite's kind of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag(pub i64);

impl Tag {
    /// The tag of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let hash = Sha256::digest(text);
        Self(i64::from_be_bytes(hash.first_chunk().copied().unwrap_or_default()))
    }
}

/// The 128 bits of an id: the records of one call share them, whatever stands before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallKey(pub [u8; 16]);

impl CallKey {
    /// The bits of an id of ours (`dec_` and 26 letters) or of a UUID, with or without dashes; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((_, letters)) = text.split_once('_') {
            let mut upper: [u8; ID_TEXT_BYTES] = letters.as_bytes().try_into().ok()?;
            upper.make_ascii_uppercase();
            let mut bits = [0; 16];
            let decoded = BASE32_NOPAD.decode_mut(&upper, &mut bits).ok()?;
            return (decoded == bits.len()).then_some(Self(bits));
        }
        let mut bits: u128 = 0;
        let mut digits = 0;
        for (at, letter) in text.char_indices() {
            if letter == '-' && matches!(at, 8 | 13 | 18 | 23) {
                continue;
            }
            bits = bits.checked_mul(16)? | u128::from(letter.to_digit(16)?);
            digits += 1;
        }
        (digits == 32).then_some(Self(bits.to_be_bytes()))
    }

    /// The time it carries, to the millisecond, if it is a UUIDv7.
    #[must_use]
    pub fn time(&self) -> Option<Timestamp> {
        let [a, b, c, d, e, f, version, ..] = self.0;
        let millis = i64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        (version >> 4 == 7).then(|| Timestamp::from_micros(millis.saturating_mul(1000)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::{DECISION, Id};

    #[test]
    fn an_id_and_its_uuid_have_the_same_key_and_time() {
        let id = Id::new(DECISION, Timestamp::from_micros(1_795_414_794_123_456), [9; 10]);
        let key = CallKey::parse(&id.to_string()).unwrap();
        assert_eq!(key.time().unwrap().as_micros(), 1_795_414_794_123_000);
        let hex = data_encoding::HEXLOWER.encode(&key.0);
        let part = |range: std::ops::Range<usize>| hex.get(range).unwrap();
        let uuid = [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-");
        assert_eq!((CallKey::parse(&uuid), CallKey::parse(&hex)), (Some(key), Some(key)));
        for bad in
            ["", "dec_", "x", "dec_ää", part(1..32), &format!("{hex}0"), "dec_1aaaaaaaaaaaaaaaaaaaaaaaaa"]
        {
            assert_eq!(CallKey::parse(bad), None, "{bad}");
        }
    }
}
