//! `upstream.tls`: how the tool is verified, and what it is shown. Imports `model` only.
//!
//! Certificates are read here, and a pair that does not fit or a file without any is refused with its place. There is no way
//! to leave the verification out: a name to verify is always known.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::parse_x509_certificate;

use crate::config::raw::{RawUpstreamTls, RawUpstreamTlsSettings};
use crate::config::resolve::{Spot, host_name};
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
    /// The files it was read from.
    pub files: Vec<PathBuf>,
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
    let mut files = Vec::new();
    let server_name = server_name(settings, addresses, upstream);
    let authorities = match &settings.ca {
        None => Some(Vec::new()),
        Some(path) => authorities(path, &spot.key("ca"), &mut files),
    };
    let client = client(settings, &spot, &mut files);
    Some(Some(UpstreamTls { authorities: authorities?, server_name: server_name?, client: client?, files }))
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

fn authorities(path: &str, spot: &Spot<'_>, files: &mut Vec<PathBuf>) -> Option<Vec<Vec<u8>>> {
    let text = file(path, spot, files)?;
    let certificates = certificates(path, &text, spot)?;
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
fn client(
    settings: &RawUpstreamTlsSettings,
    spot: &Spot<'_>,
    files: &mut Vec<PathBuf>,
) -> Option<Option<ClientIdentity>> {
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
    let chain = file(certificate, &at_certificate, files);
    let chain = chain.and_then(|text| certificates(certificate, &text, &at_certificate));
    let private = file(key, &at_key, files).and_then(|text| private_key(key, &text, &at_key));
    let (chain, private) = (chain?, private?);
    match CertifiedKey::from_der(chain.clone(), private.clone_key(), &ring::default_provider()) {
        Ok(_) => Some(Some(ClientIdentity {
            chain: chain.iter().map(|certificate| certificate.to_vec()).collect(),
            key: private.secret_der().to_vec(),
        })),
        Err(rustls::Error::InconsistentKeys(_)) => {
            at_key.refuse(format!("{} is not the key of the certificate in client_cert", key.escape_debug()));
            None
        }
        Err(_) => {
            at_key.refuse_with(
                format!("{} holds a key that cannot be used", key.escape_debug()),
                "RSA of 2048 bits and more, ECDSA (P-256, P-384) and Ed25519 can",
            );
            None
        }
    }
}

fn file(path: &str, spot: &Spot<'_>, files: &mut Vec<PathBuf>) -> Option<String> {
    let full = spot.beside(path);
    let text = spot.sources().file(&full);
    files.push(full);
    text.map_err(|reason| spot.refuse(format!("the file {} cannot be read: {reason}", path.escape_debug())))
        .ok()
}

fn certificates(path: &str, text: &str, spot: &Spot<'_>) -> Option<Vec<CertificateDer<'static>>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let path = path.escape_debug();
    let complaint = match found {
        Ok(found) if found.is_empty() => format!("{path} holds no certificate in PEM form"),
        // Read with the library that reads them again when they are used, and that must not fail then.
        Ok(found) if found.iter().all(is_certificate) => return Some(found),
        Ok(_) => format!("{path} holds a certificate that cannot be read"),
        Err(_) => format!("{path} is not sound PEM"),
    };
    spot.refuse(complaint);
    None
}

fn is_certificate(der: &CertificateDer<'_>) -> bool {
    parse_x509_certificate(der).is_ok_and(|(rest, _)| rest.is_empty())
}

fn private_key(path: &str, text: &str, spot: &Spot<'_>) -> Option<PrivateKeyDer<'static>> {
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).ok();
    // From its bytes alone it must be recognized as well: that is how it is used.
    let key = key.and_then(|key| PrivateKeyDer::try_from(key.secret_der().to_vec()).ok());
    let path = path.escape_debug();
    if key.is_none() && text.contains("ENCRYPTED") {
        spot.refuse_with(
            format!("{path} holds an encrypted key"),
            "decrypt it, and let its file be readable by the gateway alone",
        );
        return None;
    }
    spot.require(key, || format!("{path} holds no private key in PEM form"))
}
