//! A blocking client: one request, one answer, nothing followed and nothing retried.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use http::uri::Scheme;
use http::{HeaderValue, Request, Uri};
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use crate::net::NetError;

/// Longest time for a request and its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longest answer, in bytes.
const ANSWER_MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Calls one server.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    /// Without a slash at its end.
    base: String,
    key: Option<HeaderValue>,
}

/// What a server answered, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Client {
    /// For the server at `url` (`http` or `https`), with `key` sent as `X-Api-Key`. Connects to nothing yet. Proxies that the
    /// environment names are not used: the key is for the server alone.
    ///
    /// # Errors
    /// [`NetError::BadUrl`], [`NetError::BadKey`], and [`NetError::Authorities`] for `https`.
    pub fn new(url: &str, key: Option<&str>) -> Result<Self, NetError> {
        let base = url.trim_end_matches('/');
        let refused = || NetError::BadUrl(without_userinfo(url));
        let parsed: Uri = base.parse().map_err(|_| refused())?;
        let secure = match parsed.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            _ => return Err(refused()),
        };
        let named =
            parsed.authority().is_some_and(|host| !host.host().is_empty() && !host.as_str().contains('@'));
        if !named || parsed.query().is_some() {
            return Err(refused());
        }
        let key = key.map(HeaderValue::from_str).transpose().map_err(|_| NetError::BadKey)?;
        let key = key.map(|mut key| {
            key.set_sensitive(true);
            key
        });
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .user_agent(concat!("aegis/", env!("CARGO_PKG_VERSION")));
        if secure {
            config = config.tls_config(tls()?);
        }
        Ok(Self { agent: config.build().into(), base: base.to_owned(), key })
    }

    /// GETs `path`, which begins with a slash and is fit for a URL.
    ///
    /// # Errors
    /// [`NetError::Unreachable`] and [`NetError::TooLong`].
    pub fn get(&self, path: &str) -> Result<Answer, NetError> {
        self.send("GET", path, None)
    }

    /// POSTs `json` to `path`.
    ///
    /// # Errors
    /// As for [`Self::get`].
    pub fn post_json(&self, path: &str, json: &str) -> Result<Answer, NetError> {
        self.send("POST", path, Some(json))
    }

    /// DELETEs `path`.
    ///
    /// # Errors
    /// As for [`Self::get`].
    pub fn delete(&self, path: &str) -> Result<Answer, NetError> {
        self.send("DELETE", path, None)
    }

    fn send(&self, method: &str, path: &str, json: Option<&str>) -> Result<Answer, NetError> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        request = request.header("Accept", "application/json");
        if let Some(key) = &self.key {
            request = request.header("X-Api-Key", key);
        }
        let sent = match json {
            Some(json) => {
                let request = request.header("Content-Type", "application/json").body(json);
                request.map_err(ureq::Error::from).and_then(|request| self.agent.run(request))
            }
            None => request.body(()).map_err(ureq::Error::from).and_then(|request| self.agent.run(request)),
        };
        let answer = sent.map_err(|error| NetError::Unreachable(reason(&error, PATIENCE)))?;
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        let read = answer.into_body().into_reader().take(ANSWER_MAX_BYTES + 1).read_to_end(&mut body);
        read.map_err(|error| NetError::Unreachable(format!("the answer broke off: {error}")))?;
        if body.len() as u64 > ANSWER_MAX_BYTES {
            return Err(NetError::TooLong(ANSWER_MAX_BYTES));
        }
        Ok(Answer { status, body })
    }
}

/// What a person is told; the library's own texts name its parts.
pub(super) fn reason(error: &ureq::Error, patience: Duration) -> String {
    match error {
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::Timeout(_) => format!("no answer within {} seconds", patience.as_secs()),
        ureq::Error::HostNotFound => "the host's name is not known".to_owned(),
        other => other.to_string(),
    }
}

/// TLS as the rest of the gateway has it: verified against the system's authorities.
pub(super) fn tls() -> Result<TlsConfig, NetError> {
    let found = rustls_native_certs::load_native_certs();
    let found = found.map_err(|error| NetError::Authorities(error.to_string()))?;
    if found.is_empty() {
        return Err(NetError::Authorities("there are none".to_owned()));
    }
    let roots: Vec<_> = found.iter().map(|authority| Certificate::from_der(authority).to_owned()).collect();
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build())
}

/// A URL as it may be shown: credentials in it are not.
fn without_userinfo(url: &str) -> String {
    url.rsplit_once('@').map_or_else(|| url.to_owned(), |(_, host)| format!("...@{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_of_a_server_are_taken() {
        for url in ["http://127.0.0.1:8000", "http://[::1]:1/", "http://gateway.example/aegis/"] {
            assert!(Client::new(url, Some("k")).is_ok(), "{url}");
        }
        for url in [
            "",
            "127.0.0.1:8000",
            "localhost",
            "ftp://a",
            "http://",
            "/x",
            "http://a/?b",
            "http://a b",
            "unix:/x",
        ] {
            assert_eq!(Client::new(url, None).err(), Some(NetError::BadUrl(url.to_owned())), "{url}");
        }
        let refused = Client::new("http://me:secret@host", None).unwrap_err().to_string();
        assert!(!refused.contains("secret"), "{refused}");
    }

    #[test]
    fn a_key_is_never_shown() {
        let client = Client::new("http://127.0.0.1:1", Some("the-secret")).unwrap();
        assert!(!format!("{client:?}").contains("the-secret"));
        let refused = Client::new("http://127.0.0.1:1", Some("the-secret\n")).unwrap_err();
        assert!(refused == NetError::BadKey && !refused.to_string().contains("the-secret"));
        assert!(matches!(client.get("/"), Err(NetError::Unreachable(why)) if !why.contains("the-secret")));
    }
}
