//! `gateway`: the data plane's limits. Imports `model` only.

use std::time::Duration;

use crate::config::gateway::jwt::{self, Jwt};
use crate::config::gateway::listen::{Listen, listeners};
use crate::config::raw::{RawCaseEqualKeys, RawGateway};
use crate::config::resolve::{Spot, host_value};
use crate::model::json::{CaseEqualKeys, Reader};

/// The data plane's listeners and limits.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Where tool traffic arrives: at least one, none twice.
    pub listen: Vec<Listen>,
    /// The longest request body that is read, in bytes; at most 16 MiB.
    pub max_body_bytes: usize,
    /// How many requests may be under way at once.
    pub max_concurrent_requests: usize,
    /// How long the gateway waits.
    pub timeouts: Timeouts,
    /// How request bodies are read as JSON.
    pub json: Reader,
    /// Host header values that are accepted, lower case, with a port where one was written; empty accepts any.
    pub hosts: Vec<String>,
    /// Origin header values that are accepted on mcp routes, lower case (`https://app.example`).
    pub origins: Vec<String>,
    /// Whose tokens are believed.
    pub jwt: Vec<Jwt>,
}

/// How long the gateway waits.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For a request's head.
    pub header: Duration,
    /// For a request's whole body.
    pub body: Duration,
    /// For the next request on an open connection.
    pub idle: Duration,
    /// For the next byte of a streamed response; `None` waits for ever.
    pub stream_idle: Option<Duration>,
    /// For requests and streams still open at shutdown.
    pub shutdown_grace: Duration,
}

pub(in crate::config) fn resolve(raw: &RawGateway, spot: &Spot<'_>) -> Gateway {
    let times = &raw.timeouts;
    let timeouts = Timeouts {
        header: Duration::from_millis(times.header_ms),
        body: Duration::from_millis(times.body_ms),
        idle: Duration::from_millis(times.idle_ms),
        stream_idle: (times.stream_idle_ms > 0).then(|| Duration::from_millis(times.stream_idle_ms)),
        shutdown_grace: Duration::from_millis(times.shutdown_grace_ms),
    };
    let case_equal_keys = match raw.json.case_equal_keys {
        RawCaseEqualKeys::Refuse => CaseEqualKeys::Refuse,
        RawCaseEqualKeys::Allow => CaseEqualKeys::Allow,
    };
    let max_depth = usize::try_from(raw.json.max_depth).unwrap_or(usize::MAX);
    Gateway {
        listen: listeners(raw, &spot.key("listen")),
        max_body_bytes: usize::try_from(raw.max_body_bytes).unwrap_or(usize::MAX),
        max_concurrent_requests: raw.max_concurrent_requests,
        timeouts,
        json: Reader { max_depth, case_equal_keys },
        hosts: list(
            &raw.hosts,
            &spot.key("hosts"),
            host_value,
            "not a host",
            "write it as tools.example or tools.example:8080",
        ),
        origins: list(
            &raw.origins,
            &spot.key("origins"),
            origin_value,
            "not an origin",
            "write it as https://app.example",
        ),
        jwt: jwt::resolve(&raw.jwt, &spot.key("jwt")),
    }
}

fn list(
    texts: &[String],
    spot: &Spot<'_>,
    read: fn(&str) -> Option<String>,
    complaint: &str,
    hint: &str,
) -> Vec<String> {
    let mut values = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match read(text) {
            Some(value) => values.push(value),
            None => spot.element(index).refuse_with(complaint, hint),
        }
    }
    values
}

/// An Origin header's value: scheme and host, with or without a port, and nothing behind it.
fn origin_value(text: &str) -> Option<String> {
    let (scheme, host) = text.split_once("://")?;
    let is_scheme = !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !is_scheme {
        return None;
    }
    host_value(host).map(|host| format!("{}://{host}", scheme.to_ascii_lowercase()))
}
