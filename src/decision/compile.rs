//! From a configuration to a snapshot: everything a request would otherwise work out again is worked out here, once.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::{self, Config};
use crate::decision::upstream::upstream;
use crate::decision::{
    CedarSettings, CompileError, Gating, Governing, HoldWait, PolicySnapshot, Protocol, ResponseRules, Route,
    RouteMatch, SnapshotParts,
};
use crate::extract::{McpExtractor, Operation, OperationsExtractor, ResourceTemplate, ToolCallExtractor};
use crate::identity::{Key, KeyRate, KeyRing, TokenIssuer, TokenKey};
use crate::model::call::Principal;
use crate::model::decision::SnapshotRef;
use crate::model::slots::Slots;
use crate::policy::cedar::check_prefix;
use crate::policy::governance::Combine;
use crate::policy::rules::RuleSet;
use crate::risk::{Bands, Baselines, Multipliers, RiskModel, Trust, Weights};
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
    let keys = KeyRing::new(configured.chain(own_keys.iter().cloned()).collect())
        .with_issuers(config.gateway.jwt.iter().map(issuer).collect())
        .with_rate(
            config
                .control
                .rate_limit
                .map(|config::KeyRate { per_second, per_day }| KeyRate { per_second, per_day }),
        );
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
        governing: governing(config),
        cedar: Some(CedarSettings::of(&config.policy.cedar)?),
        rules,
        default: config.policy.default,
    }))
}

/// Which engines take part.
fn governing(config: &Config) -> Governing {
    let policy = &config.policy;
    Governing {
        capabilities_required: policy.capabilities_required,
        grants_required: policy.grants_required,
        combine: match policy.combine {
            config::Combine::DenyOverrides => Combine::DenyOverrides,
            config::Combine::Strictest => Combine::Strictest,
        },
        risk: policy.risk.as_ref().map(risk_model),
        gates: Gating::of(&policy.gates),
    }
}

/// How calls are scored, as configured.
#[must_use]
pub fn risk_model(risk: &config::Risk) -> RiskModel {
    let config::RiskWeights { failures, trust, capability, anomaly, federation: _ } = risk.weights;
    let config::RiskBands { allow, monitoring, escalate } = risk.bands;
    let config::RiskBaselines { low, medium, high, critical } = risk.baselines;
    let config::RiskMultipliers { production, destructive, policy_change } = risk.multipliers;
    let actors = risk.trust.actors.iter().map(|(id, trust)| (Arc::from(id.as_str()), *trust)).collect();
    RiskModel {
        weights: Weights { failures, trust, capability, anomaly },
        bands: Bands { allow, monitoring, escalate },
        baselines: Baselines { low, medium, high, critical },
        multipliers: Multipliers { production, destructive, policy_change },
        trust: Trust { new_actor: risk.trust.new_actor, actors },
        floor: risk.floor,
    }
}

fn shared(texts: &[String]) -> Arc<[Arc<str>]> {
    texts.iter().map(|text| Arc::from(text.as_str())).collect()
}

/// A key, as configured.
#[must_use]
pub fn key(key: &config::Key) -> Key {
    Key {
        id: key.id.as_str().into(),
        hash: key.hash.0,
        tenant: key.tenant.as_str().into(),
        scopes: key.scopes.clone(),
        actors: key.actors.clone(),
        actor: Some((key.actor.id.as_str().into(), key.actor.kind)),
        roles: shared(&key.roles),
        groups: shared(&key.groups),
        claims: Arc::default(),
        person: key.person.as_deref().map(Arc::from),
        expires_at: key.expires_at,
    }
}

fn issuer(jwt: &config::Jwt) -> TokenIssuer {
    let key =
        |key: &config::JwtKey| TokenKey { kid: key.kid.as_deref().map(Arc::from), key: key.key.clone() };
    TokenIssuer {
        issuer: jwt.issuer.as_str().into(),
        audience: jwt.audience.as_str().into(),
        algorithms: jwt.algorithms.clone(),
        keys: jwt.keys.iter().map(key).collect(),
        tenant: jwt.tenant.as_deref().map(Arc::from),
        max_lifetime_s: jwt.max_lifetime_s,
        claims: jwt.claims.clone(),
    }
}

fn route(route: &config::Route, redaction: &Redaction) -> Result<Route, CompileError> {
    check_prefix(&route.capability_prefix)
        .map_err(|error| CompileError::Route { route: route.name.clone(), what: error.to_string() })?;
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
        environment: route.environment.as_deref().map(Arc::from),
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
    let refuse = |what: &str, error: &dyn std::fmt::Display| CompileError::Route {
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Sources, load_document};
    use crate::model::document::Document;

    struct NoSources;

    impl Sources for NoSources {
        fn variable(&self, _name: &str) -> Option<String> {
            None
        }

        fn file(&self, _path: &Path) -> Result<String, String> {
            Err("no files here".to_owned())
        }
    }

    fn config(text: &str) -> Config {
        let document = Document::parse("gateway.yaml", text).unwrap();
        load_document(document, Path::new("."), [], &NoSources).unwrap()
    }

    #[test]
    fn environments_and_groups_are_in_the_snapshot() {
        let hash = "0".repeat(64);
        let text = format!(
            "control: {{keys: [{{id: a, hash: \"sha256:{hash}\", groups: [ops, dev]}}]}}\nroutes:\n\
             - {{name: a, match: {{path_prefix: /a}}, protocol: mcp, capability_prefix: a, environment: production, \
             upstream: {{addresses: [\"127.0.0.1:9\"]}}}}\n\
             - {{name: b, match: {{path_prefix: /b}}, protocol: mcp, capability_prefix: b, \
             upstream: {{addresses: [\"127.0.0.1:9\"]}}}}\n"
        );
        let snapshot = compile(&config(&text), None, &[], SnapshotRef::new(1, "00".into())).unwrap();
        let environments: Vec<_> = snapshot.routes.iter().map(|route| route.environment.as_deref()).collect();
        assert_eq!(environments, [Some("production"), None]);
        let groups = &snapshot.keys.by_id("a").unwrap().principal(None).groups;
        assert_eq!(groups.iter().map(|group| &**group).collect::<Vec<_>>(), ["ops", "dev"]);
    }

    #[test]
    fn the_risk_model_is_as_configured() {
        let model = |text: &str| {
            let config = config(&format!("policy: {{risk: {{enabled: true{text}}}}}"));
            risk_model(&config.policy.risk.unwrap())
        };
        assert_eq!(model(""), RiskModel::default());
        let own = model(
            ", weights: {failures: 0.1, trust: 0.2, capability: 0.3, anomaly: 0.4, federation: 0}, \
             bands: {allow: 0.1, monitoring: 0.2, escalate: 0.3}, \
             baselines: {low: 0.1, medium: 0.2, high: 0.3, critical: 0.4}, \
             multipliers: {production: 3, destructive: 4, policy_change: 5}, \
             trust: {new_actor: 0.1, actors: {a: 0.2}}, floor: false",
        );
        let expected = RiskModel {
            weights: Weights {
                failures: 100_000_000,
                trust: 200_000_000,
                capability: 300_000_000,
                anomaly: 400_000_000,
            },
            bands: Bands { allow: 1_000, monitoring: 2_000, escalate: 3_000 },
            baselines: Baselines { low: 1_000, medium: 2_000, high: 3_000, critical: 4_000 },
            multipliers: Multipliers { production: 30_000, destructive: 40_000, policy_change: 50_000 },
            trust: Trust { new_actor: 1_000, actors: [("a".into(), 2_000)].into() },
            floor: false,
        };
        assert_eq!(own, expected);
    }
}
