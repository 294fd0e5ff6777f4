//! What a gateway answered, fit for a terminal: a member by its name, or by a JSON pointer (it begins with `/`).

use serde_json::Value;

use crate::cli::output;

/// The elements of a list; none where a gateway of another version says nothing.
pub(super) fn items<'v>(value: &'v Value, place: &str) -> &'v [Value] {
    find(value, place).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What stands there; `?` where a gateway of another version says nothing.
pub(super) fn text(value: &Value, place: &str) -> String {
    find(value, place).map_or_else(|| "?".to_owned(), shown)
}

/// A value; `-` for null.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => output::plain(text),
        other => output::plain(&other.to_string()),
    }
}

fn find<'v>(value: &'v Value, place: &str) -> Option<&'v Value> {
    if place.starts_with('/') { value.pointer(place) } else { value.get(place) }
}
