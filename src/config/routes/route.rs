//! A route and what all of them have. Imports `model` only.

use crate::config::control::principal_kind;
use crate::config::raw::{RawActor, RawAllowPath, RawMatch, RawMode, RawRoute};
use crate::config::resolve::{Spot, host_name};
use crate::config::routes::hold::{self, HoldWait};
use crate::config::routes::protocol::{self, Protocol};
use crate::config::routes::response::{self, Response};
use crate::config::routes::upstream::{self, Upstream};
use crate::model::call::{ACTOR_ID_RULE, CapabilityName, PrincipalKind, is_actor_id};
use crate::model::json::{NormalPath, PathAllowance};

/// A tool server behind the gateway. The first route whose host and path prefix match a request takes it.
#[derive(Clone, Debug)]
pub struct Route {
    /// Unique; letters, digits, `_` and `-`.
    pub name: String,
    /// The Host header without its port, lower case; `None`: any.
    pub host: Option<String>,
    /// Which paths it takes.
    pub path_prefix: PathPrefix,
    /// The tenant of the anonymous actor.
    pub tenant: String,
    /// Where the tool runs; lower-case letters, digits, `_` and `-`. `None`: as requests say.
    pub environment: Option<String>,
    /// Ambiguous forms of paths that are let through.
    pub allow_paths: PathAllowance,
    /// How requests are read, with what belongs to that way only.
    pub protocol: Protocol,
    /// Put before tool names to make capabilities; no two routes' prefixes overlap.
    pub capability_prefix: String,
    /// Where allowed calls go.
    pub upstream: Upstream,
    /// Whether decisions take effect.
    pub mode: Mode,
    /// How many of its requests may be under way at once.
    pub max_concurrent: usize,
    /// The actor of requests without credentials; `None`: credentials are required.
    pub anonymous: Option<Anonymous>,
    /// Where the caller finds help; shown with every denial.
    pub help: Option<String>,
    /// Whether the credential that identified the caller is forwarded too.
    pub forward_credentials: bool,
    /// What may come back.
    pub response: Response,
    /// How long a held call waits within its request.
    pub hold: HoldWait,
}

/// The first segments of the paths a route takes, compared segment by segment: `/crm` takes `/crm/x`, not `/crmx`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPrefix {
    /// As written: starts with `/`, in normal form, no trailing slash except for `/` itself.
    pub text: String,
    /// The decoded segments; none for `/`.
    pub segments: Vec<String>,
}

/// Whether a route's decisions take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They do.
    Enforce,
    /// Decided and recorded, but forwarded all the same.
    Shadow,
    /// Recorded without a decision.
    Off,
}

impl Mode {
    /// The mode's name, as the configuration has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Shadow => "shadow",
            Self::Off => "off",
        }
    }
}

/// The actor of requests without credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anonymous {
    /// Its id.
    pub id: String,
    /// What kind of actor it is.
    pub kind: PrincipalKind,
}

/// What of a route others may collide with, as far as it is sound: known even when the rest of the route is not.
pub(in crate::config) struct Outline {
    pub(super) name: String,
    /// `Some(None)`: any host.
    pub(super) host: Option<Option<String>>,
    pub(super) path_prefix: Option<PathPrefix>,
    pub(super) capability_prefix: Option<String>,
}

/// A route from what is written; `None` after complaining.
pub(in crate::config) fn resolve(raw: RawRoute, spot: &Spot<'_>) -> (Outline, Option<Route>) {
    let allow_paths = allowance(&raw.allow_paths);
    let outline = Outline {
        name: raw.name.clone(),
        host: host(&raw.matches, spot),
        path_prefix: path_prefix(&raw.matches, allow_paths, spot),
        capability_prefix: capability_prefix(&raw.capability_prefix, &spot.key("capability_prefix")),
    };
    let route = complete(raw, &outline, allow_paths, spot);
    (outline, route)
}

fn complete(raw: RawRoute, outline: &Outline, allow_paths: PathAllowance, spot: &Spot<'_>) -> Option<Route> {
    let is_word = raw.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if !is_word {
        spot.key("name").refuse("a route's name has letters, digits, _ and - only");
    }
    let environment = environment(raw.environment.clone(), &spot.key("environment"));
    let protocol = protocol::resolve(&raw, outline.path_prefix.as_ref(), spot);
    let upstream = upstream::resolve(&raw.upstream, raw.protocol, &spot.key("upstream"));
    let response = response::resolve(raw.response.as_ref(), &spot.key("response"));
    let hold = hold::resolve(raw.hold.as_ref(), &spot.key("hold"));
    let mode = match raw.mode {
        RawMode::Enforce => Mode::Enforce,
        RawMode::Shadow => Mode::Shadow,
        RawMode::Off => Mode::Off,
    };
    if let Some(actor) = raw.anonymous.as_ref().filter(|actor| !is_actor_id(&actor.id)) {
        spot.key("anonymous")
            .key("id")
            .refuse(format!("{:?} is no actor's id, which {ACTOR_ID_RULE}", actor.id));
    }
    Some(Route {
        name: is_word.then_some(raw.name)?,
        host: outline.host.clone()?,
        path_prefix: outline.path_prefix.clone()?,
        tenant: raw.tenant,
        environment: environment?,
        allow_paths,
        protocol: protocol?,
        capability_prefix: outline.capability_prefix.clone()?,
        upstream: upstream?,
        mode,
        anonymous: raw.anonymous.map(|RawActor { id, kind }| Anonymous { id, kind: principal_kind(kind) }),
        help: raw.denial.and_then(|denial| denial.help),
        forward_credentials: raw.forward_credentials,
        max_concurrent: raw.max_concurrent,
        response,
        hold,
    })
}

fn allowance(forms: &[RawAllowPath]) -> PathAllowance {
    let mut allowance = PathAllowance::default();
    for form in forms {
        match form {
            RawAllowPath::Semicolon => allowance.semicolon = true,
            RawAllowPath::EncodedSlash => allowance.encoded_slash = true,
        }
    }
    allowance
}

/// `Some(None)`: as requests say. Names are compared letter by letter, so `Production` must not look like `production`.
fn environment(name: Option<String>, spot: &Spot<'_>) -> Option<Option<String>> {
    let Some(name) = name else { return Some(None) };
    let is_sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    if !name.bytes().all(is_sound) {
        spot.refuse("an environment's name has lower-case letters, digits, _ and - only");
        return None;
    }
    Some(Some(name))
}

/// `Some(None)`: any host.
fn host(raw: &RawMatch, spot: &Spot<'_>) -> Option<Option<String>> {
    let Some(text) = &raw.host else { return Some(None) };
    let host = host_name(text);
    let spot = spot.key("match").key("host");
    spot.require(host, || "not a host's name without port, such as tools.example".to_owned()).map(Some)
}

fn path_prefix(raw: &RawMatch, allow: PathAllowance, spot: &Spot<'_>) -> Option<PathPrefix> {
    let spot = spot.key("match").key("path_prefix");
    let text = raw.path_prefix.as_str();
    let normal = match NormalPath::parse(text, allow) {
        Ok(normal) => normal,
        Err(error) => {
            spot.refuse(error.to_string());
            return None;
        }
    };
    let spelling = normal.spelling();
    let wanted = if spelling == "/" { spelling } else { spelling.trim_end_matches('/') };
    if wanted != text {
        spot.refuse_with("not in normal form", format!("write it as {wanted}"));
    }
    let segments = normal.segments().iter().map(|segment| segment.clone().into_owned()).collect();
    Some(PathPrefix { text: wanted.to_owned(), segments })
}

fn capability_prefix(prefix: &str, spot: &Spot<'_>) -> Option<String> {
    if CapabilityName::parse(&format!("{prefix}.x")).is_ok() {
        return Some(prefix.to_owned());
    }
    spot.refuse_with(
        "not the beginning of a capability name",
        "one to seven parts joined by dots, each a lower-case letter followed by lower-case letters, digits or _",
    );
    None
}
