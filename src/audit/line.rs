//! The form of one record on disk, and the link from each record to the one before.
//!
//! Imports nothing of ours. A line is `{"seq":N,"time":"T",<payload>,"previous_hash":"H"}` and a newline. Its hash is
//! SHA-256 over a zero byte and the line's bytes as written (the leaf hash of RFC 6962), so checking needs no canonical
//! form, and the fixed head and end let a reader find `seq` and `previous_hash` without parsing what lies between.

use std::io::Write;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

const HEAD: &[u8] = b"{\"seq\":";
const TIME: &[u8] = b",\"time\":\"";
const PAYLOAD: &[u8] = b"\",";
const LINK: &[u8] = b",\"previous_hash\":\"";
const END: &[u8] = b"\"}";

/// A SHA-256 hash as 64 lower-case hexadecimal digits, the form in which lines carry it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HexHash([u8; 64]);

impl HexHash {
    /// What the first record of an epoch names as its previous hash: 64 zeros.
    pub const GENESIS: Self = Self([b'0'; 64]);

    /// The hash of a line (without its newline).
    #[must_use]
    pub fn of_line(line: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update([0]);
        hasher.update(line);
        let mut text = [0; 64];
        HEXLOWER.encode_mut(&hasher.finalize(), &mut text);
        Self(text)
    }

    /// Reads 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let digits: [u8; 64] = text.try_into().ok()?;
        digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')).then_some(Self(digits))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::fmt::Display for HexHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for HexHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The parts of a line about to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) seq: u64,
    pub(crate) time: &'a [u8],
    pub(crate) payload: &'a [u8],
    pub(crate) previous: &'a HexHash,
}

impl Draft<'_> {
    /// Length of the line in bytes, without its newline.
    pub(crate) fn line_bytes(&self) -> usize {
        let digits = self.seq.checked_ilog10().map_or(1, |log| log as usize + 1);
        let fixed = HEAD.len() + TIME.len() + PAYLOAD.len() + LINK.len() + 64 + END.len();
        fixed + digits + self.time.len() + self.payload.len()
    }

    /// Writes the line into `slot`, which must be exactly [`Self::line_bytes`] long; false (with `slot` half written)
    /// when it is shorter.
    pub(crate) fn write(&self, slot: &mut [u8]) -> bool {
        let mut rest = slot;
        let mut put = || -> std::io::Result<()> {
            rest.write_all(HEAD)?;
            write!(rest, "{}", self.seq)?;
            for part in [TIME, self.time, PAYLOAD, self.payload, LINK, &self.previous.0, END] {
                rest.write_all(part)?;
            }
            Ok(())
        };
        put().is_ok()
    }
}

/// Whether `payload` may stand in a line. Control bytes may not: a newline would end the line, a zero byte the log.
pub(crate) fn check_payload(payload: &[u8]) -> Result<(), &'static str> {
    if payload.is_empty() {
        return Err("it is empty");
    }
    // A fold without an early exit, so that the compiler can look at many bytes at once.
    if payload.iter().fold(false, |found, byte| found | (*byte < 0x20)) {
        return Err("it holds a control byte");
    }
    Ok(())
}

/// What the fixed parts of a stored line say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) seq: u64,
    /// RFC 3339 text.
    pub(crate) time: &'a str,
    pub(crate) previous: HexHash,
}

impl<'a> Frame<'a> {
    /// Reads the frame of a line (without its newline); `None` when the line does not have the form.
    pub(crate) fn parse(line: &'a [u8]) -> Option<Self> {
        let rest = line.strip_prefix(HEAD)?;
        let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
        let (seq, rest) = rest.split_at_checked(digits)?;
        let seq = std::str::from_utf8(seq).ok()?.parse().ok()?;
        let rest = rest.strip_prefix(TIME)?;
        let (time, rest) = rest.split_at_checked(rest.iter().position(|byte| *byte == b'"')?)?;
        let rest = rest.strip_prefix(PAYLOAD)?.strip_suffix(END)?;
        let (rest, hash) = rest.split_at_checked(rest.len().checked_sub(64)?)?;
        let payload = rest.strip_suffix(LINK)?;
        check_payload(payload).ok()?;
        Some(Self { seq, time: std::str::from_utf8(time).ok()?, previous: HexHash::parse(hash)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_documented_form_and_reads_back() {
        let draft = Draft {
            seq: 12,
            time: b"2026-11-23T06:19:54.123456Z",
            payload: b"\"kind\":\"decision\"",
            previous: &HexHash::GENESIS,
        };
        let mut line = vec![0; draft.line_bytes()];
        assert!(draft.write(&mut line));
        let zeros = "0".repeat(64);
        let want = format!(
            r#"{{"seq":12,"time":"2026-11-23T06:19:54.123456Z","kind":"decision","previous_hash":"{zeros}"}}"#
        );
        assert_eq!(String::from_utf8(line.clone()).unwrap(), want);
        let frame = Frame::parse(&line).unwrap();
        assert_eq!((frame.seq, frame.previous), (12, HexHash::GENESIS));
        assert!(Frame::parse(&line[1..]).is_none());
    }

    #[test]
    fn the_hash_is_the_rfc_6962_leaf_hash() {
        // The leaf hash of the empty string, from the test vectors of RFC 6962 implementations.
        let empty = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(HexHash::of_line(b"").as_str(), empty);
    }
}
