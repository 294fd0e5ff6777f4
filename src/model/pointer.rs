//! JSON pointers (RFC 6901) of the configuration, read once: where in an answer something stands.
//!
//! Imports nothing of ours.

use std::fmt;

use thiserror::Error;

/// Most tokens of a pointer: one for each level a strict reader opens.
const MAX_TOKENS: usize = 64;

/// A JSON pointer to something inside a value. A token that is `*` and nothing else stands for every element of an array and
/// every member of an object; a member that is itself called `*` is one of those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    tokens: Box<[Token]>,
}

/// One step of a pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// Every element or member.
    Every,
    /// The member of this name, or the element with this number.
    One {
        /// The name, unescaped.
        key: Box<str>,
        /// The number, where the name is one as RFC 6901 writes it: decimal, without leading zeros.
        index: Option<usize>,
    },
}

/// A text that is no pointer to something inside a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PointerError {
    /// It does not begin with `/`. The empty pointer is refused too: it means the whole value.
    #[error("not a JSON pointer to something inside the answer: it must start with /")]
    NoSlash,
    /// A `~` that is neither `~0` nor `~1`.
    #[error("not a JSON pointer: ~ stands only in ~0 (for ~) and ~1 (for /)")]
    Escape,
    /// More tokens than a value can be deep.
    #[error("the pointer has more than {MAX_TOKENS} steps")]
    TooLong,
}

impl Pointer {
    /// Reads a pointer such as `/customer/ssn` or `/items/*/price`.
    ///
    /// # Errors
    /// See [`PointerError`].
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        let rest = text.strip_prefix('/').ok_or(PointerError::NoSlash)?;
        let tokens = rest.split('/').map(Token::parse).collect::<Result<Box<[_]>, _>>()?;
        if tokens.len() > MAX_TOKENS { Err(PointerError::TooLong) } else { Ok(Self { tokens }) }
    }

    /// Its steps, at least one.
    #[must_use]
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }
}

/// As it is written: `/items/*/price`.
impl fmt::Display for Pointer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for token in &self.tokens {
            match token {
                Token::Every => formatter.write_str("/*")?,
                Token::One { key, .. } => {
                    write!(formatter, "/{}", key.replace('~', "~0").replace('/', "~1"))?
                }
            }
        }
        Ok(())
    }
}

impl Token {
    fn parse(text: &str) -> Result<Self, PointerError> {
        if text == "*" {
            return Ok(Self::Every);
        }
        if !text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1'])) {
            return Err(PointerError::Escape);
        }
        let key = text.replace("~1", "/").replace("~0", "~");
        let canonical = key == "0" || !key.starts_with('0');
        let is_number = canonical && !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
        let index = is_number.then(|| key.parse().ok()).flatten();
        Ok(Self::One { key: key.into(), index })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_written_as_it_was_read() {
        for text in ["/a/b", "/", "/a~1b/m~0n/~01", "/*/0/01/-"] {
            assert_eq!(Pointer::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn tokens_are_unescaped_and_numbered_as_the_standard_says() {
        let one = |key: &str, index| Token::One { key: key.into(), index };
        for (text, tokens) in [
            ("/a/b", vec![one("a", None), one("b", None)]),
            ("/", vec![one("", None)]),
            ("/a~1b/m~0n/~01", vec![one("a/b", None), one("m~n", None), one("~1", None)]),
            ("/0/10/01/-", vec![one("0", Some(0)), one("10", Some(10)), one("01", None), one("-", None)]),
            ("/items/*/**", vec![one("items", None), Token::Every, one("**", None)]),
            ("/99999999999999999999", vec![one("99999999999999999999", None)]),
        ] {
            assert_eq!(Pointer::parse(text).unwrap().tokens(), tokens, "{text}");
        }
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        for (text, error) in [
            ("", PointerError::NoSlash),
            ("a/b", PointerError::NoSlash),
            ("#/a", PointerError::NoSlash),
            ("/a~", PointerError::Escape),
            ("/a~2", PointerError::Escape),
            (&"/a".repeat(65), PointerError::TooLong),
        ] {
            assert_eq!(Pointer::parse(text), Err(error), "{text}");
        }
        assert!(Pointer::parse(&"/a".repeat(64)).is_ok());
    }
}
