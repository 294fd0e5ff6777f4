//! What these tests share: plans, tool lists, and running an answer through a filter.

use std::sync::{Arc, Mutex};

use bytes::Bytes;

use crate::model::pointer::Pointer;
use crate::response::{
    ListFilter, ListKind, Mode, ResponseError, ResponseFilter, ResponseHead, ResponsePlan, ToolListing,
};

/// Hides tools whose name begins with `hidden`, and `twin`s that were noted twice.
#[derive(Default)]
pub(in crate::response::tests) struct Listing {
    noted: Mutex<Vec<String>>,
}

impl ToolListing for Listing {
    fn note(&self, tool: &str) {
        self.noted.lock().unwrap().push(tool.to_owned());
    }

    fn hides(&self, tool: &str) -> bool {
        let noted = self.noted.lock().unwrap();
        let count = noted.iter().filter(|noted| *noted == tool).count();
        assert!(count > 0, "asked about {tool} before it was told of it");
        tool.starts_with("hidden") || (tool == "twin" && count > 1)
    }
}

pub(in crate::response::tests) fn hiding(pointers: &[&str]) -> ResponsePlan {
    let redact = pointers.iter().map(|pointer| Pointer::parse(pointer).unwrap()).collect();
    ResponsePlan { redact, ..ResponsePlan::default() }
}

pub(in crate::response::tests) fn rpc(pointers: &[&str]) -> ResponsePlan {
    ResponsePlan { rpc: true, ..hiding(pointers) }
}

pub(in crate::response::tests) fn listing(kind: ListKind) -> ResponsePlan {
    let list = Some(ListFilter { listing: Arc::new(Listing::default()), kind });
    ResponsePlan { rpc: true, list, ..ResponsePlan::default() }
}

pub(in crate::response::tests) const JSON: ResponseHead<'static> = ResponseHead {
    status: 200,
    content_type: Some("application/json"),
    content_encoding: None,
    content_length: None,
    to_head: false,
    is_partial: false,
};

pub(in crate::response::tests) const EVENTS: ResponseHead<'static> =
    ResponseHead { content_type: Some("text/event-stream"), ..JSON };

/// What comes out for these chunks, all together.
pub(in crate::response::tests) fn run<'c>(
    plan: &ResponsePlan,
    head: ResponseHead<'_>,
    chunks: impl IntoIterator<Item = &'c [u8]>,
) -> Result<Vec<u8>, ResponseError> {
    let mut filter = match ResponseFilter::begin(plan, head)? {
        Mode::Untouched => return Ok(chunks.into_iter().collect::<Vec<_>>().concat()),
        Mode::Streaming(filter) | Mode::Whole(filter) => filter,
    };
    let mut out = Vec::new();
    for chunk in chunks {
        out.extend_from_slice(&filter.push(Bytes::copy_from_slice(chunk), false)?);
    }
    out.extend_from_slice(&filter.push(Bytes::new(), true)?);
    Ok(out)
}

/// The same for a body in one chunk that is text.
pub(in crate::response::tests) fn whole(
    plan: &ResponsePlan,
    head: ResponseHead<'_>,
    body: &str,
) -> Result<String, ResponseError> {
    run(plan, head, [body.as_bytes()]).map(|out| String::from_utf8(out).unwrap())
}
