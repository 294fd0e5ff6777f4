//! The control listener. Imports `model` only.

use std::net::SocketAddr;

use crate::config::control::key::{self, Key};
use crate::config::raw::RawControl;
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
}

pub(in crate::config) fn resolve(raw: RawControl, spot: &Spot<'_>) -> Option<Control> {
    let listen = listen_address(&raw.listen, &spot.key("listen"));
    let public_url = match &raw.public_url {
        None => Some(None),
        Some(text) => base_url(text, &spot.key("public_url")).map(Some),
    };
    let keys = key::resolve(raw.keys, &spot.key("keys"));
    Some(Control { listen: listen?, public_url: public_url?, keys })
}
