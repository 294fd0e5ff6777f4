//! What of a call's arguments must not be stored, by the name of the key.

/// Decides by key name (`audit.redact`): a key that contains one of the words, in any letter case and with `-` or `_`
/// left out, has its value replaced before anything is stored.
#[derive(Clone, Debug, Default)]
pub struct Redaction {
    words: Vec<String>,
}

impl Redaction {
    /// Redacts keys that contain one of `words`.
    pub fn new(words: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let words = words.into_iter().map(|word| plain(word.as_ref())).filter(|word| !word.is_empty());
        Self { words: words.collect() }
    }

    /// Whether the value of `key` must not be stored.
    #[must_use]
    pub fn hides(&self, key: &str) -> bool {
        if self.words.is_empty() {
            return false;
        }
        let key = plain(key);
        self.words.iter().any(|word| key.contains(word.as_str()))
    }
}

fn plain(text: &str) -> String {
    text.chars().filter(|letter| !matches!(letter, '_' | '-' | ' ' | '.')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::Redaction;

    #[test]
    fn hides_by_part_of_the_name() {
        let redaction = Redaction::new(["api_key", "Token"]);
        for (key, hidden) in
            [("apiKey", true), ("X-Api-Key", true), ("access_token_2", true), ("path", false), ("tok", false)]
        {
            assert_eq!(redaction.hides(key), hidden, "{key}");
        }
    }
}
