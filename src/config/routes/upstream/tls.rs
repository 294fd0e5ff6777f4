//! `upstream.tls`: how the tool is verified, and what it is shown. Imports `model` only.
//!
//! Certificates are read here, and a pair that does not fit or a file without any is refused with its place. There is no way
//! to leave the verification out: a name to verify is always known.

use std::fmt;
use std::net::IpAddr;

use rustls::RootCertStore;

use crate::config::raw::{RawUpstreamTls, RawUpstreamTlsSettings};
use crate::config::resolve::{KeyPair, Spot, certificates, host_name, key_pair};
use crate::config::routes::upstream::UpstreamAddress;

/// TLS to a tool.
#[derive(Clone, Debug)]
pub struct UpstreamTls {
    /// The authorities believed, as DER; none: those of the system.
    pub authorities: Vec<Vec<u8>>,
    /// The name that must be in the tool's certificate; `None`: the host of the address, which then is none of a unix socket.
    pub server_name: Option<String>,
    /// What the gateway shows the tool.
    pub client: Option<ClientIdentity>,
}

/// A certificate and its key, which fit.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// The certificate and those between it and its authority, as DER; at least one.
    pub chain: Vec<Vec<u8>>,
    /// The private key as DER.
    pub key: Vec<u8>,
}

/// INVARIANT: a private key is never shown.
impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity").field("chain", &self.chain.len()).finish_non_exhaustive()
    }
}

/// TLS from what is written (`Some(None)`: none); `None` after complaining. `upstream` is the spot of the upstream.
pub(super) fn resolve(
    raw: Option<&RawUpstreamTls>,
    addresses: &[UpstreamAddress],
    upstream: &Spot<'_>,
) -> Option<Option<UpstreamTls>> {
    let default = RawUpstreamTlsSettings::default();
    let settings = match raw {
        None | Some(RawUpstreamTls::Switch(false)) => return Some(None),
        Some(RawUpstreamTls::Switch(true)) => &default,
        Some(RawUpstreamTls::Settings(settings)) => settings,
    };
    let spot = upstream.key("tls");
    let server_name = server_name(settings, addresses, upstream);
    let authorities = match &settings.ca {
        None => Some(Vec::new()),
        Some(path) => authorities(path, &spot.key("ca")),
    };
    let client = client(settings, &spot);
    Some(Some(UpstreamTls { authorities: authorities?, server_name: server_name?, client: client? }))
}

/// `Some(None)`: the host of every address is verified.
fn server_name(
    settings: &RawUpstreamTlsSettings,
    addresses: &[UpstreamAddress],
    upstream: &Spot<'_>,
) -> Option<Option<String>> {
    if let Some(text) = &settings.server_name {
        let name = verifiable(text);
        let spot = upstream.key("tls").key("server_name");
        return spot
            .require(name, || "not a name or an IP address a certificate can hold".to_owned())
            .map(Some);
    }
    let mut all_named = true;
    for (index, address) in addresses.iter().enumerate() {
        let complaint = match address {
            UpstreamAddress::Host { host, .. } if verifiable(host).is_some() => continue,
            UpstreamAddress::Host { .. } => "no certificate can hold this host's name",
            UpstreamAddress::Unix(_) => "a unix socket has no name that a certificate could be verified for",
        };
        upstream.key("addresses").element(index).refuse_with(complaint, "write one under tls.server_name");
        all_named = false;
    }
    all_named.then_some(None)
}

/// A name that can be looked for in a certificate: an IP address, or a host's name without `_`. (Pingora would look for
/// another name in the place of one with `_`.)
fn verifiable(text: &str) -> Option<String> {
    match text.parse::<IpAddr>() {
        Ok(address) => Some(address.to_string()),
        // A name of digits only would be taken for an address by some.
        Err(_) => host_name(text).filter(|name| {
            !name.contains('_')
                && !name.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()))
        }),
    }
}

fn authorities(path: &str, spot: &Spot<'_>) -> Option<Vec<Vec<u8>>> {
    let certificates = certificates(path, spot)?;
    let mut roots = RootCertStore::empty();
    for certificate in &certificates {
        if roots.add(certificate.clone()).is_err() {
            spot.refuse(format!("{} holds a certificate that cannot be an authority's", path.escape_debug()));
            return None;
        }
    }
    Some(certificates.iter().map(|certificate| certificate.to_vec()).collect())
}

/// `Some(None)`: none is written.
fn client(settings: &RawUpstreamTlsSettings, spot: &Spot<'_>) -> Option<Option<ClientIdentity>> {
    let (at_certificate, at_key) = (spot.key("client_cert"), spot.key("client_key"));
    let (certificate, key) = match (&settings.client_cert, &settings.client_key) {
        (None, None) => return Some(None),
        (Some(_), None) => {
            at_certificate.refuse_key("client_key is missing: a certificate is nothing without its key");
            return None;
        }
        (None, Some(_)) => {
            at_key.refuse_key("client_cert is missing: a key is nothing without its certificate");
            return None;
        }
        (Some(certificate), Some(key)) => (certificate, key),
    };
    let KeyPair { chain, key, .. } = key_pair((certificate, &at_certificate), (key, &at_key))?;
    let chain = chain.iter().map(|certificate| certificate.to_vec()).collect();
    Some(Some(ClientIdentity { chain, key: key.secret_der().to_vec() }))
}
