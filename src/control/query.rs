//! What stands behind the `?` of our own paths: every name known, each at most once.

use crate::control::ControlError;
use crate::extract::parse_query;
use crate::model::json::{CaseEqualKeys, Json};
use crate::model::time::Timestamp;

/// How many items a list shows unless asked for fewer or more.
const LIMIT: usize = 50;
/// Most items a list shows at once.
const LIMIT_MOST: usize = 200;

/// Longest name of a parameter that an answer repeats, in characters.
const SHOWN_CHARS: usize = 64;

/// The parameters of a query, decoded.
#[derive(Debug)]
pub(in crate::control) struct Query(Vec<(&'static str, String)>);

impl Query {
    /// Reads a raw query string.
    ///
    /// # Errors
    /// 400 for a parameter that is not `known`, or a query that could be read in two ways.
    pub(in crate::control) fn read(raw: Option<&str>, known: &[&'static str]) -> Result<Self, ControlError> {
        let parsed = parse_query(raw.unwrap_or_default(), CaseEqualKeys::Refuse);
        let parsed = parsed.map_err(|error| ControlError::bad_query(None, error.message))?;
        let Json::Object(members) = parsed else { return Ok(Self(Vec::new())) };
        let mut parameters = Vec::with_capacity(members.len());
        for (name, value) in &members {
            let Some(known) = known.iter().copied().find(|known| *known == name.as_str()) else {
                return Err(unknown(name.as_str(), known));
            };
            parameters.push((known, value.as_str().unwrap_or_default().to_owned()));
        }
        Ok(Self(parameters))
    }

    /// The text of a parameter; an empty one counts as absent.
    pub(in crate::control) fn text(&self, name: &str) -> Option<&str> {
        self.value(name).filter(|value| !value.is_empty())
    }

    /// The value of a parameter that is more than a text: an empty one is none of those it may have.
    pub(in crate::control) fn value(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A point in time.
    ///
    /// # Errors
    /// 400 for what is none.
    pub(in crate::control) fn time(&self, name: &'static str) -> Result<Option<Timestamp>, ControlError> {
        let Some(text) = self.value(name) else { return Ok(None) };
        let time = Timestamp::parse_rfc3339(text).ok_or_else(|| {
            let detail = format!("{name} is a time such as 2026-11-23T06:19:54Z; a + in it is written %2B.");
            ControlError::bad_query(Some(name), detail)
        });
        time.map(Some)
    }

    /// One of `words`.
    ///
    /// # Errors
    /// 400 for anything else.
    pub(in crate::control) fn word(
        &self,
        name: &'static str,
        words: &[&'static str],
    ) -> Result<Option<&'static str>, ControlError> {
        let Some(text) = self.value(name) else { return Ok(None) };
        let found = words.iter().copied().find(|word| *word == text);
        let found = found.ok_or_else(|| {
            ControlError::bad_query(Some(name), format!("{name} is one of {}.", words.join(", ")))
        });
        found.map(Some)
    }

    /// How many items a list is to show: 1 to 200, 50 unless asked for.
    ///
    /// # Errors
    /// 400 for anything else.
    pub(in crate::control) fn limit(&self) -> Result<usize, ControlError> {
        let Some(text) = self.value("limit") else { return Ok(LIMIT) };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let limit = text.parse().ok().filter(|limit| digits && (1..=LIMIT_MOST).contains(limit));
        limit.ok_or_else(|| {
            ControlError::bad_query(Some("limit"), format!("limit is a number from 1 to {LIMIT_MOST}."))
        })
    }
}

fn unknown(name: &str, known: &[&str]) -> ControlError {
    let name: String = name.chars().take(SHOWN_CHARS).collect();
    let serves = match known {
        [] => "This path takes no parameters.".to_owned(),
        known => format!("This path takes {}.", known.join(", ")),
    };
    let detail = format!("Unknown parameter \"{}\". {serves}", name.escape_debug());
    ControlError::bad_query(Some(&name), detail)
}
