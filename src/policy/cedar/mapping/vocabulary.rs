//! The types and names that policies are written in. Imports nothing of ours.

use std::str::FromStr;

use cedar_policy::{EntityId, EntityTypeName, EntityUid};
use thiserror::Error;

use crate::model::call::PrincipalKind;

/// What stands between the prefix and the tool in the name of an action.
pub(super) const BETWEEN: &str = "___";

/// The namespace whose people are `OAuthUser`s.
const AGENT_CORE: &str = "AgentCore";

/// Longest namespace, in bytes.
const NAMESPACE_MAX_BYTES: usize = 128;

/// The entity types of an engine, all in its namespace.
///
/// | of a call | in Cedar |
/// |---|---|
/// | an agent or copilot | `Agent::"id"` |
/// | a script or service | `Service::"id"` |
/// | a person | `User::"id"`; in the namespace `AgentCore`, `OAuthUser::"id"` |
/// | their groups and roles | parents `Group::"name"` and `Role::"name"` |
/// | a tool call | `Action::"prefix___tool"` in `Action::"CallTool"` in `Action::"Mcp"`, on `Gateway::"route"` |
/// | an HTTP operation | `Action::"capability"`, on `Http::"/path"` in the paths above it and `Gateway::"route"` |
#[derive(Clone, Debug)]
pub struct Vocabulary {
    agent: EntityTypeName,
    service: EntityTypeName,
    user: EntityTypeName,
    pub(super) group: EntityTypeName,
    pub(super) role: EntityTypeName,
    pub(super) action: EntityTypeName,
    pub(super) gateway: EntityTypeName,
    pub(super) http: EntityTypeName,
    /// What every tool call is in.
    pub(super) tool_calls: [EntityUid; 2],
}

/// A name that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum VocabularyError {
    /// Not names joined by `::`.
    #[error(
        "a Cedar namespace is one or more names joined by ::, none of them a word of the language, such as AgentCore"
    )]
    Namespace,
    /// `___` in a prefix.
    #[error(
        "a capability prefix must not contain ___, which separates it from the tool in the names of Cedar actions"
    )]
    Prefix,
}

impl Vocabulary {
    /// The types in `namespace`, or in none.
    ///
    /// # Errors
    /// The namespace is none.
    pub fn new(namespace: Option<&str>) -> Result<Self, VocabularyError> {
        if namespace.is_some_and(|namespace| namespace.len() > NAMESPACE_MAX_BYTES) {
            return Err(VocabularyError::Namespace);
        }
        let name = |name: &str| {
            let text = namespace.map_or_else(|| name.to_owned(), |namespace| format!("{namespace}::{name}"));
            EntityTypeName::from_str(&text).map_err(|_| VocabularyError::Namespace)
        };
        let action = name("Action")?;
        Ok(Self {
            agent: name("Agent")?,
            service: name("Service")?,
            user: name(if namespace == Some(AGENT_CORE) { "OAuthUser" } else { "User" })?,
            group: name("Group")?,
            role: name("Role")?,
            gateway: name("Gateway")?,
            http: name("Http")?,
            tool_calls: ["CallTool", "Mcp"].map(|id| uid(&action, id)),
            action,
        })
    }

    pub(super) const fn principal(&self, kind: PrincipalKind) -> &EntityTypeName {
        match kind {
            PrincipalKind::AiAgent | PrincipalKind::AiCopilot => &self.agent,
            PrincipalKind::Automation => &self.service,
            PrincipalKind::Human => &self.user,
        }
    }
}

/// Whether tools below a capability prefix have names of their own in Cedar: with `___` in the prefix, two could share one.
///
/// # Errors
/// [`VocabularyError::Prefix`].
pub fn check_prefix(prefix: &str) -> Result<(), VocabularyError> {
    if prefix.contains(BETWEEN) { Err(VocabularyError::Prefix) } else { Ok(()) }
}

/// The entity of that type with that id, which may be any text.
pub(super) fn uid(name: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(name.clone(), EntityId::new(id))
}
