//! Request paths in normal form: what is judged and what is forwarded are one thing.

use std::borrow::Cow;

use thiserror::Error;

/// Ambiguous forms a route lets through although servers read them differently (`routes[].allow_paths`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PathAllowance {
    /// `;` in a path: some servers cut path parameters there.
    pub semicolon: bool,
    /// `%2F`: some servers decode it to a separator.
    pub encoded_slash: bool,
}

/// A path that was not accepted. The texts name the form, never the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PathError {
    /// Does not start with a slash.
    #[error("the path does not start with /")]
    NotAbsolute,
    /// A byte outside printable ASCII.
    #[error("the path holds a byte that must be percent-encoded")]
    UnencodedByte,
    /// `%` without two hexadecimal digits.
    #[error("the path holds a malformed percent-encoding")]
    MalformedEncoding,
    /// Decodes to something that is not UTF-8.
    #[error("the path does not decode to UTF-8")]
    InvalidUtf8,
    /// `%2F` on a route that does not allow it.
    #[error("the path holds %2F, which servers read in different ways")]
    EncodedSlash,
    /// `\` or `%5C`.
    #[error("the path holds a backslash, which servers read in different ways")]
    Backslash,
    /// `%00` or another encoded control character.
    #[error("the path holds an encoded control character")]
    ControlCharacter,
    /// `%25`, which a server that decodes twice reads differently.
    #[error("the path holds %25, which servers read in different ways")]
    EncodedPercent,
    /// `;` on a route that does not allow it.
    #[error("the path holds a semicolon, which servers read in different ways")]
    Semicolon,
    /// `.` or `..` as a segment, plain or encoded.
    #[error("the path holds a dot segment")]
    DotSegment,
}

/// A path split into decoded segments, and the one spelling of it that is forwarded: empty segments merged, unreserved
/// characters decoded, other escapes in upper case (RFC 3986, section 6.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormalPath<'a> {
    segments: Vec<Cow<'a, str>>,
    spelling: Cow<'a, str>,
}

impl<'a> NormalPath<'a> {
    /// Reads the path part of a request target (no query).
    ///
    /// # Errors
    /// The first form that two servers could read differently; see [`PathError`].
    pub fn parse(raw: &'a str, allow: PathAllowance) -> Result<Self, PathError> {
        let rest = raw.strip_prefix('/').ok_or(PathError::NotAbsolute)?;
        let mut segments = Vec::with_capacity(6);
        let mut same_spelling = true;
        let mut pieces = rest.split('/').peekable();
        while let Some(piece) = pieces.next() {
            if piece.is_empty() {
                // Only a trailing slash may leave an empty piece without changing the spelling.
                same_spelling &= pieces.peek().is_none();
                continue;
            }
            let segment = decode_segment(piece, allow)?;
            // Also behind a slash or before a semicolon that the route lets through: what the server makes of those is
            // just what is not known.
            let dots = |part: &str| matches!(part.split(';').next(), Some("." | ".."));
            if segment.split('/').any(dots) {
                return Err(PathError::DotSegment);
            }
            same_spelling &= matches!(segment, Cow::Borrowed(_));
            segments.push(segment);
        }
        let spelling =
            if same_spelling { Cow::Borrowed(raw) } else { Cow::Owned(spell(&segments, raw.ends_with('/'))) };
        Ok(Self { segments, spelling })
    }

    /// The decoded, non-empty segments. A trailing slash leaves no trace here.
    #[must_use]
    pub fn segments(&self) -> &[Cow<'a, str>] {
        &self.segments
    }

    /// The spelling that is forwarded.
    #[must_use]
    pub fn spelling(&self) -> &str {
        &self.spelling
    }

    /// The spelling without the first `skipped` segments.
    #[must_use]
    pub fn spelling_after(&self, skipped: usize) -> Cow<'_, str> {
        if skipped == 0 {
            return Cow::Borrowed(&self.spelling);
        }
        let kept = self.segments.get(skipped..).unwrap_or_default();
        Cow::Owned(spell(kept, self.spelling.ends_with('/')))
    }

    /// Whether the path lies under `prefix` (itself in normal form), compared segment by segment: `/crm` covers `/crm`
    /// and `/crm/x`, not `/crmx`.
    #[must_use]
    pub fn is_under(&self, prefix: &[String]) -> bool {
        self.segments.len() >= prefix.len()
            && self.segments.iter().zip(prefix).all(|(segment, wanted)| segment == wanted)
    }
}

fn decode_segment(piece: &str, allow: PathAllowance) -> Result<Cow<'_, str>, PathError> {
    let mut escaped = false;
    for byte in piece.bytes() {
        match byte {
            b'%' => escaped = true,
            b'\\' => return Err(PathError::Backslash),
            b';' if !allow.semicolon => return Err(PathError::Semicolon),
            0x21..=0x7e => {}
            _ => return Err(PathError::UnencodedByte),
        }
    }
    if !escaped {
        return Ok(Cow::Borrowed(piece));
    }
    let mut decoded = Vec::with_capacity(piece.len());
    let mut bytes = piece.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let value = hex_pair(bytes.next(), bytes.next()).ok_or(PathError::MalformedEncoding)?;
            decoded.push(check_decoded(value, allow)?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| PathError::InvalidUtf8)
}

const fn check_decoded(value: u8, allow: PathAllowance) -> Result<u8, PathError> {
    match value {
        b'/' if !allow.encoded_slash => Err(PathError::EncodedSlash),
        b';' if !allow.semicolon => Err(PathError::Semicolon),
        b'\\' => Err(PathError::Backslash),
        b'%' => Err(PathError::EncodedPercent),
        0..=0x1f | 0x7f => Err(PathError::ControlCharacter),
        other => Ok(other),
    }
}

/// The value of two hexadecimal digits.
pub(crate) fn hex_pair(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

fn spell(segments: &[Cow<'_, str>], trailing_slash: bool) -> String {
    let mut spelling = String::with_capacity(64);
    for segment in segments {
        spelling.push('/');
        for byte in segment.bytes() {
            let unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            // Sub-delimiters, ":" and "@" stand for themselves in a path segment.
            if unreserved || b"!$&'()*+,;=:@".contains(&byte) {
                spelling.push(char::from(byte));
            } else {
                spelling.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    if trailing_slash || segments.is_empty() {
        spelling.push('/');
    }
    spelling
}
