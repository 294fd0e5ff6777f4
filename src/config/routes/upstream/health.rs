//! `upstream.health`: how the addresses are checked. Imports `model` only.

use std::time::Duration;

use crate::config::raw::RawHealth;
use crate::config::resolve::Spot;

/// How the addresses of an upstream are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamHealth {
    /// What is asked for with GET: a path, perhaps with a query; `None`: connecting is enough.
    pub path: Option<String>,
    /// Time from the end of one check of an address to the next.
    pub interval: Duration,
    /// How long a check may take.
    pub timeout: Duration,
    /// So many good checks in a row bring an address back.
    pub healthy_after: u32,
    /// So many bad checks in a row take an address out.
    pub unhealthy_after: u32,
}

/// The checks from what is written (`Some(None)`: none are); `None` after complaining.
pub(super) fn resolve(raw: Option<&RawHealth>, spot: &Spot<'_>) -> Option<Option<UpstreamHealth>> {
    let Some(raw) = raw else { return Some(None) };
    if let Some(path) = &raw.path
        && !(path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'))
    {
        spot.key("path").refuse_with("not the path of a request", "write it as /healthz");
        return None;
    }
    Some(Some(UpstreamHealth {
        path: raw.path.clone(),
        interval: Duration::from_millis(raw.interval_ms),
        timeout: Duration::from_millis(raw.timeout_ms),
        healthy_after: raw.healthy_after,
        unhealthy_after: raw.unhealthy_after,
    }))
}
