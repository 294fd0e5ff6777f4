//! Pages of the document: `max_results` and `next_token`, the oldest first.

use serde_json::{Value, json};

use crate::control::auth::Operator;
use crate::control::error::CedarError;
use crate::control::routes::cedar::asks::parameter;
use crate::control::{ControlState, Listing, Position};
use crate::model::time::Timestamp;

/// How many items a page has unless asked for fewer or more.
const RESULTS: usize = 100;
/// Most items of a page.
const RESULTS_MOST: usize = 1000;

/// Longest token, in bytes.
const TOKEN_MAX_BYTES: usize = 2048;

/// A page, and the token of the next; `null` on the last.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) next_token: Option<String>,
}

/// What of a list is asked for.
pub(super) struct Paging<'p> {
    path: &'p str,
    filters: &'p [(&'p str, &'p str)],
    after: Option<(Timestamp, String)>,
    most: usize,
}

impl<'p> Paging<'p> {
    /// Reads what the query says of the list at `path` with these filters.
    ///
    /// # Errors
    /// 422 for a bad `max_results`, 400 for a `next_token` that this list did not give.
    pub(super) fn read(
        state: &ControlState,
        operator: &Operator,
        (path, query): (&'p str, Option<&str>),
        filters: &'p [(&'p str, &'p str)],
    ) -> Result<Self, CedarError> {
        let most = match parameter(query, "max_results")? {
            None => RESULTS,
            Some(text) => max_results(&text)?,
        };
        let listing = Listing { path, tenant: operator.tenant(), filters };
        let after = match parameter(query, "next_token")? {
            None => None,
            Some(token) => {
                let known = Some(&token).filter(|token| token.len() <= TOKEN_MAX_BYTES);
                let position = known.and_then(|token| state.cursors.open(token, listing));
                let position = position.ok_or_else(|| CedarError::bad("invalid next_token"))?;
                Some((position.created_at, position.id))
            }
        };
        Ok(Self { path, filters, after, most })
    }

    /// The page of `all`; `place` says when an item was made, and its id.
    pub(super) fn page<T>(
        self,
        state: &ControlState,
        operator: &Operator,
        all: impl Iterator<Item = T>,
        place: impl Fn(&T) -> (Timestamp, String),
    ) -> Page<T> {
        let listing = Listing { path: self.path, tenant: operator.tenant(), filters: self.filters };
        let placed = all.map(|item| (place(&item), item));
        let mut found: Vec<_> =
            placed.filter(|(place, _)| self.after.as_ref().is_none_or(|after| place > after)).collect();
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        let more = found.len() > self.most;
        found.truncate(self.most);
        let next_token = found.last().filter(|_| more).and_then(|((created_at, id), _)| {
            let position = Position { created_at: *created_at, id: id.clone() };
            state.cursors.seal(&position, listing, state.clock.nonce())
        });
        Page { items: found.into_iter().map(|(_, item)| item).collect(), next_token }
    }
}

fn max_results(text: &str) -> Result<usize, CedarError> {
    let wrong = |kind: &str, message: &str, ctx: Option<Value>| {
        let mut said = json!({"type": kind, "loc": ["query", "max_results"], "msg": message, "input": text});
        if let (Some(ctx), Some(members)) = (ctx, said.as_object_mut()) {
            members.insert("ctx".to_owned(), ctx);
        }
        CedarError::Fields(vec![said])
    };
    let number: i64 = text.trim().parse().map_err(|_| {
        wrong("int_parsing", "Input should be a valid integer, unable to parse string as an integer", None)
    })?;
    if number < 1 {
        let message = "Input should be greater than or equal to 1";
        return Err(wrong("greater_than_equal", message, Some(json!({"ge": 1}))));
    }
    match usize::try_from(number).ok().filter(|number| *number <= RESULTS_MOST) {
        Some(number) => Ok(number),
        None => {
            let message = format!("Input should be less than or equal to {RESULTS_MOST}");
            Err(wrong("less_than_equal", &message, Some(json!({"le": RESULTS_MOST}))))
        }
    }
}
