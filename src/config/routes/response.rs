//! What may come back from a route's tool. Imports `model` only.

use crate::config::raw::RawResponse;
use crate::config::resolve::Spot;
use crate::model::pointer::Pointer;

/// What may come back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// Longest answer, in bytes; of a stream, all of it together. `None`: any.
    pub max_bytes: Option<u64>,
    /// Values that are hidden.
    pub redact: Vec<Pointer>,
}

pub(super) fn resolve(raw: Option<&RawResponse>, spot: &Spot<'_>) -> Response {
    let Some(raw) = raw else { return Response::default() };
    let spot = spot.key("redact");
    let mut redact = Vec::with_capacity(raw.redact.len());
    for (index, text) in raw.redact.iter().enumerate() {
        match Pointer::parse(text) {
            Ok(pointer) if redact.contains(&pointer) => {
                spot.element(index).refuse("the pointer stands twice in the list");
            }
            Ok(pointer) => redact.push(pointer),
            Err(error) => {
                spot.element(index)
                    .refuse_with(error.to_string(), "write it as /customer/ssn or /items/*/price");
            }
        }
    }
    Response { max_bytes: raw.max_bytes, redact }
}
