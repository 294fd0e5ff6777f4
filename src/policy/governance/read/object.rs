//! One object of each kind. Start at [`read`].

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use schemars::schema_for;
use serde_json::Value;

use crate::model::call::is_actor_id;
use crate::model::decision::{RateLimit, Restriction, RiskLevel};
use crate::model::document::{Document, NodeValue, Problem, Problems, shape};
use crate::model::time::Timestamp;
use crate::policy::governance::raw::{
    self, RawActor, RawCapability, RawCedarEnforcement, RawCedarEngine, RawCedarPolicy, RawGrant,
    RawKillSwitch, RawPolicy,
};
use crate::policy::governance::read::fields::{DESCRIPTION_BYTES_MAX, REASON_BYTES_MAX};
use crate::policy::governance::read::reader::{At, Reader};
use crate::policy::governance::{
    ActorStatus, Capability, Content, Grant, KillSwitch, Kind, ObjectKey, ParameterSchema, SharedLimit,
    Standing, TimeWindow, TimeWindowError,
};

/// What an object says that was written, before it has an identity.
#[derive(Clone, Debug)]
pub struct Written {
    /// Whose it is, and what it is called.
    pub key: ObjectKey,
    /// What was written, with every default filled in; a JSON object that [`read`] reads again as the same.
    pub written: Value,
    /// What was made of it.
    pub content: Content,
}

/// What holds where an object does not say so itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Defaults<'a> {
    /// The tenant of grants and actors that name none. Capabilities, policies and kill switches without a tenant are the deployment's.
    pub tenant: &'a str,
    /// The actor that the path of a request names. A body may repeat it and not name another.
    pub actor: Option<&'a str>,
    /// The id of the policy: the name in its key. Other kinds need none.
    pub id: Option<&'a str>,
}

/// The JSON Schema (draft 2020-12) of an object of that kind as it is written.
#[must_use]
pub fn schema(kind: Kind) -> Value {
    kept_schema(kind).clone()
}

/// The same, made once: it is asked for with every object that is read.
fn kept_schema(kind: Kind) -> &'static Value {
    static SCHEMAS: LazyLock<BTreeMap<Kind, Value>> =
        LazyLock::new(|| Kind::ALL.into_iter().map(|kind| (kind, made_schema(kind))).collect());
    SCHEMAS.get(&kind).unwrap_or(&Value::Null)
}

fn made_schema(kind: Kind) -> Value {
    match kind {
        Kind::Capability => schema_for!(RawCapability),
        Kind::Policy => schema_for!(RawPolicy),
        Kind::Grant => schema_for!(RawGrant),
        Kind::Actor => schema_for!(RawActor),
        Kind::KillSwitch => schema_for!(RawKillSwitch),
        Kind::CedarEngine => schema_for!(RawCedarEngine),
        Kind::CedarPolicy => schema_for!(RawCedarPolicy),
        Kind::CedarEnforcement => schema_for!(RawCedarEnforcement),
    }
    .to_value()
}

/// Reads one object.
///
/// # Errors
/// Everything that is wrong with it, with places.
pub fn read(kind: Kind, document: &Document, defaults: Defaults<'_>) -> Result<Written, Problems> {
    let misfits = problems(shape::check(document, kept_schema(kind)));
    let mut reader = Reader { problems: misfits, ..Reader::new(document) };
    let read = reader.object(kind, At(""), defaults);
    finish(&mut reader, read, document.to_json(), kind)
}

/// What was read, unless there are problems.
fn finish(
    reader: &mut Reader<'_>,
    read: Option<(ObjectKey, Content)>,
    json: Value,
    kind: Kind,
) -> Result<Written, Problems> {
    let whole = read.and_then(|(key, content)| {
        let written = with_defaults(kind, json, &key)?;
        Some(Written { key, written, content })
    });
    let problems = std::mem::take(&mut reader.problems);
    match (whole, Problems::from_list(problems)) {
        (Some(written), None) => Ok(written),
        (_, Some(problems)) => Err(problems),
        // What fits its schema can be read; this stands for a defect here.
        (None, None) => Err(reader.document.problem("", "the object cannot be read").into()),
    }
}

/// What was written with every default filled in, and the tenant and actor that its key has.
pub(super) fn with_defaults(kind: Kind, json: Value, key: &ObjectKey) -> Option<Value> {
    let mut written = raw::filled(kind, json)?;
    let members = written.as_object_mut()?;
    if let Some(tenant) = &key.tenant {
        members.insert("tenant".to_owned(), Value::from(&**tenant));
    }
    let actor = match kind {
        Kind::Actor => Some(&*key.name),
        Kind::Grant => key.name.split_once(' ').map(|(_, actor)| actor),
        _ => None,
    };
    if let Some(actor) = actor {
        members.insert("actor".to_owned(), Value::from(actor));
    }
    Some(written)
}

impl Reader<'_> {
    /// The object at `at`; `None` where something without which it has no key or content is missing or refused.
    pub(super) fn object(
        &mut self,
        kind: Kind,
        at: At<'_>,
        defaults: Defaults<'_>,
    ) -> Option<(ObjectKey, Content)> {
        let written_tenant = self.tenant(at);
        let own = || Some(written_tenant.clone().unwrap_or_else(|| defaults.tenant.into()));
        match kind {
            Kind::Capability => {
                let name = self.capability_name(at, "name");
                let content = self.capability(at);
                let key = ObjectKey { kind, tenant: written_tenant, name: name?.as_str().into() };
                Some((key, Content::Capability(content?)))
            }
            Kind::Policy => {
                let policy = self.policy(at)?;
                let tenant = written_tenant;
                let name = defaults
                    .id
                    .map_or_else(|| super::file::policy_id(tenant.as_deref(), &policy.name), Arc::from);
                Some((ObjectKey { kind, tenant, name }, Content::Policy(policy)))
            }
            Kind::Grant => {
                let actor = self.actor_or(at, defaults);
                let grant = self.grant(at, actor)?;
                let key = ObjectKey::grant(&own()?, &grant.actor, grant.capability.as_str());
                Some((key, Content::Grant(grant)))
            }
            Kind::Actor => {
                let actor = self.actor_or(at, defaults);
                let status = self.status(at);
                let key = ObjectKey { kind, tenant: own(), name: actor? };
                Some((key, Content::Actor(status?)))
            }
            Kind::KillSwitch => {
                let reason = self.prose(at, "reason", REASON_BYTES_MAX);
                let active = self.flag(&at.field("active"), true);
                let key = ObjectKey { kind, tenant: written_tenant, name: "".into() };
                Some((key, Content::KillSwitch(KillSwitch { active, reason })))
            }
            // These are read by their own rules, in `cedar.rs`.
            Kind::CedarEngine | Kind::CedarPolicy | Kind::CedarEnforcement => None,
        }
    }

    /// The actor as written, or as the path of the request names it; the two may not differ.
    fn actor_or(&mut self, at: At<'_>, defaults: Defaults<'_>) -> Option<Arc<str>> {
        let pointer = at.field("actor");
        let written = self.actor(at);
        match (written, defaults.actor) {
            (Some(written), Some(named)) if *written != *named => {
                self.refuse(&pointer, "another actor than the path names");
                None
            }
            (Some(written), _) => Some(written),
            (None, _) if self.value(&pointer).is_some() => None,
            (None, Some(named)) if is_actor_id(named) => Some(named.into()),
            (None, Some(_)) => {
                self.refuse(at.0, "the path names no actor's id");
                None
            }
            (None, None) => {
                self.refuse(at.0, "missing key \"actor\"");
                None
            }
        }
    }

    fn capability(&mut self, at: At<'_>) -> Option<Capability> {
        self.prose(at, "description", DESCRIPTION_BYTES_MAX);
        let tags = self.tags(at);
        let schema = self.parameter_schema(&at.field("parameter_schema"));
        let risk_level = self.text(&at.field("risk_level")).and_then(RiskLevel::parse);
        let tagged = |tag: &str| tags.iter().any(|known| known == tag);
        let (destructive, policy_change) = (tagged("destructive"), tagged("policy_change"));
        let shared_limit = self.shared_limit(At(&at.field("shared_limit")));
        Some(Capability { risk_level: risk_level?, schema, destructive, policy_change, shared_limit })
    }

    fn shared_limit(&self, at: At<'_>) -> Option<SharedLimit> {
        let then = match self.text(&at.field("then")) {
            Some("DENY") => Restriction::Deny,
            Some("REQUIRE_CONFIRMATION") => Restriction::RequireConfirmation,
            // What is none of the words was refused already.
            _ => Restriction::Escalate,
        };
        Some(SharedLimit { rate: self.rate_limit(at)?, then })
    }

    fn parameter_schema(&mut self, pointer: &str) -> Option<ParameterSchema> {
        let Some(NodeValue::Mapping(_)) = self.value(pointer) else { return None };
        let Value::Object(schema) = self.document.node(pointer)?.to_json() else { return None };
        match ParameterSchema::compile(&schema) {
            Ok(schema) => Some(schema),
            Err(error) => {
                self.refuse(&format!("{pointer}{}", error.pointer), error.message);
                None
            }
        }
    }

    fn grant(&mut self, at: At<'_>, actor: Option<Arc<str>>) -> Option<Grant> {
        let capability = self.capability_name(at, "capability");
        let constraints = at.field("constraints");
        let time_window = self.time_window(At(&At(&constraints).field("time_window")));
        let rate_limit = self.rate_limit(At(&At(&constraints).field("rate_limit")));
        let expires_at = self.parsed(&at.field("expires_at"), |text| {
            Timestamp::parse_rfc3339(text).ok_or("not an RFC 3339 time, such as 2027-01-31T00:00:00Z")
        });
        Some(Grant { actor: actor?, capability: capability?, time_window, rate_limit, expires_at })
    }

    fn time_window(&mut self, at: At<'_>) -> Option<TimeWindow> {
        let (start, end) = (self.text(&at.field("start"))?, self.text(&at.field("end"))?);
        let zone = self.text(&at.field("timezone")).unwrap_or("UTC");
        match TimeWindow::parse(start, end, zone) {
            Ok(window) => Some(window),
            Err(error) => {
                let field = match error {
                    TimeWindowError::Start => "start",
                    TimeWindowError::End | TimeWindowError::Empty => "end",
                    TimeWindowError::Zone => "timezone",
                };
                self.refuse(&at.field(field), error.to_string());
                None
            }
        }
    }

    fn rate_limit(&self, at: At<'_>) -> Option<RateLimit> {
        let number = |key| self.number(&at.field(key)).and_then(|number| u32::try_from(number).ok());
        Some(RateLimit { max_requests: number("max_requests")?, window_s: number("window_seconds")? })
    }

    fn status(&mut self, at: At<'_>) -> Option<ActorStatus> {
        let reason = self.prose(at, "reason", REASON_BYTES_MAX);
        let trust = match self.value(&at.field("trust")) {
            Some(NodeValue::Number(number)) => number.as_f64().map(ten_thousandths),
            _ => None,
        };
        let standings = [Standing::Active, Standing::Suspended, Standing::Revoked];
        let word = self.text(&at.field("status"))?;
        let standing = standings.into_iter().find(|standing| standing.as_str() == word)?;
        Some(ActorStatus { standing, reason, trust })
    }
}

/// A share from 0 to 1 in ten-thousandths, to the nearest.
fn ten_thousandths(share: f64) -> u16 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 10,000")]
    let value = (share.clamp(0.0, 1.0) * 10_000.0).round() as u16;
    value
}

/// The problems of a list of misfits.
pub(super) fn problems(misfits: Vec<shape::Misfit>) -> Vec<Problem> {
    misfits.into_iter().map(|misfit| misfit.problem).collect()
}
