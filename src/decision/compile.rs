//! From a configuration to a snapshot: everything a request would otherwise work out again is worked out here, once.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::{self, Config};
use crate::decision::upstream::upstream;
use crate::decision::{
    CompileError, HoldWait, PolicySnapshot, Protocol, ResponseRules, Route, RouteMatch, SnapshotParts,
};
use crate::extract::{McpExtractor, Operation, OperationsExtractor, ResourceTemplate, ToolCallExtractor};
use crate::identity::{Key, KeyRing};
use crate::model::call::Principal;
use crate::model::decision::SnapshotRef;
use crate::model::slots::Slots;
use crate::policy::rules::RuleSet;
use crate::telemetry::{Redaction, RouteCounters};

/// Compiles `config` and `rules`; `own_keys` are keys from elsewhere (the admin key of the first start).
///
/// # Errors
/// A template or header the configuration's own checks let through and that still cannot be used.
pub fn compile(
    config: &Config,
    rules: Option<RuleSet>,
    own_keys: &[Key],
    reference: SnapshotRef,
) -> Result<PolicySnapshot, CompileError> {
    let configured = config.control.keys.iter().map(key);
    let keys = KeyRing::new(configured.chain(own_keys.iter().cloned()).collect());
    let redaction = Redaction::new(&config.audit.redact);
    let routes = config.routes.iter().map(|item| route(item, &redaction)).collect::<Result<Vec<_>, _>>()?;
    Ok(PolicySnapshot::new(SnapshotParts {
        reference,
        keys,
        reader: config.gateway.json,
        hosts: config.gateway.hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
        origins: config.gateway.origins.clone(),
        routes,
        holds: config.holds.clone(),
        public_url: config.control.public_url.as_deref().map(Arc::from),
        rules,
        default: config.policy.default,
    }))
}

fn shared(texts: &[String]) -> Arc<[Arc<str>]> {
    texts.iter().map(|text| Arc::from(text.as_str())).collect()
}

fn key(key: &config::Key) -> Key {
    Key {
        id: key.id.as_str().into(),
        hash: key.hash.0,
        tenant: key.tenant.as_str().into(),
        scopes: key.scopes.clone(),
        actors: key.actors.clone(),
        actor: Some((key.actor.id.as_str().into(), key.actor.kind)),
        roles: shared(&key.roles),
        groups: Arc::default(),
        person: key.person.as_deref().map(Arc::from),
        expires_at: key.expires_at,
    }
}

fn route(route: &config::Route, redaction: &Redaction) -> Result<Route, CompileError> {
    let anonymous = route
        .anonymous
        .as_ref()
        .map(|anonymous| Principal::new(route.tenant.as_str(), anonymous.id.as_str(), anonymous.kind));
    let (strip_prefix, mcp_denial) = match &route.protocol {
        config::Protocol::Http { strip_prefix, .. } => (*strip_prefix, config::McpDenial::default()),
        config::Protocol::Mcp { denial, .. } => (false, *denial),
        config::Protocol::ToolCall { .. } => (false, config::McpDenial::default()),
    };
    Ok(Route {
        name: route.name.as_str().into(),
        matches: RouteMatch { host: route.host.clone(), prefix: route.path_prefix.segments.clone() },
        strip_prefix,
        allow_paths: route.allow_paths,
        protocol: protocol(route, redaction)?,
        upstream: upstream(route)?,
        mode: route.mode,
        anonymous,
        mcp_denial,
        help: route.help.as_deref().map(Arc::from),
        forward_credentials: route.forward_credentials,
        response: ResponseRules {
            max_bytes: route.response.max_bytes,
            redact: route.response.redact.as_slice().into(),
        },
        hold: HoldWait { wait: route.hold.wait, max_wait: route.hold.max_wait },
        slots: Slots::new(route.max_concurrent),
        counters: RouteCounters::default(),
    })
}

fn protocol(route: &config::Route, redaction: &Redaction) -> Result<Protocol, CompileError> {
    let prefix = &route.capability_prefix;
    let refuse = |what: &str, error: &dyn std::fmt::Display| CompileError {
        route: route.name.clone(),
        what: format!("{what}: {error}"),
    };
    let resource = |template: &Option<String>| {
        let parsed = template.as_deref().map(ResourceTemplate::parse).transpose();
        parsed.map_err(|error| refuse("resource", &error))
    };
    let hides = |template: &Option<ResourceTemplate>| {
        template.as_ref().is_some_and(|template| template.variable_keys().any(|key| redaction.hides(key)))
    };
    Ok(match &route.protocol {
        config::Protocol::Mcp { tools, resource: template, .. } => {
            let template = resource(template)?;
            Protocol::Mcp(McpExtractor {
                route: route.name.clone(),
                prefix: prefix.clone(),
                tools: tools.clone().into_iter().collect(),
                resource_hidden: hides(&template),
                resource: template,
            })
        }
        config::Protocol::Http { operations, .. } => {
            let mut compiled = Vec::with_capacity(operations.len());
            for operation in operations {
                let path = operation.path.clone();
                let template = resource(&operation.resource)?;
                // Without a template the resource is the path, variables and all.
                let in_path = template.is_none() && path.variable_names().any(|name| redaction.hides(name));
                compiled.push(Operation {
                    method: operation.method.clone(),
                    path,
                    capability: operation.capability.clone(),
                    resource_hidden: in_path || hides(&template),
                    resource: template,
                });
            }
            Protocol::Http(OperationsExtractor::new(prefix, compiled))
        }
        config::Protocol::ToolCall { name, arguments, tools } => Protocol::ToolCall(ToolCallExtractor {
            route: route.name.clone(),
            prefix: prefix.clone(),
            name: name.clone(),
            arguments: arguments.clone(),
            tools: tools.clone().into_iter().collect::<HashMap<_, _>>(),
        }),
    })
}
