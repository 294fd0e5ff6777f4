//! Leaves tools out of the answer to `tools/list`.

use crate::model::json::{Json, Text, fold_case};
use crate::response::{ListFilter, ListKind, ResponseError};

/// Members of an object.
type Members<'a> = Vec<(Text<'a>, Json<'a>)>;

/// Filters the list that a JSON-RPC message holds, if it holds one, and says whether anything changed.
///
/// INVARIANT: a list that was filtered for one caller never says that it may be shown to others.
pub(super) fn filter(filter: &ListFilter, message: &mut Json<'_>) -> Result<bool, ResponseError> {
    let Json::Object(message) = message else { return Ok(false) };
    let Some(Json::Object(result)) = only(message, "result")? else { return Ok(false) };
    let changed = match (only(result, "tools")?, filter.kind) {
        (None, _) => return Ok(false),
        (Some(Json::Array(tools)), ListKind::Answer) => keep_shown(filter, tools),
        (Some(Json::Array(tools)), ListKind::Replay)
            if tools.iter().any(|tool| matches!(tool, Json::Object(_))) =>
        {
            keep_shown(filter, tools)
        }
        (Some(_), ListKind::Replay) => return Ok(false),
        // How some servers write an empty list.
        (Some(Json::Null), ListKind::Answer) => false,
        (Some(_), ListKind::Answer) => return Err(ResponseError::NotAList),
    };
    Ok(make_private(result)? || changed)
}

/// Whether any tool was left out. One without a name that is certain cannot be judged, so it is left out.
fn keep_shown(filter: &ListFilter, tools: &mut Vec<Json<'_>>) -> bool {
    for name in tools.iter().filter_map(name) {
        filter.listing.note(name);
    }
    let before = tools.len();
    tools.retain(|tool| name(tool).is_some_and(|name| !filter.listing.hides(name)));
    tools.len() < before
}

fn name<'t>(tool: &'t Json<'_>) -> Option<&'t str> {
    let Json::Object(members) = tool else { return None };
    let mut names = members.iter().filter(|(key, _)| is_spelling_of(key.as_str(), "name"));
    match (names.next(), names.next()) {
        (Some((key, Json::String(name))), None) if key.as_str() == "name" => Some(name.as_str()),
        _ => None,
    }
}

/// Whatever else than "private" `cacheScope` says becomes "private"; says whether it did.
fn make_private(result: &mut Members<'_>) -> Result<bool, ResponseError> {
    match only(result, "cacheScope")? {
        Some(scope) if scope.as_str() != Some("private") => {
            *scope = Json::String(Text::from_value("private"));
            Ok(true)
        }
        Some(_) | None => Ok(false),
    }
}

/// The member `key`. Some clients match names without regard to letter case, so another spelling of it, beside it or in its
/// place, would be read by some and not by others.
fn only<'m, 'a>(members: &'m mut Members<'a>, key: &str) -> Result<Option<&'m mut Json<'a>>, ResponseError> {
    let mut found = members.iter_mut().filter(|(name, _)| is_spelling_of(name.as_str(), key));
    match (found.next(), found.next()) {
        (None, _) => Ok(None),
        (Some((name, value)), None) if name.as_str() == key => Ok(Some(value)),
        _ => Err(ResponseError::Ambiguous),
    }
}

/// Whether the two are equal but for letter case. `wanted` is ASCII; `text` may hold letters that fold to ASCII ones (the
/// Kelvin sign, the long s).
fn is_spelling_of(text: &str, wanted: &str) -> bool {
    text.eq_ignore_ascii_case(wanted) || (!text.is_ascii() && fold_case(text) == fold_case(wanted))
}
