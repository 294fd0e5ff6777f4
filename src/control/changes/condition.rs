//! `If-Match`: a change that is made only of what its caller has seen.

use axum::http::HeaderMap;

use crate::admin::IfMatch;
use crate::control::ControlError;

/// What `If-Match` wants to be there.
///
/// # Errors
/// 400 for what is no entity tag; 412 is told later, by who knows the version.
pub(in crate::control) fn if_match(headers: &HeaderMap) -> Result<Option<IfMatch>, ControlError> {
    let mut values = headers.get_all("if-match").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let bad = ControlError::BadPrecondition;
    if values.next().is_some() {
        return Err(bad);
    }
    let text = value.to_str().map_err(|_| ControlError::BadPrecondition)?.trim();
    if text == "*" {
        return Ok(Some(IfMatch::Any));
    }
    let tag = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let tag = tag.filter(|tag| !tag.contains('"')).ok_or(bad)?;
    // What was never a version of ours is none now.
    Ok(Some(IfMatch::Version(tag.parse().unwrap_or(0))))
}
