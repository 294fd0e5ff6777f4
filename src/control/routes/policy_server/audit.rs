//! `GET /api/v1/audit`: the actions that were executed, oldest first unless asked otherwise.
//!
//! The list is as long as the ledger: it is read and sent page by page, never held whole.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::Response;
use futures_core::Stream;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::audit::action::POLICY_SERVER;
use crate::audit::index::{AuditIndex, AuditQuery, IndexError, Order, Page};
use crate::control::ControlState;
use crate::control::dto::AuditEntry;
use crate::control::error::DocumentError;
use crate::control::routes::policy_server::caller::{Caller, Wanted};
use crate::control::routes::policy_server::python::{dumps, integer};
use crate::model::json::hex_pair;
use crate::model::time::Timestamp;

/// Entries read at once.
const PAGE: usize = 500;

/// Lists what was asked for.
pub(in crate::control) async fn list(
    State(state): State<ControlState>,
    request: Request,
) -> Result<Response, DocumentError> {
    let caller = Caller::admit(&state, &request, Wanted::Audit)?;
    let mut query = query(request.uri().query().unwrap_or_default())?;
    query.tenant = caller.tenant().map(str::to_owned);
    let most = query.limit.unwrap_or(usize::MAX);
    let index = state.index;
    let first = {
        let (index, mut query) = (std::sync::Arc::clone(&index), query.clone());
        query.limit = Some(most.min(PAGE));
        spawn_blocking(move || index.query(&query)).await
    };
    let first = first.map_err(|_| DocumentError::Unavailable("The gateway stops.".to_owned()))?;
    let first = first.map_err(|error| unavailable(&error))?;
    let (sender, receiver) = mpsc::channel(2);
    let _sends = spawn_blocking(move || send(&index, query, first, most, &sender));
    let mut response = Response::new(Body::from_stream(Chunks(receiver)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

fn unavailable(error: &IndexError) -> DocumentError {
    tracing::error!(%error, "the audit log could not be read");
    DocumentError::Unavailable("The audit log cannot be read at present. Try again later.".to_owned())
}

/// Sends `page` and those behind it, at most `most` entries in all; ends early when nobody reads any more.
fn send(
    index: &AuditIndex,
    mut query: AuditQuery,
    mut page: Page,
    most: usize,
    to: &mpsc::Sender<Result<Bytes, IndexError>>,
) {
    let mut text = vec![b'['];
    let mut count = 0;
    loop {
        for call in &page.calls {
            if let Some(entry) = AuditEntry::of(call) {
                if count > 0 {
                    text.push(b',');
                }
                entry.write(dumps, &mut text);
                count += 1;
            }
        }
        let Some(after) = page.next.take().filter(|_| count < most && !page.calls.is_empty()) else { break };
        if to.blocking_send(Ok(Bytes::from(std::mem::take(&mut text)))).is_err() {
            return;
        }
        (query.after, query.offset) = (Some(after), 0);
        query.limit = Some((most - count).min(PAGE));
        page = match index.query(&query) {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(%error, "the audit log could not be read on");
                let _nobody_reads = to.blocking_send(Err(error));
                return;
            }
        };
    }
    text.push(b']');
    let _nobody_reads = to.blocking_send(Ok(Bytes::from(text)));
}

/// What a page after the other comes through.
struct Chunks(mpsc::Receiver<Result<Bytes, IndexError>>);

impl Stream for Chunks {
    type Item = Result<Bytes, IndexError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

/// Reads the query: an empty value is none, of a repeated name the last counts, unknown names are ignored.
fn query(raw: &str) -> Result<AuditQuery, DocumentError> {
    let mut query = AuditQuery {
        surface: Some(POLICY_SERVER.to_owned()),
        kinds: vec!["decision".to_owned()],
        order: Order::Ascending,
        ..AuditQuery::default()
    };
    for (name, value) in pairs(raw) {
        let text = Some(value.clone()).filter(|value| !value.is_empty());
        match name.as_str() {
            "session_id" => query.session_id = text,
            "action_type" => query.capability = text,
            // Compared without regard to letter case, as levels are written in either.
            "risk_level" => query.risk = text.map(|level| level.to_lowercase()),
            "result_status" => query.result_status = text,
            "limit" => query.limit = text.map(|text| limit(&text)).transpose()?,
            "offset" => query.offset = text.map_or(Ok(0), |text| offset(&text))?,
            "since" => query.since = text.map(|text| time("since", &text)).transpose()?,
            "until" => query.until = text.map(|text| time("until", &text)).transpose()?,
            "order" => {
                query.order = match text.as_deref() {
                    None | Some("asc") => Order::Ascending,
                    Some("desc") => Order::Descending,
                    Some(_) => return Err(DocumentError::bad(Some("order"), "order is asc or desc.")),
                };
            }
            _ => {}
        }
    }
    Ok(query)
}

fn limit(text: &str) -> Result<usize, DocumentError> {
    match integer(text) {
        Err(()) => Err(DocumentError::Limit("limit must be a valid integer")),
        Ok(Some(value)) => {
            usize::try_from(value).map_err(|_| DocumentError::Limit("limit must be a non-negative integer"))
        }
        Ok(None) => Err(DocumentError::bad(Some("limit"), "No list is as long as this limit.")),
    }
}

fn offset(text: &str) -> Result<u64, DocumentError> {
    let value = integer(text).ok().flatten().and_then(|value| u64::try_from(value).ok());
    value.ok_or_else(|| DocumentError::bad(Some("offset"), "offset is a non-negative integer."))
}

fn time(field: &'static str, text: &str) -> Result<Timestamp, DocumentError> {
    let detail = "is a date-time of RFC 3339, such as 2026-11-23T06:19:54Z or 2026-11-23T07:19:54%2B01:00 (a + is written %2B).";
    Timestamp::parse_rfc3339(text).ok_or_else(|| DocumentError::bad(Some(field), format!("{field} {detail}")))
}

/// Names and values of a query string, decoded as forms are; what cannot be decoded stands as it is.
fn pairs(raw: &str) -> impl Iterator<Item = (String, String)> {
    raw.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

fn decode(raw: &str) -> String {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match (first, behind) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, behind @ ..]) => match hex_pair(Some(*high), Some(*low)) {
                Some(byte) => {
                    bytes.push(byte);
                    rest = behind;
                }
                None => bytes.push(b'%'),
            },
            (other, _) => bytes.push(*other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
