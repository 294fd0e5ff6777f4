//! Names of things: [`EntityRef`], and the types that sentences are written in. Imports quoting and literals.

use std::fmt;

use crate::policy::cedar::string_literal;
use crate::policy::generation::write::{push_quoted, unquoted};

/// Longest text of an entity, in bytes: what Cedar's side takes in a question.
const TEXT_MAX_BYTES: usize = 4096;

/// Words of Cedar that no type can be called.
const RESERVED: [&str; 10] = ["true", "false", "if", "then", "else", "in", "is", "like", "has", "__cedar"];

/// An entity of Cedar: a type, and an id, which may be any text.
///
/// INVARIANT: its text ([`fmt::Display`]) is one entity and nothing else, whatever the id holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityRef {
    kind: Box<str>,
    id: Box<str>,
}

impl EntityRef {
    /// The entity of that type with that id. `None` where the type is not names joined by `::`, or where the text of both, with the
    /// escapes that its characters need, is longer than 4,096 bytes.
    #[must_use]
    pub fn new(kind: &str, id: &str) -> Option<Self> {
        let entity = Self { kind: kind.into(), id: id.into() };
        let short = kind.len() + id.len() <= TEXT_MAX_BYTES;
        let is_short =
            || [entity.to_string(), entity.normal()].iter().all(|text| text.len() <= TEXT_MAX_BYTES);
        (short && is_type(kind) && is_short()).then_some(entity)
    }

    /// Reads an entity as Cedar writes it: `Agent::"agent-001"`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > TEXT_MAX_BYTES {
            return None;
        }
        let (kind, quoted) = text.trim().split_once("::\"")?;
        Self::new(kind, &unquoted(quoted.strip_suffix('"')?)?)
    }

    /// The type, with its namespace.
    #[must_use]
    pub const fn kind(&self) -> &str {
        &self.kind
    }

    /// The id.
    #[must_use]
    pub const fn id(&self) -> &str {
        &self.id
    }
}

impl EntityRef {
    /// As Cedar itself writes it: the one spelling that it takes in a question. In a policy it takes any.
    pub(super) fn normal(&self) -> String {
        format!("{}::{}", self.kind, string_literal(&self.id))
    }
}

/// As Cedar reads it. Everything but printable ASCII is escaped: who approves a policy must see what it says, not what looks like it.
impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = format!("{}::", self.kind);
        push_quoted(&self.id, &mut text);
        f.write_str(&text)
    }
}

/// Whether a name can stand behind a dot, or be a part of a type.
pub(super) fn is_name(text: &str) -> bool {
    let mut letters = text.bytes();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_')
        && !RESERVED.contains(&text)
}

fn is_type(text: &str) -> bool {
    text.split("::").all(is_name)
}

/// What the types of an engine are called: where sentences get theirs from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTypes {
    /// Of agents and copilots.
    pub agent: String,
    /// Of scripts and services.
    pub service: String,
    /// Of people.
    pub user: String,
    /// Of groups.
    pub group: String,
    /// Of roles.
    pub role: String,
    /// Of actions.
    pub action: String,
    /// Of what tools are behind.
    pub gateway: String,
}

impl EntityTypes {
    /// The types as [`Vocabulary`](crate::policy::cedar::Vocabulary) has them in that namespace, or in none. `None` where it is no
    /// namespace.
    #[must_use]
    pub fn in_namespace(namespace: Option<&str>) -> Option<Self> {
        if namespace.is_some_and(|namespace| !is_type(namespace)) {
            return None;
        }
        let name = |name: &str| {
            namespace.map_or_else(|| name.to_owned(), |namespace| format!("{namespace}::{name}"))
        };
        Some(Self {
            agent: name("Agent"),
            service: name("Service"),
            user: name(if namespace == Some("AgentCore") { "OAuthUser" } else { "User" }),
            group: name("Group"),
            role: name("Role"),
            action: name("Action"),
            gateway: name("Gateway"),
        })
    }
}
