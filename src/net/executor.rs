//! Sends the actions of the policy server to the tools configured for their targets.
//!
//! One request an action, never a second one, and no redirect is followed. Where a name stands for an address of a private network,
//! of this machine or of a cloud's metadata service, nothing is sent unless the configuration says that it may: whoever answers for
//! the name must not choose what inside is called.

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Uri};
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use ureq::Agent;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use crate::config::ExecutorTarget;
use crate::gateway::{Executor, ExecutorAction, ExecutorError};
use crate::model::json::{Reader, write_json_string};
use crate::net::NetError;
use crate::net::client::{reason, tls};
use crate::policy::rules::Glob;

/// Longest answer, in bytes.
const ANSWER_MAX_BYTES: u64 = 1024 * 1024;

/// Longest time to connect.
const CONNECT: Duration = Duration::from_secs(5);

/// Actions sent at once; more wait in line.
const AT_ONCE: usize = 64;

/// Sends each action to the first target that matches.
#[derive(Debug)]
pub struct HttpExecutor {
    targets: Vec<Target>,
    turns: Semaphore,
    patience: Duration,
}

#[derive(Debug)]
struct Target {
    glob: Glob,
    url: String,
    method: String,
    agent: Agent,
}

impl HttpExecutor {
    /// For `targets`, each action within `patience`. Connects to nothing yet.
    ///
    /// # Errors
    /// [`NetError::BadUrl`] for a target that cannot be used, [`NetError::Authorities`] for `https`.
    pub fn new(targets: &[ExecutorTarget], patience: Duration) -> Result<Self, NetError> {
        let targets: Result<Vec<_>, _> = targets.iter().map(|target| Target::new(target, patience)).collect();
        Ok(Self { targets: targets?, turns: Semaphore::new(AT_ONCE), patience })
    }
}

#[async_trait]
impl Executor for HttpExecutor {
    async fn execute(&self, action: ExecutorAction) -> Result<Box<RawValue>, ExecutorError> {
        let found = self.targets.iter().find(|target| target.glob.matches(&action.target));
        let Some(target) = found else {
            return Err(ExecutorError::not_sent("No executor is configured for this target."));
        };
        let (agent, patience) = (target.agent.clone(), self.patience);
        let request = target.request(&action)?;
        // Never closed, so there is always a turn to wait for.
        let _turn = self.turns.acquire().await;
        let sent = spawn_blocking(move || send(&agent, request, patience)).await;
        sent.unwrap_or_else(|_| Err(ExecutorError::failed("The gateway stops.")))
    }
}

impl Target {
    fn new(target: &ExecutorTarget, patience: Duration) -> Result<Self, NetError> {
        let bad = || NetError::BadUrl(target.url.clone());
        let uri: Uri = target.url.parse().map_err(|_| bad())?;
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(patience))
            .timeout_connect(Some(CONNECT.min(patience)))
            .user_agent(concat!("aegis/", env!("CARGO_PKG_VERSION")));
        if uri.scheme_str() == Some("https") {
            config = config.tls_config(tls()?);
        }
        let resolver = Guarded { private: target.private || names_itself(&uri), inner: Arc::default() };
        Ok(Self {
            glob: Glob::compile(&target.glob).map_err(|_| bad())?,
            url: target.url.clone(),
            method: target.method.clone(),
            agent: Agent::with_parts(config.build(), DefaultConnector::default(), resolver),
        })
    }

    fn request(&self, action: &ExecutorAction) -> Result<Request<Vec<u8>>, ExecutorError> {
        let mut body = b"{\"action_type\":".to_vec();
        write_json_string(&action.action_type, &mut body);
        body.extend_from_slice(b",\"target\":");
        write_json_string(&action.target, &mut body);
        body.extend_from_slice(b",\"params\":");
        body.extend_from_slice(action.params.get().as_bytes());
        body.extend_from_slice(b",\"decision_id\":");
        let decision_id = action.decision_id.to_string();
        write_json_string(&decision_id, &mut body);
        body.push(b'}');
        Request::builder()
            .method(self.method.as_str())
            .uri(&self.url)
            .header("Content-Type", "application/json")
            .header("Accept", "application/json")
            .header("Idempotency-Key", decision_id)
            .body(body)
            .map_err(|error| ExecutorError::not_sent(error.to_string()))
    }
}

fn send(
    agent: &Agent,
    request: Request<Vec<u8>>,
    patience: Duration,
) -> Result<Box<RawValue>, ExecutorError> {
    let answer = agent.run(request).map_err(|error| ExecutorError {
        message: format!("The tool gave no answer: {}.", reason(&error, patience)),
        sent: !certainly_not_sent(&error),
    })?;
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    let read = answer.into_body().into_reader().take(ANSWER_MAX_BYTES + 1).read_to_end(&mut body);
    read.map_err(|error| ExecutorError::failed(format!("The tool's answer broke off: {error}.")))?;
    if body.len() as u64 > ANSWER_MAX_BYTES {
        return Err(ExecutorError::failed(format!(
            "The tool's answer is longer than {ANSWER_MAX_BYTES} bytes."
        )));
    }
    if !(200..300).contains(&status) {
        return Err(ExecutorError::failed(format!("The tool answered with status {status}.")));
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(RawValue::NULL.to_owned());
    }
    // What two readers could take for different things is told to nobody as what the tool gave.
    Reader::default().parse_answer(&body).map_err(|error| unreadable(status, &error.to_string()))?;
    let text = String::from_utf8(body).map_err(|error| unreadable(status, &error.to_string()))?;
    RawValue::from_string(text).map_err(|error| unreadable(status, &error.to_string()))
}

fn unreadable(status: u16, why: &str) -> ExecutorError {
    ExecutorError::failed(format!(
        "The tool answered {status} with JSON that cannot be read, or none: {why}."
    ))
}

/// Whether the error says that there never was a connection.
fn certainly_not_sent(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed | ureq::Error::BadUri(_) => true,
        ureq::Error::Timeout(late) => matches!(late, ureq::Timeout::Resolve | ureq::Timeout::Connect),
        ureq::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        ureq::Error::Other(error) => error.is::<PrivateAddress>(),
        _ => false,
    }
}

/// A name that stands for what it must not stand for.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("its name stands for a private address, which needs `private: true`")]
struct PrivateAddress;

/// Resolves names, and refuses private addresses where these are not allowed.
struct Guarded {
    private: bool,
    inner: Arc<DefaultResolver>,
}

impl std::fmt::Debug for Guarded {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Guarded").field("private", &self.private).finish_non_exhaustive()
    }
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        if !self.private && found.iter().any(|address| is_private(address.ip())) {
            return Err(ureq::Error::Other(Box::new(PrivateAddress)));
        }
        Ok(found)
    }
}

/// Whether a URL names an address, or this machine: then that is what the operator means.
fn names_itself(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse::<IpAddr>().is_ok() || bare.eq_ignore_ascii_case("localhost")
}

/// Whether an address is one that the internet does not reach.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
        || address.is_multicast()
        || first == 0
        // Shared by carriers (RFC 6598).
        || (first == 100 && (64..128).contains(&second))
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_inside_are_known() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_private(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["93.184.216.34", "100.128.0.1", "172.32.0.1", "2606:4700::1", "::ffff:93.184.216.34"]
        {
            assert!(!is_private(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn only_an_address_or_this_machine_names_itself() {
        for (url, itself) in [
            ("http://127.0.0.1:9/x", true),
            ("http://[::1]:9/x", true),
            ("http://LOCALHOST/", true),
            ("http://tool.internal/", false),
            ("http://127.0.0.1.example/", false),
        ] {
            assert_eq!(names_itself(&url.parse().unwrap()), itself, "{url}");
        }
    }
}
