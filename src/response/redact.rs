//! Hides values that pointers lead to.

use crate::model::json::{Json, Text};
use crate::model::pointer::Token;

/// What stands in a hidden value's place.
const HIDDEN: &str = "[REDACTED]";

/// Replaces what the steps lead to from `value` by a string, and says whether they led anywhere. A name is that of a member as
/// written; letter case counts, since what has another name is other data.
pub(super) fn redact(value: &mut Json<'_>, steps: &[Token]) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        *value = Json::String(Text::from_value(HIDDEN));
        return true;
    };
    match (step, value) {
        (Token::Every, Json::Array(items)) => all(items.iter_mut(), rest),
        (Token::Every, Json::Object(members)) => all(members.iter_mut().map(|(_, member)| member), rest),
        (Token::One { index: Some(index), .. }, Json::Array(items)) => {
            items.get_mut(*index).is_some_and(|item| redact(item, rest))
        }
        (Token::One { key, .. }, Json::Object(members)) => members
            .iter_mut()
            .find(|(name, _)| name.as_str() == &**key)
            .is_some_and(|(_, member)| redact(member, rest)),
        _ => false,
    }
}

/// Redacts in all of them, and says whether any was changed.
fn all<'j, 'a: 'j>(values: impl Iterator<Item = &'j mut Json<'a>>, rest: &[Token]) -> bool {
    let mut changed = false;
    for value in values {
        changed |= redact(value, rest);
    }
    changed
}
