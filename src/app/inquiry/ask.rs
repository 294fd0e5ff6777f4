//! [`inquire`]: the decision on a request, with all that a person wants to know of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use serde_json::{Map, Value};

use crate::admin::Registry;
use crate::app::inquiry::request::{Request, request};
use crate::app::load::{ConfigSource, Loaded, load};
use crate::app::policy_file::rule_places;
use crate::app::sources::document;
use crate::config::{Config, Holds, Mode, Protocol, Route};
use crate::decision::{self, Administered, Explanation, PolicySnapshot, compile, explain};
use crate::identity::CLAIMS_OF_THE_TOKEN;
use crate::model::call::{
    Action, Body, CallContext, Claim, DecisionRequest, Parameters, Principal, PrincipalKind, ToolCall,
};
use crate::model::decision::{Facts, SnapshotRef};
use crate::model::document::{Place, Problems};
use crate::model::json::{Json, JsonError, NormalPath, PathAllowance, Reader};
use crate::model::time::Timestamp;
use crate::policy::governance::Governance;

/// A request, and what a configuration says of it.
#[derive(Debug)]
pub struct Inquiry {
    /// Who calls.
    pub principal: Principal,
    /// What is called.
    pub capability: String,
    /// On what.
    pub resource: String,
    /// The time it was decided for.
    pub at: Timestamp,
    /// The route it comes by; `None` = none makes this capability.
    pub route: Option<InquiryRoute>,
    /// The decision, and the rules it went by.
    pub explanation: Explanation,
    /// Where each rule stands, in order.
    pub places: Vec<Place>,
    /// Who must agree where a person is asked, and how long that may take.
    pub holds: Holds,
    /// How long such a call may be pending.
    pub ttl: Duration,
    /// SHA-256 of all the snapshot is made of, as a running gateway's records name it.
    pub snapshot: Arc<str>,
}

/// What of a route matters to a decision.
#[derive(Clone, Debug)]
pub struct InquiryRoute {
    /// Its name.
    pub name: String,
    /// Whether its decisions take effect.
    pub mode: Mode,
    /// Whether the caller is the one of requests without credentials, who gets no ticket.
    pub is_anonymous: bool,
}

/// Decides the request in the file `asked` as a gateway with the configuration `config` would at `now`, or at the time the
/// request names. No gateway runs, and nothing is recorded.
///
/// # Errors
/// Everything that is wrong with the configuration or, if that is sound, with the request, one problem a line.
pub fn inquire(config: &Path, asked: &Path, now: Timestamp) -> Result<Inquiry> {
    let Loaded { config, rules, hash, files_read, .. } = load(&ConfigSource::File(config.to_owned()))?;
    let places = match &config.policy.rules {
        Some(path) => rule_places(&document(path)?),
        None => Vec::new(),
    };
    let reference = SnapshotRef::new(0, Arc::clone(&hash));
    let snapshot = compile(&config, rules, &[], reference.clone()).map_err(|error| anyhow!("{error}"))?;
    // What came by API is known to the running gateway alone.
    let mut registry = Registry::default();
    let from_files = registry.files_changed(&files_read.objects, now);
    registry.apply(from_files);
    let governance = Arc::new(Governance::compile(registry.objects()));
    let administered = Administered { governance, cedar: registry.cedar().clone() };
    let snapshot = snapshot.with_administered(reference, administered);
    let request = request(asked)?;
    let route = route(&config, &request)?;
    let (principal, is_anonymous) = principal(&config, &request, route)?;
    let resource = request.resource.clone().or_else(|| route.map(|route| route.name.clone()));
    let resource = resource.unwrap_or_else(|| "*".to_owned());
    let at = request.at.unwrap_or(now);
    let explanation = decide(&snapshot, &request, route, (&principal, &resource), at)?;
    Ok(Inquiry {
        ttl: snapshot.holds.ttl_for(principal.kind),
        holds: snapshot.holds.clone(),
        capability: request.capability.as_str().to_owned(),
        route: route.map(|route| InquiryRoute { name: route.name.clone(), mode: route.mode, is_anonymous }),
        principal,
        resource,
        at,
        explanation,
        places,
        snapshot: hash,
    })
}

/// The route the request names, else the one that makes its capability.
fn route<'c>(config: &'c Config, request: &Request) -> Result<Option<&'c Route>, Problems> {
    let Some(name) = &request.route else {
        let makes = |route: &&Route| {
            let rest = request.capability.as_str().strip_prefix(route.capability_prefix.as_str());
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        return Ok(config.routes.iter().find(makes));
    };
    let found = config.routes.iter().find(|route| route.name == *name);
    found.map(Some).ok_or_else(|| {
        let names: Vec<_> = config.routes.iter().map(|route| route.name.as_str()).collect();
        let problem = request.document.problem("/route", "the configuration has no such route");
        problem.with_hint(format!("it has: {}", names.join(", "))).into()
    })
}

/// Who calls, and whether that is the route's anonymous actor.
fn principal(
    config: &Config,
    request: &Request,
    route: Option<&Route>,
) -> Result<(Principal, bool), Problems> {
    let anonymous = route.and_then(|route| Some((route, route.anonymous.as_ref()?)));
    let tenant = |configured: &str| Arc::from(request.tenant.as_deref().unwrap_or(configured));
    let kind = |configured: PrincipalKind| request.kind.unwrap_or(configured);
    match (&request.actor, anonymous) {
        (None, None) => {
            let message = "names no actor, and the route has no anonymous one";
            Err(request.document.problem("", message).with_hint("actor: the id of the caller").into())
        }
        (None, Some((route, actor))) => {
            Ok((Principal::new(tenant(&route.tenant), actor.id.as_str(), kind(actor.kind)), true))
        }
        (Some(id), _) => {
            let key = config.control.keys.iter().find(|key| key.actor.id == *id);
            let (of_key, kind_of_key) =
                key.map_or(("default", PrincipalKind::default()), |key| (&key.tenant, key.actor.kind));
            let words = |words: &[String]| words.iter().map(|word| Arc::from(word.as_str())).collect();
            let claimed = request.claims.as_ref();
            let all = |name: &str, of_key: Option<&[String]>| match (claimed, of_key) {
                (Some(claims), _) => names(claims, name),
                (None, of_key) => of_key.map(words).unwrap_or_default(),
            };
            let principal = Principal {
                key: key.map(|key| key.id.as_str().into()),
                roles: all("roles", key.map(|key| &*key.roles)),
                groups: all("groups", key.map(|key| &*key.groups)),
                claims: claimed.map(claims).unwrap_or_default(),
                ..Principal::new(tenant(of_key), id.as_str(), kind(kind_of_key))
            };
            Ok((principal, false))
        }
    }
}

/// The names in a claim: one, or a list.
fn names(claims: &Map<String, Value>, name: &str) -> Arc<[Arc<str>]> {
    match claims.get(name) {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(Arc::from).collect(),
        Some(Value::String(name)) => [Arc::from(name.as_str())].into(),
        _ => Arc::default(),
    }
}

/// The claims that have one value each, as a token's are told where no issuer says which.
fn claims(claims: &Map<String, Value>) -> Arc<[Claim]> {
    let claim = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::String(text) => text.as_str().into(),
            Value::Bool(_) | Value::Number(_) => value.to_string().into(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        let is_told = !CLAIMS_OF_THE_TOKEN.contains(&name.as_str());
        is_told.then(|| Claim { name: name.as_str().into(), value })
    };
    claims.iter().filter_map(claim).collect()
}

fn decide(
    snapshot: &PolicySnapshot,
    request: &Request,
    route: Option<&Route>,
    (principal, resource): (&Principal, &str),
    now: Timestamp,
) -> Result<Explanation> {
    let is_http = route.is_some_and(|route| matches!(route.protocol, Protocol::Http { .. }));
    let sections = Sections::of(&request.parameters, is_http);
    let capability = request.capability.clone();
    let is_tunnel = is_http
        && route.is_some_and(|route| capability.as_str() == format!("{}.tunnel", route.capability_prefix));
    let call = ToolCall {
        action: if is_tunnel { Action::Tunnel(capability) } else { Action::Named(capability) },
        resource: resource.into(),
        resource_hidden: false,
        parameters: sections.read(&snapshot.reader).context("parameters")?,
        description: "".into(),
    };
    let every = PathAllowance { semicolon: true, encoded_slash: true };
    let path = request.path.as_deref().map(|path| NormalPath::parse(path, every)).transpose();
    let path = path.map_err(|error| anyhow!("path: {error}"))?;
    let context = CallContext {
        path: path.as_ref(),
        environment: route.and_then(|route| route.environment.as_deref()),
        route: route.map_or("", |route| &route.name),
        ..CallContext::default()
    };
    let asked = DecisionRequest { context, ..DecisionRequest::new(principal, &call) };
    let facts = Facts { gates: request.observed, ..Facts::at(now) };
    Ok(explain(snapshot, asked, now, decision::decide(snapshot, asked, facts)))
}

/// The parameters as text, as the gateway would have received them.
struct Sections {
    /// All of them where they are not apart, else those of the path.
    first: String,
    /// Query and body where they are apart.
    others: Option<(String, Option<String>)>,
}

impl Sections {
    fn of(parameters: &Map<String, Value>, is_http: bool) -> Self {
        let section = |name: &str| parameters.get(name).map(Value::to_string);
        let object = |name: &str| section(name).unwrap_or_else(|| "{}".to_owned());
        let apart = is_http && parameters.keys().all(|key| matches!(key.as_str(), "path" | "query" | "body"));
        if !apart {
            return Self { first: Value::Object(parameters.clone()).to_string(), others: None };
        }
        Self { first: object("path"), others: Some((object("query"), section("body"))) }
    }

    fn read<'a>(&'a self, reader: &Reader) -> Result<Parameters<'a>, JsonError> {
        let read = |text: &'a str| -> Result<Json<'a>, JsonError> { reader.parse(text.as_bytes()) };
        let Some((query, body)) = &self.others else { return Ok(Parameters::Flat(read(&self.first)?)) };
        let body = body.as_deref().map(read).transpose()?.map_or(Body::Absent, Body::Json);
        Ok(Parameters::Sections { path: read(&self.first)?, query: read(query)?, body })
    }
}
