//! Identifiers: a prefix that says of what, and 26 characters that carry the time and randomness.

use std::fmt;

use crate::model::time::Timestamp;

/// Characters of [`Id`]'s text behind the prefix.
pub const ID_TEXT_BYTES: usize = 26;

/// A UUIDv7 (RFC 9562) behind a prefix: `dec_` + 26 lower-case base32 characters (RFC 4648 alphabet, no padding).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id {
    prefix: &'static str,
    text: [u8; ID_TEXT_BYTES],
}

/// Prefix of decision ids.
pub const DECISION: &str = "dec_";
/// Prefix of request ids.
pub const REQUEST: &str = "req_";
/// Prefix of the ids of holds.
pub const HOLD: &str = "hld_";

impl Id {
    /// An id of the moment `now`, made unique by `random`, which the caller draws (nothing in `model` does).
    #[must_use]
    pub fn new(prefix: &'static str, now: Timestamp, random: [u8; 10]) -> Self {
        let mut uuid = [0_u8; 16];
        let [_, _, millis @ ..] = now.as_millis().to_be_bytes();
        for (slot, byte) in uuid.iter_mut().zip(millis.into_iter().chain(random)) {
            *slot = byte;
        }
        // Version 7 and the RFC 9562 variant.
        uuid[6] = uuid[6] & 0x0f | 0x70;
        uuid[8] = uuid[8] & 0x3f | 0x80;
        Self { prefix, text: base32(u128::from_be_bytes(uuid)) }
    }

    /// The id that `text` is the text of, under `prefix`; `None` when it is none.
    #[must_use]
    pub fn parse(prefix: &'static str, text: &str) -> Option<Self> {
        let text: [u8; ID_TEXT_BYTES] = text.strip_prefix(prefix)?.as_bytes().try_into().ok()?;
        text.iter().all(|byte| ALPHABET.contains(byte)).then_some(Self { prefix, text })
    }

    /// The same moment and randomness under another prefix: the ids of things that belong together.
    #[must_use]
    pub const fn with_prefix(self, prefix: &'static str) -> Self {
        Self { prefix, text: self.text }
    }

    /// The id's text without its prefix.
    #[must_use]
    pub fn suffix(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    /// The id as other documents write it: the UUID behind it, lower case with dashes.
    #[must_use]
    pub fn uuid(&self) -> String {
        let group = |letter: &u8| ALPHABET.iter().position(|known| known == letter).unwrap_or_default();
        // 26 groups of five are 130 bits, of which the last two are filling.
        let (last, groups) = self.text.split_last().unwrap_or((&b'a', &[]));
        let bits = groups.iter().fold(0_u128, |bits, letter| bits << 5 | group(letter) as u128);
        let bits = bits << 3 | (group(last) >> 2) as u128;
        let hex = format!("{bits:032x}");
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
    }

    /// Length of the id's text, in bytes.
    #[must_use]
    pub const fn text_bytes(&self) -> usize {
        self.prefix.len() + ID_TEXT_BYTES
    }

    /// Appends the id's text.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.prefix.as_bytes());
        out.extend_from_slice(&self.text);
    }
}

/// RFC 4648's alphabet, in lower case.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The 128 bits in groups of five, the last group filled up with two zero bits, as RFC 4648 does.
fn base32(value: u128) -> [u8; ID_TEXT_BYTES] {
    let mut text = [b'a'; ID_TEXT_BYTES];
    let mut shift = 128;
    for slot in &mut text {
        shift -= 5;
        let group = if shift >= 0 { value >> shift } else { value << -shift };
        *slot = ALPHABET.get(usize::from((group & 31) as u8)).copied().unwrap_or(b'a');
    }
    text
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.prefix, self.suffix())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_back_from_its_text_and_from_nothing_else() {
        let id = Id::new(HOLD, Timestamp::from_micros(1_795_414_794_123_456), [7; 10]);
        let text = id.to_string();
        assert_eq!(Id::parse(HOLD, &text), Some(id));
        let (cut, other) = (text.split_at(29).0, text.replace("hld_", "dec_"));
        for bad in ["", "hld_", id.suffix(), cut, &other, &text.to_uppercase()] {
            assert_eq!(Id::parse(HOLD, bad), None, "{bad}");
        }
    }

    #[test]
    fn and_its_uuid_are_the_same_bits() {
        let id = Id::new(
            DECISION,
            Timestamp::from_micros(1_795_414_794_123_000),
            [1, 2, 3, 4, 5, 6, 7, 8, 9, 255],
        );
        assert_eq!(id.uuid(), "01a2070f-9f8b-7102-8304-05060708_09ff".replace('_', ""));
        assert_eq!(
            Id::new(DECISION, Timestamp::from_micros(0), [255; 10]).uuid(),
            "00000000-0000-7fff-bfff-ffffffffffff"
        );
    }

    #[test]
    fn is_the_base32_of_a_version_7_uuid() {
        let id = Id::new(DECISION, Timestamp::from_micros(1_795_414_794_123_456), [0xff; 10]);
        let text = id.to_string();
        assert_eq!(text.len(), 4 + ID_TEXT_BYTES);
        let bytes = data_encoding::BASE32_NOPAD
            .decode(text.strip_prefix("dec_").unwrap().to_uppercase().as_bytes())
            .unwrap();
        assert_eq!(bytes[..6], 1_795_414_794_123_u64.to_be_bytes()[2..]);
        assert_eq!((bytes[6] >> 4, bytes[8] >> 6), (7, 2));
    }
}
