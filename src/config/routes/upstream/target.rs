//! The upstream as a whole. Imports `model` only.

use std::time::Duration;

use crate::config::raw::{RawBalance, RawProtocol, RawUpstream};
use crate::config::resolve::Spot;
use crate::config::routes::upstream::headers::{check_host, headers};
use crate::config::routes::upstream::{UpstreamAddress, UpstreamHeader, UpstreamHealth, UpstreamTls};
use crate::config::routes::upstream::{address, health, tls};
use crate::model::json::{NormalPath, PathAllowance};

/// Where allowed calls go.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// The tool servers: at least one, none twice.
    pub addresses: Vec<UpstreamAddress>,
    /// Which of them takes a call.
    pub balance: Balance,
    /// How they are verified; `None`: without TLS.
    pub tls: Option<UpstreamTls>,
    /// Whether HTTP/2 is spoken.
    pub http2: bool,
    /// How they are checked; `None`: not at all.
    pub health: Option<UpstreamHealth>,
    /// The path that mcp and tool_call routes send to, in normal form; `/` when none is written. http routes keep the client's.
    pub path: String,
    /// The Host header calls are sent with; `None`: the client's.
    pub host: Option<String>,
    /// How long a connection may take to open.
    pub connect: Duration,
    /// How long the tool may take to begin its answer.
    pub read: Duration,
    /// Headers set on every call, in place of the client's; none twice.
    pub headers: Vec<UpstreamHeader>,
}

/// Which of several addresses takes a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// One after the other.
    #[default]
    RoundRobin,
    /// The one with the fewest calls under way.
    LeastLoaded,
}

/// An upstream from what is written; `None` after complaining.
pub(in crate::config::routes) fn resolve(
    raw: &RawUpstream,
    protocol: RawProtocol,
    spot: &Spot<'_>,
) -> Option<Upstream> {
    let addresses = address::resolve(&raw.addresses, &spot.key("addresses"));
    let tls = tls::resolve(raw.tls.as_ref(), addresses.as_deref().unwrap_or_default(), spot);
    let health = health::resolve(raw.health.as_ref(), &spot.key("health"));
    let path = path(raw, protocol, &spot.key("path"));
    check_host(raw, &spot.key("host"));
    let headers = headers(raw, &spot.key("headers"));
    Some(Upstream {
        addresses: addresses?,
        balance: match raw.balance {
            RawBalance::RoundRobin => Balance::RoundRobin,
            RawBalance::LeastLoaded => Balance::LeastLoaded,
        },
        tls: tls?,
        http2: raw.http2,
        health: health?,
        path: path?,
        host: raw.host.clone(),
        connect: Duration::from_millis(raw.connect_ms),
        read: Duration::from_millis(raw.read_ms),
        headers: headers?,
    })
}

fn path(raw: &RawUpstream, protocol: RawProtocol, spot: &Spot<'_>) -> Option<String> {
    let Some(text) = &raw.path else { return Some("/".to_owned()) };
    if protocol == RawProtocol::Http {
        spot.refuse_key("only for mcp and tool_call routes: http routes keep the client's path");
        return None;
    }
    match NormalPath::parse(text, PathAllowance::default()) {
        Err(error) => {
            spot.refuse(error.to_string());
            None
        }
        Ok(_) if text.contains('?') || text.contains('#') => {
            spot.refuse("a path has no query and no fragment");
            None
        }
        Ok(normal) if normal.spelling() != text => {
            spot.refuse_with("not in normal form", format!("write it as {}", normal.spelling()));
            None
        }
        Ok(_) => Some(text.clone()),
    }
}
