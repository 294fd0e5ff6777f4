//! Cedar engines, their policies, and which engine takes part: from bodies of the API, from files, and from what the store kept.
//! Policies and schemas are read by `policy::cedar`, which tells what is wrong with them in its own form; here they become objects.

use std::sync::Arc;

use crate::policy::cedar::{CedarPolicy, CedarProblems, CedarSchema, read as read_policy};
use crate::policy::governance::raw::{RawCedarEnforcement, RawCedarEngine, RawCedarPolicy};
use crate::policy::governance::{
    CedarEnforcement, CedarEngine, CedarPolicyContent, Content, Kind, ObjectKey, Written,
};

/// Longest name of an engine, in bytes.
const ENGINE_NAME_BYTES_MAX: usize = 48;

/// What an engine's name is, for people.
pub const CEDAR_ENGINE_RULE: &str = "begins with a letter and has at most 48 letters, digits, - and _";

/// Whether a text can be the name of an engine.
#[must_use]
pub fn is_cedar_engine_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.len() <= ENGINE_NAME_BYTES_MAX
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(fits)
}

impl Written {
    /// An engine. `raw.name` must be one that [`is_cedar_engine_name`] lets pass.
    ///
    /// # Errors
    /// What is wrong with its schema.
    pub fn cedar_engine(raw: &RawCedarEngine) -> Result<Self, CedarProblems> {
        let schema = raw.schema.as_deref().map(CedarSchema::read).transpose()?;
        let strict = raw.strict;
        Ok(Self {
            key: ObjectKey::cedar_engine(&raw.name),
            written: raw.to_json(),
            content: Content::CedarEngine(CedarEngine { schema, strict }),
        })
    }

    /// A policy of the engine `engine`, read from `raw.definition`.
    #[must_use]
    pub fn cedar_policy(id: &str, raw: &RawCedarPolicy, policy: CedarPolicy) -> Self {
        Self::of_policy(id, raw, Ok(policy))
    }

    /// Which engine takes part.
    #[must_use]
    pub fn cedar_enforcement(raw: &RawCedarEnforcement) -> Self {
        Self {
            key: ObjectKey::cedar_enforcement(),
            written: raw.to_json(),
            content: Content::CedarEnforcement(CedarEnforcement {
                engine: raw.engine.as_deref().map(Arc::from),
                log_only: raw.log_only,
                instead_of: (raw.instead_of.engine.as_deref().map(Arc::from), raw.instead_of.log_only),
            }),
        }
    }

    /// What the store kept of a Cedar object under `key`; `None` for what is none of that kind. A policy that can be read no more is
    /// an object all the same: what it forbade must not be forgotten.
    #[must_use]
    pub fn kept_cedar(key: &ObjectKey, written: &str) -> Option<Self> {
        let found = match key.kind {
            Kind::CedarEngine => {
                let raw: RawCedarEngine = serde_json::from_str(written).ok()?;
                // A schema that can be read no more checks nothing; what it let pass is in force as it was.
                Self::cedar_engine(&raw).unwrap_or_else(|_| Self {
                    key: key.clone(),
                    written: raw.to_json(),
                    content: Content::CedarEngine(CedarEngine { schema: None, strict: raw.strict }),
                })
            }
            Kind::CedarPolicy => {
                let raw: RawCedarPolicy = serde_json::from_str(written).ok()?;
                let (_, id) = key.name.split_once('/')?;
                Self::of_policy(id, &raw, read_policy(&raw.definition))
            }
            Kind::CedarEnforcement => Self::cedar_enforcement(&serde_json::from_str(written).ok()?),
            Kind::Capability | Kind::Policy | Kind::Grant | Kind::Actor | Kind::KillSwitch => return None,
        };
        Some(found).filter(|found| found.key == *key)
    }

    fn of_policy(id: &str, raw: &RawCedarPolicy, policy: Result<CedarPolicy, CedarProblems>) -> Self {
        Self {
            key: ObjectKey::cedar_policy(&raw.engine, id),
            written: raw.to_json(),
            content: Content::CedarPolicy(CedarPolicyContent {
                engine: raw.engine.as_str().into(),
                policy,
                text: raw.definition.as_str().into(),
                log_only: raw.log_only,
            }),
        }
    }
}
