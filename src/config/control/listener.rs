//! The control listener. Imports `model` only.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use crate::config::control::key::{self, Key};
use crate::config::raw::{RawControl, RawKeyRate};
use crate::config::resolve::{Spot, base_url, listen_address};

/// The control listener and the keys.
#[derive(Clone, Debug)]
pub struct Control {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where people reach it: `http` or `https`, without a slash at the end. `None`: links lead to `listen` itself.
    pub public_url: Option<String>,
    /// The configured keys, in order; none: one is made at first start.
    pub keys: Vec<Key>,
    /// How many requests each key may make; `None`: any number.
    pub rate_limit: Option<KeyRate>,
}

/// How many requests a key may make on the control listener; at least one of the two is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRate {
    /// In a second.
    pub per_second: Option<NonZeroU32>,
    /// In a day (UTC).
    pub per_day: Option<NonZeroU32>,
}

pub(in crate::config) fn resolve(raw: RawControl, spot: &Spot<'_>) -> Option<Control> {
    let listen = listen_address(&raw.listen, &spot.key("listen"));
    let public_url = match &raw.public_url {
        None => Some(None),
        Some(text) => base_url(text, &spot.key("public_url")).map(Some),
    };
    let keys = key::resolve(raw.keys, &spot.key("keys"));
    let rate_limit = raw.rate_limit.map(|raw| rate_limit(&raw, &spot.key("rate_limit")));
    Some(Control { listen: listen?, public_url: public_url?, keys, rate_limit: rate_limit.flatten() })
}

/// `None` after complaining, too: then the whole is refused.
fn rate_limit(raw: &RawKeyRate, spot: &Spot<'_>) -> Option<KeyRate> {
    let (per_second, per_day) =
        (raw.per_second.and_then(NonZeroU32::new), raw.per_day.and_then(NonZeroU32::new));
    if per_second.is_none() && per_day.is_none() {
        spot.refuse_with("limits nothing", "write per_second, per_day or both");
        return None;
    }
    if let (Some(second), Some(day)) = (per_second, per_day)
        && second > day
    {
        spot.key("per_second").refuse("more in a second than in a day");
    }
    Some(KeyRate { per_second, per_day })
}
