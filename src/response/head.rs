//! The head of an answer, and what it says about how the body can be read.

/// What of an answer's head matters.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResponseHead<'a> {
    /// The status code.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// `Content-Encoding`.
    pub content_encoding: Option<&'a str>,
    /// `Content-Length`, in bytes; `None` when the body's end is told otherwise.
    pub content_length: Option<u64>,
    /// Whether it answers a HEAD request, so that no body follows whatever the head says of one.
    pub to_head: bool,
    /// Whether it is a part of a whole: status 206, or a `Content-Range`.
    pub is_partial: bool,
}

/// What a body is, going by its media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// JSON: `application/json`, `text/json`, or anything with the suffix `+json`.
    Json,
    /// Server-sent events.
    Events,
    /// Something else, or nothing is said.
    Other,
}

impl ResponseHead<'_> {
    /// Whether no body follows.
    pub(super) const fn has_no_body(&self) -> bool {
        let by_status = matches!(self.status, 100 | 102..=199 | 204 | 304);
        by_status || self.to_head || matches!(self.content_length, Some(0))
    }

    /// Whether the connection leaves HTTP behind this head.
    pub(super) const fn is_upgrade(&self) -> bool {
        self.status == 101
    }

    pub(super) const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// Whether the body is in a coding that is not read here, such as gzip.
    pub(super) fn is_encoded(&self) -> bool {
        self.content_encoding.is_some_and(|encoding| {
            let encoding = encoding.trim();
            !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity")
        })
    }

    /// Whether there may well be no body although the head does not say so: MCP servers answer notifications with an empty
    /// chunked 202.
    pub(super) const fn may_be_empty(&self) -> bool {
        self.content_length.is_none() && (self.content_type.is_none() || self.status == 202)
    }

    pub(super) fn media(&self) -> Media {
        let essence = self.content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let essence = essence.to_ascii_lowercase();
        match essence.as_str() {
            "text/event-stream" => Media::Events,
            "application/json" | "text/json" => Media::Json,
            other if other.ends_with("+json") => Media::Json,
            _ => Media::Other,
        }
    }
}
