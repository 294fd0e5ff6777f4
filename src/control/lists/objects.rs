//! A page of what is administered.

use std::sync::Arc;

use crate::control::auth::Operator;
use crate::control::query::Query;
use crate::control::{ControlError, ControlState, FilterNames, Listing, Position};
use crate::policy::governance::Object;

/// A page of objects.
#[derive(Debug)]
pub(in crate::control) struct ObjectPage {
    pub(in crate::control) objects: Vec<Arc<Object>>,
    /// How many there are, on all pages.
    pub(in crate::control) total: usize,
    pub(in crate::control) cursor: Option<String>,
}

/// The page of `found` that the query asks for, the newest first. `limit` and `cursor` are read from the query.
///
/// # Errors
/// 400 for a bad `limit` or `cursor`.
pub(in crate::control) fn page_of(
    state: &ControlState,
    operator: &Operator,
    (path, query, filters): (&str, &Query, FilterNames),
    mut found: Vec<Arc<Object>>,
) -> Result<ObjectPage, ControlError> {
    let filters: Vec<_> = filters.iter().map(|name| (*name, query.text(name).unwrap_or_default())).collect();
    let listing = Listing { path, tenant: operator.tenant(), filters: &filters };
    let limit = query.limit()?;
    let total = found.len();
    let place = |object: &Object| (object.stamp.created_at, Arc::clone(&object.stamp.id));
    if let Some(cursor) = query.text("cursor") {
        let after = state.cursors.open(cursor, listing).ok_or(ControlError::BadCursor)?;
        let after = (after.created_at, Arc::from(after.id));
        found.retain(|object| place(object) < after);
    }
    found.sort_by_key(|object| std::cmp::Reverse(place(object)));
    let more = found.len() > limit;
    found.truncate(limit);
    let cursor = found.last().filter(|_| more).and_then(|last| {
        let position = Position { created_at: last.stamp.created_at, id: last.stamp.id.to_string() };
        state.cursors.seal(&position, listing, state.clock.nonce())
    });
    Ok(ObjectPage { objects: found, total, cursor })
}
