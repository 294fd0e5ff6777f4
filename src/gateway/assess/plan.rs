//! What is to be done to the answer of a call that is forwarded.

use std::sync::Arc;

use crate::decision::Route;
use crate::response::ResponsePlan;

/// The plan for an answer that comes by `route`; `None` when it passes as it comes.
pub(super) fn of(route: &Route) -> Option<Box<ResponsePlan>> {
    let rules = &route.response;
    if rules.max_bytes.is_none() && rules.redact.is_empty() {
        return None;
    }
    Some(Box::new(ResponsePlan {
        max_bytes: rules.max_bytes,
        redact: Arc::clone(&rules.redact),
        rpc: route.is_mcp(),
        ..ResponsePlan::default()
    }))
}
