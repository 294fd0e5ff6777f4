//! A JSON string: as written, and as meant.

use std::borrow::Cow;
use std::fmt;

/// A string of a JSON text. Keeps the escaped form, so that it can be written again without work, and the decoded form
/// only where the two differ.
#[derive(Clone)]
pub struct Text<'a> {
    raw: &'a str,
    decoded: Option<Box<str>>,
}

impl<'a> Text<'a> {
    /// A string without escapes: `raw` is what it says. The caller has checked that it holds no quote, backslash or
    /// control character.
    pub(super) const fn plain(raw: &'a str) -> Self {
        Self { raw, decoded: None }
    }

    /// A string whose escaped form is `raw` and whose meaning is `decoded`.
    pub(super) fn escaped(raw: &'a str, decoded: String) -> Self {
        Self { raw, decoded: Some(decoded.into_boxed_str()) }
    }

    /// A string from a value that was never JSON (a path segment, a query value). It is escaped when written.
    #[must_use]
    pub fn from_value(value: &'a str) -> Self {
        if value.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
            Self { raw: "", decoded: Some(value.into()) }
        } else {
            Self::plain(value)
        }
    }

    /// An owned string from a value that was never JSON.
    #[must_use]
    pub fn from_owned(value: String) -> Self {
        Self { raw: "", decoded: Some(value.into_boxed_str()) }
    }

    /// What the string means.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.decoded.as_deref().unwrap_or(self.raw)
    }

    /// What the string means, without a copy of it.
    #[must_use]
    pub fn into_cow(self) -> Cow<'a, str> {
        match self.decoded {
            Some(decoded) => Cow::Owned(decoded.into_string()),
            None => Cow::Borrowed(self.raw),
        }
    }

    /// The escaped form between the quotes, where there is one to reuse.
    #[must_use]
    pub(super) fn raw(&self) -> Option<&'a str> {
        let borrowed = !self.raw.is_empty() || self.decoded.as_deref().is_none_or(str::is_empty);
        borrowed.then_some(self.raw)
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text<'_> {}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

/// `text` as every way of ignoring letter case sees it: the letters that some libraries take for others (the long s, the Kelvin
/// sign, the Turkish i with and without its dot) become what they are taken for. Two texts that any of them calls equal have
/// one folding; some that none does may share one too.
#[must_use]
pub fn fold_case(text: &str) -> String {
    let dotted = |letter| if letter == '\u{130}' { 'i' } else { letter };
    let letters = text.chars().map(dotted).flat_map(char::to_lowercase);
    letters.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}
