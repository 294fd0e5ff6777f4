//! From the head of an answer to the bytes that come back.

use std::fmt;

use bytes::Bytes;

use crate::response::edit::Editor;
use crate::response::head::Media;
use crate::response::sse::Events;
use crate::response::{ResponseError, ResponseHead, ResponsePlan};

/// What is to be done with an answer's body.
#[derive(Debug)]
pub enum Mode {
    /// Nothing: it passes as it comes.
    Untouched,
    /// Every chunk goes through the filter, which gives out what may pass at once.
    Streaming(ResponseFilter),
    /// The same, but everything comes out with the last chunk. The head must wait for that, since the answer may yet be refused.
    Whole(ResponseFilter),
}

/// The body of one answer on its way. What comes out may be longer or shorter than what went in, so a `Content-Length`, digests
/// and validators (`ETag`) of the tool's do not hold for it.
pub struct ResponseFilter {
    max_bytes: Option<u64>,
    received_bytes: u64,
    work: Work,
    /// What was wrong: nothing more comes out.
    failed: Option<ResponseError>,
}

enum Work {
    Count,
    Events(Events),
    Gather(Gather),
}

/// A body that is read whole.
struct Gather {
    editor: Editor,
    reading: Reading,
    limit: usize,
    body: Vec<u8>,
}

/// How a gathered body is read. An empty one passes in any case.
#[derive(Clone, Copy)]
enum Reading {
    /// It is JSON.
    Json,
    /// It is an error's text, or JSON that is not called so.
    IfJson,
    /// It should be empty.
    Empty,
}

impl ResponseFilter {
    /// What `plan` means for the answer with this head.
    ///
    /// # Errors
    /// The plan cannot be applied to the answer: the answer must not pass.
    pub fn begin(plan: &ResponsePlan, head: ResponseHead<'_>) -> Result<Mode, ResponseError> {
        if plan.is_empty() || head.has_no_body() {
            return Ok(Mode::Untouched);
        }
        if let (Some(limit), Some(length)) = (plan.max_bytes, head.content_length)
            && length > limit
        {
            return Err(ResponseError::TooLong { limit });
        }
        let filter = |work| Self { max_bytes: plan.max_bytes, received_bytes: 0, work, failed: None };
        if !plan.reads() {
            return Ok(Mode::Streaming(filter(Work::Count)));
        }
        check_readable(head)?;
        let reading = match head.media() {
            Media::Events => {
                let events = Events::new(Editor::new(plan), plan.limits.event_bytes);
                return Ok(Mode::Streaming(filter(Work::Events(events))));
            }
            Media::Json => Reading::Json,
            Media::Other if !head.is_success() => Reading::IfJson,
            Media::Other if head.may_be_empty() => Reading::Empty,
            Media::Other => return Err(ResponseError::ContentType),
        };
        let limit = plan.limits.body_bytes;
        if head
            .content_length
            .is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit))
        {
            return Err(ResponseError::BodyTooLong { limit });
        }
        let gather = Gather { editor: Editor::new(plan), reading, limit, body: Vec::new() };
        Ok(Mode::Whole(filter(Work::Gather(gather))))
    }

    /// Takes the next bytes of the body, `end` with or behind the last of them, and gives those that may pass.
    ///
    /// # Errors
    /// The answer must not pass, or must not go on; so for every later call.
    pub fn push(&mut self, chunk: Bytes, end: bool) -> Result<Bytes, ResponseError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let passed = self.filter(chunk, end);
        self.failed = passed.as_ref().err().copied();
        passed
    }

    fn filter(&mut self, chunk: Bytes, end: bool) -> Result<Bytes, ResponseError> {
        self.received_bytes =
            self.received_bytes.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if let Some(limit) = self.max_bytes
            && self.received_bytes > limit
        {
            return Err(ResponseError::TooLong { limit });
        }
        match &mut self.work {
            Work::Count => Ok(chunk),
            Work::Events(events) => events.push(&chunk, end).map(Bytes::from),
            Work::Gather(gather) => gather.push(chunk, end),
        }
    }
}

/// What must be read cannot be read in pieces, behind a coding, or outside of HTTP.
fn check_readable(head: ResponseHead<'_>) -> Result<(), ResponseError> {
    if head.is_upgrade() {
        return Err(ResponseError::Upgraded);
    }
    if head.is_encoded() {
        return Err(ResponseError::Encoded);
    }
    if head.is_partial || head.status == 206 {
        return Err(ResponseError::Partial);
    }
    Ok(())
}

impl Gather {
    fn push(&mut self, chunk: Bytes, end: bool) -> Result<Bytes, ResponseError> {
        if self.body.len() + chunk.len() > self.limit {
            return Err(ResponseError::BodyTooLong { limit: self.limit });
        }
        if matches!(self.reading, Reading::Empty) && !chunk.is_empty() {
            return Err(ResponseError::ContentType);
        }
        if end && self.body.is_empty() {
            return self.edited(chunk);
        }
        self.body.extend_from_slice(&chunk);
        if !end {
            return Ok(Bytes::new());
        }
        let body = std::mem::take(&mut self.body);
        self.edited(body.into())
    }

    fn edited(&self, body: Bytes) -> Result<Bytes, ResponseError> {
        if body.is_empty() {
            return Ok(body);
        }
        let edited = match self.reading {
            Reading::Json => self.editor.edit(&body)?,
            Reading::IfJson | Reading::Empty => self.editor.edit_if_json(&body)?,
        };
        Ok(edited.map_or(body, Bytes::from))
    }
}

/// Says nothing of the body.
impl fmt::Debug for ResponseFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("ResponseFilter");
        shown.field("received_bytes", &self.received_bytes).field("failed", &self.failed);
        shown.finish_non_exhaustive()
    }
}
