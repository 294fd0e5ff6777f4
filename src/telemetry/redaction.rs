//! What of a call must not be stored, by the name of the key. Imports `model`.

use crate::model::json::fold_case;

/// Decides by key name (`audit.redact`): a key that contains one of the words, in any letter case and with `-`, `_`, `.` and
/// spaces left out, has its value replaced before anything is stored.
#[derive(Clone, Debug, Default)]
pub struct Redaction {
    words: Vec<Vec<u8>>,
    /// Bit n: some word begins with byte n.
    firsts: [u64; 4],
}

/// Keys up to this long are compared without allocating, in bytes.
const SHORT_KEY_BYTES: usize = 64;

impl Redaction {
    /// Redacts keys that contain one of `words`.
    pub fn new(words: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let words = words.into_iter().map(|word| plain(word.as_ref())).filter(|word| !word.is_empty());
        let mut redaction = Self { words: words.collect(), firsts: [0; 4] };
        for word in &redaction.words {
            if let Some((slot, bit)) = word.first().and_then(|first| slot(&mut redaction.firsts, *first)) {
                *slot |= bit;
            }
        }
        redaction
    }

    /// Whether the value of `key` must not be stored.
    #[must_use]
    pub fn hides(&self, key: &str) -> bool {
        if self.words.is_empty() {
            return false;
        }
        // Called for every key of every call: the usual short ASCII key is folded on the stack.
        if key.len() > SHORT_KEY_BYTES || !key.is_ascii() {
            return self.contained_in(&plain(key));
        }
        let mut folded = [0; SHORT_KEY_BYTES];
        let mut length = 0;
        for (byte, slot) in key.bytes().filter(|byte| !is_separator(*byte)).zip(&mut folded) {
            *slot = byte.to_ascii_lowercase();
            length += 1;
        }
        self.contained_in(folded.get(..length).unwrap_or_default())
    }

    fn contained_in(&self, key: &[u8]) -> bool {
        let begins = |byte: u8| {
            let word = self.firsts.get(usize::from(byte >> 6)).copied().unwrap_or(0);
            word & (1 << (byte & 63)) != 0
        };
        key.iter().enumerate().filter(|(_, byte)| begins(**byte)).any(|(at, _)| {
            let rest = key.get(at..).unwrap_or_default();
            self.words.iter().any(|word| rest.starts_with(word))
        })
    }
}

fn slot(firsts: &mut [u64; 4], byte: u8) -> Option<(&mut u64, u64)> {
    Some((firsts.get_mut(usize::from(byte >> 6))?, 1 << (byte & 63)))
}

fn plain(text: &str) -> Vec<u8> {
    let letters: String =
        text.chars().filter(|letter| !u8::try_from(*letter).is_ok_and(is_separator)).collect();
    fold_case(&letters).into_bytes()
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'_' | b'-' | b' ' | b'.')
}

#[cfg(test)]
mod tests {
    use super::Redaction;

    #[test]
    fn hides_by_part_of_the_name() {
        let redaction = Redaction::new(["api_key", "Token"]);
        for (key, hidden) in [
            ("apiKey", true),
            ("X-Api-Key", true),
            ("access_token_2", true),
            ("path", false),
            ("tok", false),
            ("ÄPI-KEY", false),
            ("ÄAPI-KEY", true),
        ] {
            assert_eq!(redaction.hides(key), hidden, "{key}");
        }
    }
}
