//! `executor`: what runs the actions of the policy server's `execute`. Imports `model` only.

use std::time::Duration;

use http::Uri;

use crate::config::raw::{RawExecutor, RawExecutorApproval, RawExecutorKind, RawTarget};
use crate::config::resolve::Spot;

/// What runs the actions of `POST /api/v1/execute`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executor {
    /// Whether actions that want approval are approved without a person.
    pub approves_itself: bool,
    /// Where actions are sent, in the order they are tried; none: nothing is sent, and every action that is let through succeeds.
    pub targets: Vec<ExecutorTarget>,
    /// Longest time for an action; 1 s to 300 s.
    pub timeout: Duration,
}

/// Where the actions on some targets are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutorTarget {
    /// Glob over the action's target, as in policies.
    pub glob: String,
    /// `http` or `https`, with a host and without credentials.
    pub url: String,
    /// HTTP method, in capitals.
    pub method: String,
    /// Whether the host's name may stand for an address of a private network.
    pub private: bool,
}

pub(in crate::config) fn resolve(raw: &RawExecutor, spot: &Spot<'_>) -> Option<Executor> {
    let at_targets = spot.key("targets");
    match (raw.kind, raw.targets.is_empty()) {
        (RawExecutorKind::None, false) => {
            spot.key("kind").refuse_with("nothing is sent to targets", "write kind: http");
            return None;
        }
        (RawExecutorKind::Http, true) => {
            spot.refuse("kind http sends actions to targets, and there are none");
            return None;
        }
        _ => {}
    }
    let resolved: Vec<_> =
        raw.targets.iter().enumerate().map(|(index, raw)| target(raw, &at_targets.element(index))).collect();
    Some(Executor {
        approves_itself: raw.approval == RawExecutorApproval::Auto,
        targets: resolved.into_iter().collect::<Option<Vec<_>>>()?,
        timeout: Duration::from_millis(raw.timeout_ms.into()),
    })
}

fn target(raw: &RawTarget, spot: &Spot<'_>) -> Option<ExecutorTarget> {
    let at_url = spot.key("url");
    let parsed: Option<Uri> = raw.url.parse().ok();
    let parsed = at_url.require(parsed, || "this is no URL".to_owned())?;
    if !matches!(parsed.scheme_str(), Some("http" | "https")) {
        at_url.refuse_with("a URL of a server is needed", "write it as http://127.0.0.1:9000/run");
        return None;
    }
    let authority = parsed.authority().filter(|authority| !authority.host().is_empty());
    let authority = at_url.require(authority, || "this URL names no host".to_owned())?;
    if authority.as_str().contains('@') {
        at_url.refuse("a URL must not hold credentials: it is shown in logs and errors");
        return None;
    }
    Some(ExecutorTarget {
        glob: raw.target_glob.clone(),
        url: raw.url.clone(),
        method: raw.method.as_str().to_owned(),
        private: raw.private,
    })
}
