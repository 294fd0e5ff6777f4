//! Capability names: the dotted names that policies speak of.

use std::fmt;

use thiserror::Error;

/// Longest capability name, in bytes.
const CAPABILITY_MAX_BYTES: usize = 128;

/// Most dot-separated parts of a capability name.
const CAPABILITY_MAX_PARTS: usize = 8;

/// A checked capability name: `[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,7}`, at most 128 bytes, such as `files.read_file`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CapabilityName(String);

/// A text that is no capability name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "not a capability name: two to eight parts joined by dots, each a lower-case letter followed by lower-case letters, \
     digits or _, 128 bytes at most (such as \"files.read_file\")"
)]
pub struct CapabilityError;

impl CapabilityName {
    /// Checks `text` against the grammar.
    ///
    /// # Errors
    /// [`CapabilityError`] when the text is not a capability name.
    pub fn parse(text: &str) -> Result<Self, CapabilityError> {
        let parts = text.split('.').count();
        let fits = text.len() <= CAPABILITY_MAX_BYTES && (2..=CAPABILITY_MAX_PARTS).contains(&parts);
        if fits && text.split('.').all(is_part) { Ok(Self(text.to_owned())) } else { Err(CapabilityError) }
    }

    /// The name under a route's `prefix` (one or more parts) for a tool or operation called `name` by its server.
    /// `None` when no capability name can be made of it; see [`lower_snake`].
    #[must_use]
    pub fn under(prefix: &str, name: &str) -> Option<Self> {
        let mut text = String::with_capacity(prefix.len() + 1 + name.len() + 4);
        text.push_str(prefix);
        text.push('.');
        if is_part(name) {
            text.push_str(name);
        } else {
            text.push_str(&lower_snake(name)?);
        }
        (text.len() <= CAPABILITY_MAX_BYTES).then_some(Self(text))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CapabilityName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Turns a tool's or operation's own name into one part of a capability name: `delete-file` and `deleteFile` become
/// `delete_file`. `None` when something is left that the grammar does not know (a letter outside ASCII, a leading digit,
/// nothing at all): such a tool must be named in the route's `tools`.
#[must_use]
pub fn lower_snake(name: &str) -> Option<String> {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut previous = None;
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            'A'..='Z' => {
                // A new word starts at a capital after a small letter or digit (readFile), and at the last capital of a
                // run that small letters follow (HTTPServer).
                let after_small = matches!(previous, Some(before) if matches!(before, 'a'..='z' | '0'..='9'));
                let ends_run = matches!(previous, Some('A'..='Z'))
                    && letters.peek().is_some_and(char::is_ascii_lowercase);
                if (after_small || ends_run) && !snake.ends_with('_') {
                    snake.push('_');
                }
                snake.push(letter.to_ascii_lowercase());
            }
            'a'..='z' | '0'..='9' => snake.push(letter),
            '_' | '-' | '.' | '/' | ' ' | ':' => snake.push('_'),
            _ => return None,
        }
        previous = Some(letter);
    }
    is_part(&snake).then_some(snake)
}

fn is_part(part: &str) -> bool {
    part.bytes().next().is_some_and(|first| first.is_ascii_lowercase())
        && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar_admits_and_refuses() {
        for good in ["a.b", "files.read_file", "a1.b2.c3.d4.e5.f6.g7.h8"] {
            assert!(CapabilityName::parse(good).is_ok(), "{good}");
        }
        let long = format!("a.{}", "b".repeat(127));
        for bad in
            ["", "files", "Files.read", "files..read", "files.1x", "a.b.c.d.e.f.g.h.i", "files.rëad", &long]
        {
            assert!(CapabilityName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn tool_names_become_lower_snake() {
        for (name, snake) in [
            ("delete_file", Some("delete_file")),
            ("delete-file", Some("delete_file")),
            ("deleteFile", Some("delete_file")),
            ("HTTPServer", Some("http_server")),
            ("readV2File", Some("read_v2_file")),
            ("admin.tools.list", Some("admin_tools_list")),
            ("löschen", None),
            ("2fa", None),
            ("", None),
        ] {
            assert_eq!(lower_snake(name).as_deref(), snake, "{name}");
        }
    }
}
