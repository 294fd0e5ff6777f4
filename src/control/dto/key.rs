//! A key, as those see it who administer it. Never its text, but once; never its hash.

use schemars::JsonSchema;
use serde::Serialize;

use crate::admin::IssuedKey;
use crate::identity::Key;
use crate::model::time::Timestamp;

/// A key in an answer.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Key")]
pub(in crate::control) struct KeyForm {
    id: String,
    tenant: String,
    scopes: Vec<&'static str>,
    actors: Vec<String>,
    actor: ActorForm,
    roles: Vec<String>,
    groups: Vec<String>,
    person: Option<String>,
    expires_at: Option<String>,
    /// `api`, or `configuration`: such a key is changed there, and the members below are null.
    source: &'static str,
    created_at: Option<String>,
    created_by: Option<String>,
    revoked_at: Option<String>,
    /// Until when the text before the latest is good.
    earlier_until: Option<String>,
    /// The text, where it is told: right after it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

/// The actor that calls tools with a key.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "KeyActor")]
struct ActorForm {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// A page of keys in an answer.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "KeyPage")]
pub(in crate::control) struct KeyPageForm {
    pub(in crate::control) keys: Vec<KeyForm>,
    /// How many there are on all pages.
    pub(in crate::control) total: usize,
    /// Where the next page begins.
    pub(in crate::control) cursor: Option<String>,
}

impl KeyForm {
    /// A key of the configuration.
    pub(in crate::control) fn configured(key: &Key) -> Self {
        let principal = key.principal(None);
        let texts = |names: &[std::sync::Arc<str>]| names.iter().map(ToString::to_string).collect();
        Self {
            id: key.id.to_string(),
            tenant: key.tenant.to_string(),
            scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
            actors: key.actors.clone(),
            actor: ActorForm { id: principal.id.to_string(), kind: principal.kind.as_str() },
            roles: texts(&key.roles),
            groups: texts(&key.groups),
            person: key.person.as_deref().map(str::to_owned),
            expires_at: key.expires_at.map(Timestamp::to_rfc3339),
            source: "configuration",
            created_at: None,
            created_by: None,
            revoked_at: None,
            earlier_until: None,
            key: None,
        }
    }

    /// A key issued by API, as it stands at `now`; with its text where that was made just now.
    pub(in crate::control) fn issued(issued: &IssuedKey, now: Timestamp, text: Option<String>) -> Self {
        Self {
            source: "api",
            created_at: Some(issued.created_at.to_rfc3339()),
            created_by: Some(issued.created_by.to_string()),
            revoked_at: issued.revoked_at.map(Timestamp::to_rfc3339),
            earlier_until: issued.earlier_until(now).map(Timestamp::to_rfc3339),
            key: text,
            ..Self::configured(&issued.key)
        }
    }
}
