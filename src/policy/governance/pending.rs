//! TEMPORARY: stands for what branch wt-engines brings.
use crate::model::call::CapabilityName;
use crate::model::decision::{Obligations, Outcome, RiskLevel};
use crate::model::document::{Document, Problems};
use crate::policy::governance::*;
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Written {
    pub key: ObjectKey,
    pub written: Value,
    pub content: Content,
}
#[derive(Clone, Copy, Debug)]
pub struct Defaults<'a> {
    pub tenant: &'a str,
    pub actor: Option<&'a str>,
    pub id: Option<&'a str>,
}
pub fn read(kind: Kind, document: &Document, defaults: Defaults<'_>) -> Result<Written, Problems> {
    let value = document.to_json();
    let bad = |e: String| Problems::from(document.problem("", e));
    let tenant = |t: Option<String>| t.map(Arc::<str>::from);
    match kind {
        Kind::Capability => {
            let raw: raw::RawCapability = serde_json::from_value(value).map_err(|e| bad(e.to_string()))?;
            let content = Content::Capability(Capability {
                risk_level: RiskLevel::Low,
                schema: None,
                destructive: false,
                policy_change: false,
            });
            Ok(Written {
                key: ObjectKey { kind, tenant: tenant(raw.tenant.clone()), name: raw.name.as_str().into() },
                written: serde_json::to_value(raw).unwrap_or_default(),
                content,
            })
        }
        Kind::Policy => {
            let raw: raw::RawPolicy = serde_json::from_value(value).map_err(|e| bad(e.to_string()))?;
            let rules = raw
                .rules
                .iter()
                .map(|_| PolicyRule {
                    capability: CapabilityPattern::Any,
                    condition: None,
                    outcome: Outcome::Allow,
                    priority: 0,
                    accepts_critical: false,
                    obligations: Obligations::default(),
                })
                .collect();
            let content =
                Content::Policy(Policy { name: raw.name.as_str().into(), enabled: raw.enabled, rules });
            let name = defaults.id.map_or_else(|| format!("pol_{}", raw.name), str::to_owned).into();
            Ok(Written {
                key: ObjectKey { kind, tenant: tenant(raw.tenant.clone()), name },
                written: serde_json::to_value(raw).unwrap_or_default(),
                content,
            })
        }
        Kind::Grant => {
            let mut raw: raw::RawGrant = serde_json::from_value(value).map_err(|e| bad(e.to_string()))?;
            let actor =
                defaults.actor.map(str::to_owned).or(raw.actor.clone()).ok_or_else(|| bad("actor".into()))?;
            raw.actor = Some(actor.clone());
            let tenant = raw.tenant.clone().unwrap_or(defaults.tenant.to_owned());
            raw.tenant = Some(tenant.clone());
            let capability = CapabilityName::parse(&raw.capability).map_err(|e| bad(e.to_string()))?;
            let key = ObjectKey::grant(&tenant, &actor, &raw.capability);
            let content = Content::Grant(Grant {
                actor: actor.into(),
                capability,
                time_window: None,
                rate_limit: None,
                expires_at: None,
            });
            Ok(Written { key, written: serde_json::to_value(raw).unwrap_or_default(), content })
        }
        Kind::Actor => {
            let mut raw: raw::RawActor = serde_json::from_value(value).map_err(|e| bad(e.to_string()))?;
            let actor =
                defaults.actor.map(str::to_owned).or(raw.actor.clone()).ok_or_else(|| bad("actor".into()))?;
            raw.actor = Some(actor.clone());
            let tenant = raw.tenant.clone().unwrap_or(defaults.tenant.to_owned());
            raw.tenant = Some(tenant.clone());
            let standing = match raw.status {
                raw::RawStanding::Active => Standing::Active,
                raw::RawStanding::Suspended => Standing::Suspended,
                raw::RawStanding::Revoked => Standing::Revoked,
            };
            Ok(Written {
                key: ObjectKey { kind, tenant: Some(tenant.into()), name: actor.into() },
                content: Content::Actor(ActorStatus { standing, reason: raw.reason.clone(), trust: None }),
                written: serde_json::to_value(raw).unwrap_or_default(),
            })
        }
        Kind::KillSwitch => {
            let raw: raw::RawKillSwitch = serde_json::from_value(value).map_err(|e| bad(e.to_string()))?;
            Ok(Written {
                key: ObjectKey { kind, tenant: tenant(raw.tenant.clone()), name: "".into() },
                content: Content::KillSwitch(KillSwitch { active: raw.active, reason: raw.reason.clone() }),
                written: serde_json::to_value(raw).unwrap_or_default(),
            })
        }
    }
}
pub fn read_file(document: &Document) -> Result<Vec<Written>, Problems> {
    let mut all = Vec::new();
    let mut problems = Vec::new();
    for (list, kind) in [
        ("capabilities", Kind::Capability),
        ("policies", Kind::Policy),
        ("grants", Kind::Grant),
        ("actors", Kind::Actor),
    ] {
        let Some(Value::Array(items)) = document.to_json().get(list).cloned() else { continue };
        for item in items {
            let one = Document::parse("item", &item.to_string())?;
            match read(kind, &one, Defaults { tenant: "default", actor: None, id: None }) {
                Ok(w) => all.push(w),
                Err(p) => problems.extend(p.into_list()),
            }
        }
    }
    Problems::unless_empty(all, problems)
}
pub fn file_schema() -> Value {
    Value::Null
}
#[derive(Clone, Debug, Default)]
pub struct Governance {
    objects: Objects,
}
impl Governance {
    pub fn compile(objects: &Objects) -> Self {
        Self { objects: objects.clone() }
    }
    pub fn objects(&self) -> &Objects {
        &self.objects
    }
}
