//! The strict reader: one pass, bounded depth, nothing forgiven.
//!
//! Written by hand because no library refuses all of it (duplicate and case-equal keys at any depth, lone surrogates,
//! integers beyond 64 bits) *and* keeps the exact text of numbers and strings for the record.

use crate::model::json::scan::plain_bytes;
use crate::model::json::{Json, JsonError, JsonErrorKind, Number, NumberValue, Text, fold_case};

/// What to do with two keys of one object that differ only in letter case (`gateway.json.case_equal_keys`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CaseEqualKeys {
    /// Refuse the text: some servers match keys without regard to case and would read the other one.
    #[default]
    Refuse,
    /// Take them as different keys.
    Allow,
}

/// Settings of the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// How many arrays and objects may be open at once.
    pub max_depth: usize,
    /// Keys that differ only in case.
    pub case_equal_keys: CaseEqualKeys,
}

impl Default for Reader {
    fn default() -> Self {
        Self { max_depth: 64, case_equal_keys: CaseEqualKeys::Refuse }
    }
}

/// Room made for the members of an object at once: most objects of tool calls fit, and few waste much.
const TYPICAL_MEMBERS: usize = 6;

/// Up to this many members, keys are compared pairwise; beyond it, sorted.
const PAIRWISE_KEYS: usize = 16;

impl Reader {
    /// Reads `bytes` as exactly one JSON value.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place; see [`JsonErrorKind`].
    pub fn parse<'a>(&self, bytes: &'a [u8]) -> Result<Json<'a>, JsonError> {
        self.read(bytes, false)
    }

    /// Reads `bytes` as exactly one JSON value whose numbers are passed on and never compared, such as a tool's answer: an
    /// integer beyond 64 bits is let through as long as it is a finite double, which is then its value here.
    ///
    /// # Errors
    /// As for [`Self::parse`], but for [`JsonErrorKind::IntegerRange`].
    pub fn parse_answer<'a>(&self, bytes: &'a [u8]) -> Result<Json<'a>, JsonError> {
        self.read(bytes, true)
    }

    fn read<'a>(&self, bytes: &'a [u8], any_integer: bool) -> Result<Json<'a>, JsonError> {
        if bytes.starts_with(b"\xef\xbb\xbf") {
            return Err(JsonError { kind: JsonErrorKind::ByteOrderMark, offset: 0 });
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| JsonError { kind: JsonErrorKind::InvalidUtf8, offset: error.valid_up_to() })?;
        let mut cursor = Cursor { text, bytes: text.as_bytes(), at: 0, settings: *self, any_integer };
        cursor.skip_space();
        let value = cursor.value(0)?;
        cursor.skip_space();
        match cursor.peek() {
            None => Ok(value),
            Some(_) => Err(cursor.error(JsonErrorKind::TrailingData)),
        }
    }
}

struct Cursor<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    settings: Reader,
    /// Whether integers may be larger than 64 bits.
    any_integer: bool,
}

impl<'a> Cursor<'a> {
    fn value(&mut self, depth: usize) -> Result<Json<'a>, JsonError> {
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Json::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Json::Number),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(b'N' | b'I') => Err(self.error(JsonErrorKind::InvalidNumber)),
            Some(_) => Err(self.error(JsonErrorKind::UnexpectedCharacter)),
            None => Err(self.error(JsonErrorKind::UnexpectedEnd)),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, JsonError> {
        self.descend(depth)?;
        let mut members: Vec<(Text<'a>, Json<'a>)> = Vec::new();
        self.skip_space();
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        members.reserve(TYPICAL_MEMBERS);
        let mut all_ascii = true;
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected());
            }
            let key_at = self.at;
            let key = self.string()?;
            if members.len() < PAIRWISE_KEYS {
                all_ascii &= key.as_str().is_ascii();
                self.check_key(&members, &key, key_at, all_ascii)?;
            }
            self.skip_space();
            self.expect(b':')?;
            self.skip_space();
            let value = self.value(depth + 1)?;
            members.push((key, value));
            self.skip_space();
            if self.take(b'}') {
                break;
            }
            self.expect(b',')?;
        }
        if members.len() > PAIRWISE_KEYS {
            self.check_many_keys(&members)?;
        }
        Ok(Json::Object(members))
    }

    fn array(&mut self, depth: usize) -> Result<Json<'a>, JsonError> {
        self.descend(depth)?;
        let mut items = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            self.skip_space();
            items.push(self.value(depth + 1)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(Json::Array(items));
            }
            self.expect(b',')?;
        }
    }

    fn descend(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth >= self.settings.max_depth {
            return Err(self.error(JsonErrorKind::TooDeep));
        }
        self.at += 1;
        Ok(())
    }

    /// `all_ascii`: the key and all before it are, so that keys of different length are different in any case.
    fn check_key(
        &self,
        members: &[(Text<'a>, Json<'a>)],
        key: &Text<'a>,
        key_at: usize,
        all_ascii: bool,
    ) -> Result<(), JsonError> {
        let key = key.as_str();
        let refuse_case = self.settings.case_equal_keys == CaseEqualKeys::Refuse;
        for (other, _) in members {
            let other = other.as_str();
            if all_ascii && (other.len() != key.len() || !other.eq_ignore_ascii_case(key)) {
                continue;
            }
            if other == key {
                return Err(JsonError { kind: JsonErrorKind::DuplicateKey, offset: key_at });
            }
            if refuse_case && (all_ascii || fold_case(other) == fold_case(key)) {
                return Err(JsonError { kind: JsonErrorKind::CaseEqualKeys, offset: key_at });
            }
        }
        Ok(())
    }

    /// The same check for objects with many members, in n log n. Reported at the object's end.
    fn check_many_keys(&self, members: &[(Text<'a>, Json<'a>)]) -> Result<(), JsonError> {
        let mut keys: Vec<&str> = members.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
            return Err(self.error(JsonErrorKind::DuplicateKey));
        }
        if self.settings.case_equal_keys == CaseEqualKeys::Refuse {
            let mut folded: Vec<String> = keys.iter().map(|key| fold_case(key)).collect();
            folded.sort_unstable();
            if folded.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
                return Err(self.error(JsonErrorKind::CaseEqualKeys));
            }
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Text<'a>, JsonError> {
        self.at += 1;
        let start = self.at;
        self.skip_plain();
        match self.peek() {
            Some(b'"') => {
                let raw = self.slice(start, self.at);
                self.at += 1;
                Ok(Text::plain(raw))
            }
            Some(b'\\') => self.escaped_string(start),
            Some(_) => Err(self.error(JsonErrorKind::ControlCharacter)),
            None => Err(self.error(JsonErrorKind::UnexpectedEnd)),
        }
    }

    /// Goes to the next quote, backslash or control character.
    fn skip_plain(&mut self) {
        self.at += plain_bytes(self.bytes.get(self.at..).unwrap_or_default());
    }

    /// The rest of a string from its first backslash on; `start` is just behind the opening quote.
    fn escaped_string(&mut self, start: usize) -> Result<Text<'a>, JsonError> {
        let mut decoded = String::from(self.slice(start, self.at));
        loop {
            let run = self.at;
            self.skip_plain();
            decoded.push_str(self.slice(run, self.at));
            match self.peek() {
                Some(b'"') => {
                    let raw = self.slice(start, self.at);
                    self.at += 1;
                    return Ok(Text::escaped(raw, decoded));
                }
                Some(b'\\') => {
                    self.at += 1;
                    decoded.push(self.escape()?);
                }
                Some(_) => return Err(self.error(JsonErrorKind::ControlCharacter)),
                None => return Err(self.error(JsonErrorKind::UnexpectedEnd)),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let letter = self.peek().ok_or_else(|| self.error(JsonErrorKind::UnexpectedEnd))?;
        self.at += 1;
        Ok(match letter {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(self.error(JsonErrorKind::InvalidEscape)),
        })
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let first = self.four_hex()?;
        let code = match first {
            0xd800..=0xdbff => {
                if !(self.take(b'\\') && self.take(b'u')) {
                    return Err(self.error(JsonErrorKind::LoneSurrogate));
                }
                match self.four_hex()? {
                    second @ 0xdc00..=0xdfff => 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00),
                    _ => return Err(self.error(JsonErrorKind::LoneSurrogate)),
                }
            }
            other => other,
        };
        char::from_u32(code).ok_or_else(|| self.error(JsonErrorKind::LoneSurrogate))
    }

    fn four_hex(&mut self) -> Result<u32, JsonError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            code = code * 16 + digit.ok_or_else(|| self.error(JsonErrorKind::InvalidEscape))?;
            self.at += 1;
        }
        Ok(code)
    }

    fn number(&mut self) -> Result<Number<'a>, JsonError> {
        let start = self.at;
        self.take(b'-');
        let leading_zero = self.peek() == Some(b'0');
        let digits = self.digits()?;
        if leading_zero && digits > 1 {
            return Err(JsonError { kind: JsonErrorKind::InvalidNumber, offset: start });
        }
        let mut decimal = false;
        if self.take(b'.') {
            decimal = true;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            decimal = true;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let text = self.slice(start, self.at);
        let refuse = |kind| JsonError { kind, offset: start };
        if !decimal {
            match text.parse() {
                Ok(integer) => return Ok(Number { text, value: NumberValue::Integer(integer) }),
                Err(_) if self.any_integer => {}
                Err(_) => return Err(refuse(JsonErrorKind::IntegerRange)),
            }
        }
        let value: f64 = text.parse().map_err(|_| refuse(JsonErrorKind::InvalidNumber))?;
        if !value.is_finite() {
            return Err(refuse(JsonErrorKind::NotFinite));
        }
        Ok(Number { text, value: NumberValue::Decimal(value) })
    }

    fn digits(&mut self) -> Result<usize, JsonError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        match self.at - start {
            0 => Err(self.error(JsonErrorKind::InvalidNumber)),
            count => Ok(count),
        }
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Result<Json<'a>, JsonError> {
        if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            self.at += word.len();
            return Ok(value);
        }
        Err(self.unexpected())
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.take(byte) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// `start..end` of the text. Both are offsets of ASCII bytes this cursor stopped at, so they are char boundaries.
    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    const fn error(&self, kind: JsonErrorKind) -> JsonError {
        JsonError { kind, offset: self.at }
    }

    fn unexpected(&self) -> JsonError {
        let kind = if self.at < self.bytes.len() {
            JsonErrorKind::UnexpectedCharacter
        } else {
            JsonErrorKind::UnexpectedEnd
        };
        self.error(kind)
    }
}
