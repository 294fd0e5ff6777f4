//! Writing JSON trees and strings into records and answers.

use crate::model::json::Json;
use crate::model::json::scan::harmless_bytes;

/// Appends `value` as compact JSON. `redact` is asked for every object member's key; where it says yes, the value is
/// written as `"[REDACTED]"`.
pub fn write_json(value: &Json<'_>, redact: &dyn Fn(&str) -> bool, out: &mut Vec<u8>) {
    match value {
        Json::Null => out.extend_from_slice(b"null"),
        Json::Bool(true) => out.extend_from_slice(b"true"),
        Json::Bool(false) => out.extend_from_slice(b"false"),
        Json::Number(number) => out.extend_from_slice(number.text.as_bytes()),
        Json::String(text) => match text.raw() {
            Some(raw) => {
                out.push(b'"');
                out.extend_from_slice(raw.as_bytes());
                out.push(b'"');
            }
            None => write_json_string(text.as_str(), out),
        },
        Json::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_json(item, redact, out);
            }
            out.push(b']');
        }
        Json::Object(members) => {
            out.push(b'{');
            for (index, (key, member)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                match key.raw() {
                    Some(raw) => {
                        out.push(b'"');
                        out.extend_from_slice(raw.as_bytes());
                        out.push(b'"');
                    }
                    None => write_json_string(key.as_str(), out),
                }
                out.push(b':');
                if redact(key.as_str()) {
                    out.extend_from_slice(b"\"[REDACTED]\"");
                } else {
                    write_json(member, redact, out);
                }
            }
            out.push(b'}');
        }
    }
}

/// Appends `text` as a JSON string with its quotes; control characters and DEL are escaped, so that a record stays one
/// line and a terminal shows it harmlessly.
pub fn write_json_string(text: &str, out: &mut Vec<u8>) {
    write_quoted(text, harmless_bytes, write_escape, out);
}

/// Appends `text` in quotes: runs of what `plain_bytes` counts are copied whole, `escape` writes the byte behind each.
pub(super) fn write_quoted(
    text: &str,
    plain_bytes: impl Fn(&[u8]) -> usize,
    escape: impl Fn(u8, &mut Vec<u8>),
    out: &mut Vec<u8>,
) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, behind) = rest.split_at(plain_bytes(rest));
        out.extend_from_slice(plain);
        let Some((special, behind)) = behind.split_first() else { break };
        escape(*special, out);
        rest = behind;
    }
    out.push(b'"');
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        _ => {
            let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
    }
}
