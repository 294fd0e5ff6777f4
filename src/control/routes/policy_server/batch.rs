//! Bodies of actions, and answers to them: one action is answered by one object however it was sent, several by a list.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::Response;

use crate::control::body::read_whole;
use crate::control::error::{DocumentError, ItemError};
use crate::model::json::write_json_string;

/// Longest body, in bytes.
const BODY_MAX_BYTES: usize = 1024 * 1024;

/// The whole body of a request, whatever its type is said to be.
///
/// # Errors
/// 400, 408 or 413.
pub(super) async fn body(request: Request) -> Result<Vec<u8>, DocumentError> {
    let (parts, body) = request.into_parts();
    Ok(read_whole(&parts.headers, body, BODY_MAX_BYTES).await?)
}

/// The answers to the actions of one body, being written.
#[derive(Debug)]
pub(super) struct Answers {
    items: usize,
    text: Vec<u8>,
    count: usize,
    errors: Vec<ItemError>,
}

impl Answers {
    /// For a body of so many actions.
    pub(super) fn of(items: usize) -> Self {
        let mut text = Vec::with_capacity(items.clamp(1, 64) * 192);
        if items != 1 {
            text.push(b'[');
        }
        Self { items, text, count: 0, errors: Vec::new() }
    }

    /// The next answer: JSON that `write` appends.
    pub(super) fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.count > 0 {
            self.text.push(b',');
        }
        self.count += 1;
        write(&mut self.text);
    }

    /// The next action got no answer; the others do.
    pub(super) fn fail(&mut self, mut error: ItemError) {
        error.index = (self.items != 1).then_some(self.count);
        let written = error.to_value().to_string();
        self.errors.push(error);
        self.add(|text| text.extend_from_slice(written.as_bytes()));
    }

    /// The whole answer.
    ///
    /// # Errors
    /// The error of the only action, and 400 where none of several can be read.
    pub(super) fn end(mut self) -> Result<Response, DocumentError> {
        if self.items == 1 {
            if let Some(error) = self.errors.pop() {
                return Err(DocumentError::Item(error));
            }
        } else {
            self.text.push(b']');
        }
        if self.items > 1
            && self.errors.len() == self.items
            && self.errors.iter().all(ItemError::is_bad_request)
        {
            return Err(DocumentError::Batch(self.errors));
        }
        Ok(json(self.text))
    }
}

/// An answer of 200 with JSON text.
pub(super) fn json(text: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Appends a text as JSON, or null.
pub(super) fn write_or_null(value: Option<&str>, text: &mut Vec<u8>) {
    match value {
        Some(value) => write_json_string(value, text),
        None => text.extend_from_slice(b"null"),
    }
}
