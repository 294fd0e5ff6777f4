//! What tools send back: JSON bodies and event streams.

use std::sync::Arc;

use aegis_gateway::model::pointer::Pointer;
use aegis_gateway::response::{
    ListFilter, ListKind, Mode, ResponseError, ResponseFilter, ResponseHead, ResponsePlan, ToolListing,
};
use serde_json::Value;

/// Hides every tool.
struct Everything;

impl ToolListing for Everything {
    fn note(&self, _tool: &str) {}

    fn hides(&self, _tool: &str) -> bool {
        true
    }
}

/// No list and no hidden value is left in a body that passes. The first byte makes the plan.
pub fn json_response(data: &[u8]) {
    let Some((flags, body)) = data.split_first() else { return };
    let plan = plan(*flags);
    let Ok(out) = pass(&plan, "application/json", [body]) else { return };
    if !out.is_empty() {
        let value: Value = serde_json::from_slice(&out).expect("what passes can be read");
        check(&plan, &value);
    }
}

/// It makes no difference how a stream is cut, and no list or hidden value is left in an event that passes. The first byte makes
/// the plan, the second the chunks.
pub fn sse(data: &[u8]) {
    let [flags, cut, stream @ ..] = data else { return };
    let plan = plan(*flags);
    let at_once = pass(&plan, "text/event-stream", [stream]);
    let in_parts = pass(&plan, "text/event-stream", stream.chunks(usize::from(*cut).max(1)));
    assert_eq!(at_once, in_parts, "chunks make a difference");
    let Ok(out) = at_once else { return };
    for data in events(&out) {
        if let Ok(value) = serde_json::from_str(&data) {
            check(&plan, &value);
        }
    }
}

fn plan(flags: u8) -> ResponsePlan {
    let kind = if flags & 1 == 0 { ListKind::Answer } else { ListKind::Replay };
    let list = (flags & 2 == 0).then(|| ListFilter { listing: Arc::new(Everything), kind });
    let pointers: &[&str] = if flags & 4 == 0 { &["/secret"] } else { &["/list/*/secret", "/0"] };
    let redact = pointers.iter().map(|text| Pointer::parse(text).expect("a good pointer")).collect();
    ResponsePlan { list, redact, rpc: flags & 8 == 0, ..ResponsePlan::default() }
}

fn pass<'c>(
    plan: &ResponsePlan,
    content_type: &str,
    chunks: impl IntoIterator<Item = &'c [u8]>,
) -> Result<Vec<u8>, ResponseError> {
    let head = ResponseHead { status: 200, content_type: Some(content_type), ..ResponseHead::default() };
    let (Mode::Streaming(mut filter) | Mode::Whole(mut filter)) = ResponseFilter::begin(plan, head)? else {
        unreachable!("the plan asks for something");
    };
    let mut out = Vec::new();
    for chunk in chunks {
        out.extend_from_slice(&filter.push(chunk.to_vec().into(), false)?);
    }
    out.extend_from_slice(&filter.push(Vec::new().into(), true)?);
    Ok(out)
}

/// What a client finds in the message or body.
fn check(plan: &ResponsePlan, value: &Value) {
    let rpc = plan.rpc || plan.list.is_some();
    let messages = match value {
        Value::Array(batch) if rpc => batch.as_slice(),
        single => std::slice::from_ref(single),
    };
    for message in messages {
        if let Some(filter) = &plan.list {
            let tools = message["result"]["tools"].as_array();
            let is_list = filter.kind == ListKind::Answer
                || tools.is_some_and(|tools| tools.iter().any(Value::is_object));
            assert!(!is_list || tools.is_none_or(Vec::is_empty), "a hidden tool is shown");
        }
        let root = if rpc { &message["result"] } else { message };
        let secret = |value: &Value| value.get("secret").is_some_and(|secret| secret != "[REDACTED]");
        let hides_one = plan.redact.iter().any(|pointer| pointer.tokens().len() == 1 && pointer != &zero());
        assert!(!hides_one || !secret(root), "a hidden value is shown");
        let list = root["list"].as_array().into_iter().flatten();
        assert!(hides_one || !list.into_iter().any(secret), "a hidden value is shown");
    }
}

fn zero() -> Pointer {
    Pointer::parse("/0").expect("a good pointer")
}

/// The data of the events that clients dispatch.
fn events(stream: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut data) = (Vec::new(), Vec::new());
    for line in text.split('\n') {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        if line.is_empty() {
            events.push(std::mem::take(&mut data).join("\n"));
        } else if field == "data" {
            data.push(value.strip_prefix(' ').unwrap_or(value));
        }
    }
    events
}
