//! From a configured upstream to one that is ready.

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

use crate::config::{self, UpstreamAddress};
use crate::decision::{
    CompileError, Endpoint, EndpointAddress, Endpoints, HealthCheck, TlsIdentity, Upstream, UpstreamTls,
};

/// What `route.upstream` says, ready to serve.
pub(in crate::decision) fn upstream(route: &config::Route) -> Result<Upstream, CompileError> {
    let refuse = |what: String| CompileError::Route { route: route.name.clone(), what };
    let value = |what: &str, text: &str| {
        HeaderValue::from_str(text).map_err(|_| refuse(format!("{what} is no value a header can have")))
    };
    let mut headers = Vec::with_capacity(route.upstream.headers.len());
    for header in &route.upstream.headers {
        let name = HeaderName::try_from(&header.name)
            .map_err(|_| refuse(format!("{:?} is no name of a header", header.name)))?;
        let mut value = value(&header.name, header.value.reveal())?;
        value.set_sensitive(true);
        headers.push((name, value));
    }
    let written = &route.upstream;
    let mut endpoints = written.addresses.iter().map(|address| endpoint(address, written.tls.as_ref()));
    let first = endpoints.next().ok_or_else(|| refuse("upstream.addresses is empty".to_owned()))?;
    Ok(Upstream {
        endpoints: Endpoints::new(first, endpoints.collect(), written.balance),
        tls: written.tls.as_ref().map(|tls| Arc::new(upstream_tls(tls, written.http2))),
        http2: written.http2,
        health: written.health.clone().map(health),
        path: route.upstream.path.clone(),
        host: route.upstream.host.as_deref().map(|host| value("upstream.host", host)).transpose()?,
        connect: route.upstream.connect,
        read: route.upstream.read,
        headers,
    })
}

fn endpoint(address: &UpstreamAddress, tls: Option<&config::UpstreamTls>) -> Endpoint {
    let named = tls.and_then(|tls| tls.server_name.as_deref());
    let (place, host) = match address {
        UpstreamAddress::Host { host, port } => {
            let place = match host.parse::<IpAddr>() {
                Ok(ip) => EndpointAddress::Inet((ip, port.get()).into()),
                Err(_) => EndpointAddress::Named { host: host.as_str().into(), port: port.get() },
            };
            (place, host.as_str())
        }
        UpstreamAddress::Unix(path) => (EndpointAddress::Unix(path.as_path().into()), ""),
    };
    Endpoint {
        name: address.to_string().into(),
        address: place,
        server_name: named.unwrap_or(host).into(),
        state: Arc::default(),
    }
}

fn upstream_tls(tls: &config::UpstreamTls, http2: bool) -> UpstreamTls {
    let client = tls.client.clone().map(|client| TlsIdentity { chain: client.chain, key: client.key });
    let mut digest = Sha256::new();
    let mut note = |part: &[u8]| {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    };
    note(&[u8::from(http2)]);
    note(&tls.authorities.len().to_be_bytes());
    let client_parts = client.iter().flat_map(|client| client.chain.iter().chain([&client.key]));
    tls.authorities.iter().chain(client_parts).for_each(|part| note(part));
    let fingerprint = digest.finalize().iter().take(8).fold(0, |all, byte| all << 8 | u64::from(*byte));
    UpstreamTls { authorities: tls.authorities.clone(), client, fingerprint }
}

fn health(health: config::UpstreamHealth) -> HealthCheck {
    let config::UpstreamHealth { path, interval, timeout, healthy_after, unhealthy_after } = health;
    HealthCheck { path, interval, timeout, healthy_after, unhealthy_after }
}
