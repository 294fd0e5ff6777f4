//! Reading the ledger for answers: a page of records, or one decision, as far as its caller's tenant goes.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use crate::audit::index::{AuditIndex, AuditQuery, Call, IndexError, Position as Place};
use crate::control::auth::Operator;
use crate::control::query::Query;
use crate::control::{ControlError, ControlState, Listing, Position};

/// Records held in memory at once, each of which may be as long as a call's arguments.
const CHUNK: usize = 50;

/// A page of what `form` makes of records.
#[derive(Debug)]
pub(in crate::control) struct Records<F> {
    pub(in crate::control) items: Vec<F>,
    /// How many match, on all pages.
    pub(in crate::control) total: u64,
    pub(in crate::control) cursor: Option<String>,
}

/// The names of a list's filters, which its cursors are bound to, in a fixed order.
pub(in crate::control) type FilterNames = &'static [&'static str];

/// A page of the records that `wanted` asks for: those of the caller's tenant, the newest first. `limit` and `cursor` are read from
/// the query.
///
/// # Errors
/// 400 for a bad `limit` or `cursor`, 503 while the ledger cannot be searched.
pub(in crate::control) async fn page<F: Send + 'static>(
    state: &ControlState,
    operator: &Operator,
    (path, query, filters): (&str, &Query, FilterNames),
    wanted: AuditQuery,
    form: fn(&Call) -> Option<F>,
) -> Result<Records<F>, ControlError> {
    let filters: Vec<_> = filters.iter().map(|name| (*name, query.text(name).unwrap_or_default())).collect();
    let listing = Listing { path, tenant: operator.tenant(), filters: &filters };
    let limit = query.limit()?;
    let after = match query.text("cursor") {
        None => None,
        Some(cursor) => {
            let position = state.cursors.open(cursor, listing).ok_or(ControlError::BadCursor)?;
            Some(Place::parse(position.created_at, &position.id).ok_or(ControlError::BadCursor)?)
        }
    };
    let wanted = AuditQuery { tenant: operator.tenant().map(str::to_owned), after, ..wanted };
    let index = Arc::clone(&state.index);
    let (items, total, next) = blocking(move || read(&index, wanted, limit, form)).await?;
    let cursor = next.and_then(|next| {
        let position = Position { created_at: next.time, id: next.id() };
        state.cursors.seal(&position, listing, state.clock.nonce())
    });
    Ok(Records { items, total, cursor })
}

type Found<F> = (Vec<F>, u64, Option<Place>);

fn read<F>(
    index: &AuditIndex,
    mut wanted: AuditQuery,
    limit: usize,
    form: fn(&Call) -> Option<F>,
) -> Result<Found<F>, IndexError> {
    let total = index.count(&wanted)?;
    let mut items = Vec::new();
    let mut taken = 0;
    loop {
        wanted.limit = Some(CHUNK.min(limit - taken));
        let page = index.query(&wanted)?;
        taken += page.calls.len();
        items.extend(page.calls.iter().filter_map(form));
        if taken >= limit || page.next.is_none() || page.calls.is_empty() {
            return Ok((items, total, page.next));
        }
        wanted.after = page.next;
    }
}

/// What `form` makes of the decision with that id; `None` for one of another tenant as for one that is not there.
///
/// # Errors
/// 503 while the ledger cannot be read.
pub(in crate::control) async fn decision<F: Send + 'static>(
    state: &ControlState,
    operator: &Operator,
    id: String,
    form: impl FnOnce(&Call) -> Option<F> + Send + 'static,
) -> Result<Option<F>, ControlError> {
    let tenant = operator.tenant().map(str::to_owned);
    let index = Arc::clone(&state.index);
    let found = move || {
        let call = index.find(&id)?;
        let call = call.filter(|call| {
            let of = call.record().and_then(|record| record.tenant().map(str::to_owned));
            tenant.is_none() || of == tenant
        });
        Ok(call.as_ref().and_then(form))
    };
    blocking(found).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IndexError> + Send + 'static,
) -> Result<T, ControlError> {
    let done = spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "the ledger was not searched");
        ControlError::Internal
    })?;
    done.map_err(|error| {
        tracing::error!(%error, "the ledger could not be searched");
        ControlError::IndexUnavailable
    })
}
