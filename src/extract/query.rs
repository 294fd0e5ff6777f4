//! Query strings: every key at most once, every value decoded one way.

use crate::extract::ExtractError;
use crate::model::decision::ReasonCode;
use crate::model::json::{CaseEqualKeys, Json, Text, fold_case};

/// Most keys in a query string.
const QUERY_MAX_KEYS: usize = 256;

/// Reads a raw query string (without `?`) into a JSON object of strings.
///
/// # Errors
/// 400 for a repeated key (servers take the first, the last or both), malformed percent-encoding, bytes that are not
/// UTF-8, control characters, a `;` (which some servers split at), or too many keys.
pub fn parse_query<'a>(raw: &str, case_equal_keys: CaseEqualKeys) -> Result<Json<'a>, ExtractError> {
    let mut members: Vec<(Text<'a>, Json<'a>)> = Vec::new();
    if raw.contains(';') {
        return Err(refused("the query holds a semicolon, which servers read in different ways"));
    }
    for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, value) = (decode(key)?, decode(value)?);
        let repeated = members.iter().any(|(other, _)| match case_equal_keys {
            CaseEqualKeys::Allow => other.as_str() == key,
            CaseEqualKeys::Refuse => fold_case(other.as_str()) == fold_case(&key),
        });
        if repeated {
            return Err(refused("a query key stands twice, which servers read in different ways"));
        }
        if members.len() == QUERY_MAX_KEYS {
            return Err(refused("the query has too many keys"));
        }
        members.push((Text::from_owned(key), Json::String(Text::from_owned(value))));
    }
    Ok(Json::Object(members))
}

fn decode(raw: &str) -> Result<String, ExtractError> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => crate::model::json::hex_pair(bytes.next(), bytes.next())
                .ok_or_else(|| refused("the query holds a malformed percent-encoding"))?,
            0x21..=0x7e => byte,
            _ => return Err(refused("the query holds a byte that must be percent-encoded")),
        });
    }
    if decoded.contains(&0) {
        return Err(refused("the query holds an encoded NUL"));
    }
    String::from_utf8(decoded).map_err(|_| refused("the query does not decode to UTF-8"))
}

fn refused(what: &str) -> ExtractError {
    ExtractError::new(400, ReasonCode::InvalidRequest, format!("The request was refused: {what}."))
}
