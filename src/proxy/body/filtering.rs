//! Answers that must not pass as they are: their head and body go through a [`ResponseFilter`] on the way to the caller.

use bytes::Bytes;
use http::StatusCode;
use http::header::{
    ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName,
    TRANSFER_ENCODING,
};
use pingora::http::ResponseHeader;
use pingora::protocols::http::HttpTask;

use crate::response::{Mode, ResponseError, ResponseFilter, ResponseHead, ResponsePlan};

/// What a tool says of the very bytes of its answer, and which no longer holds once they are edited.
const OF_THE_BYTES: [&str; 4] = ["content-digest", "repr-digest", "digest", "content-md5"];

/// One answer on its way.
pub(super) struct Filtering {
    plan: ResponsePlan,
    to_head: bool,
    state: State,
}

enum State {
    /// The head has not come.
    Waiting,
    /// The rest passes as it comes.
    Untouched,
    Streaming(ResponseFilter),
    /// The head is held back until the body was found fit.
    Whole(ResponseFilter, Box<ResponseHeader>),
}

impl Filtering {
    /// Of an answer to a HEAD request if `to_head`.
    pub(super) const fn new(plan: ResponsePlan, to_head: bool) -> Self {
        Self { plan, to_head, state: State::Waiting }
    }

    /// What of `tasks` goes on to the caller now.
    ///
    /// # Errors
    /// The answer must not pass, or must not go on.
    pub(super) fn filter(&mut self, tasks: Vec<HttpTask>) -> Result<Vec<HttpTask>, ResponseError> {
        let mut passed = Vec::with_capacity(tasks.len() + 1);
        for task in tasks {
            match task {
                HttpTask::Header(head, end) => passed.extend(self.head(head, end)?),
                HttpTask::Body(chunk, end) => self.body(chunk.unwrap_or_default(), end, &mut passed)?,
                HttpTask::Trailer(_) | HttpTask::Done => {
                    self.body(Bytes::new(), true, &mut passed)?;
                    passed.push(task);
                }
                HttpTask::UpgradedBody(..) | HttpTask::Failed(_) => passed.push(task),
            }
        }
        Ok(passed)
    }

    fn head(&mut self, mut head: Box<ResponseHeader>, end: bool) -> Result<Option<HttpTask>, ResponseError> {
        if head.status.is_informational() && head.status != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(Some(HttpTask::Header(head, end)));
        }
        let mode = ResponseFilter::begin(&self.plan, self.read(&head))?;
        if end || matches!(mode, Mode::Untouched) {
            self.state = State::Untouched;
            return Ok(Some(HttpTask::Header(head, end)));
        }
        if self.plan.reads() {
            forget_the_bytes(&mut head);
        }
        match mode {
            Mode::Whole(filter) => {
                self.state = State::Whole(filter, head);
                return Ok(None);
            }
            Mode::Streaming(filter) => self.state = State::Streaming(filter),
            Mode::Untouched => {}
        }
        if self.plan.reads() {
            // The length is not known any more. HTTP/2 has framing of its own, and Pingora leaves this out there.
            let _fits = head.insert_header(TRANSFER_ENCODING, "chunked");
        }
        Ok(Some(HttpTask::Header(head, false)))
    }

    fn read<'h>(&self, head: &'h ResponseHeader) -> ResponseHead<'h> {
        let text = |name| head.headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        ResponseHead {
            status: head.status.as_u16(),
            content_type: text(CONTENT_TYPE),
            content_encoding: text(CONTENT_ENCODING),
            content_length: text(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
            to_head: self.to_head,
            is_partial: head.headers.contains_key(CONTENT_RANGE),
        }
    }

    fn body(&mut self, chunk: Bytes, end: bool, passed: &mut Vec<HttpTask>) -> Result<(), ResponseError> {
        match std::mem::replace(&mut self.state, State::Untouched) {
            untouched @ (State::Waiting | State::Untouched) => {
                self.state = untouched;
                if !chunk.is_empty() || end {
                    passed.push(HttpTask::Body(Some(chunk), end));
                }
            }
            State::Streaming(mut filter) => {
                let out = filter.push(chunk, end)?;
                if !end {
                    self.state = State::Streaming(filter);
                }
                if !out.is_empty() || end {
                    passed.push(HttpTask::Body(Some(out), end));
                }
            }
            State::Whole(mut filter, mut head) => {
                let body = filter.push(chunk, end)?;
                if !end {
                    self.state = State::Whole(filter, head);
                    return Ok(());
                }
                let _fits = head.insert_header(CONTENT_LENGTH, body.len());
                passed.push(HttpTask::Header(head, false));
                passed.push(HttpTask::Body(Some(body), true));
            }
        }
        Ok(())
    }
}

/// Takes out what does not hold for an edited body.
fn forget_the_bytes(head: &mut ResponseHeader) {
    for name in [CONTENT_LENGTH, TRANSFER_ENCODING, ETAG, ACCEPT_RANGES] {
        head.remove_header(&name);
    }
    for name in OF_THE_BYTES {
        head.remove_header(&HeaderName::from_static(name));
    }
}
