//! Who is calling.

use std::sync::Arc;

/// Longest id of an actor, in bytes.
pub const ACTOR_ID_MAX_BYTES: usize = 256;

/// Whether a text can be the id of an actor: 1 to 256 visible ASCII characters, of which the first is a letter or a digit and none is
/// one that globs, quotes or markup are made of (`* ? [ ] " \\ < >`). Who calls under another id could not be suspended or granted
/// anything, since no object could name it, so none is let in.
#[must_use]
pub fn is_actor_id(text: &str) -> bool {
    text.len() <= ACTOR_ID_MAX_BYTES
        && text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"*?[]\"\\<>".contains(&byte))
}

/// What is wrong with a text that is none, for people.
pub const ACTOR_ID_RULE: &str =
    "is 1 to 256 visible ASCII characters, the first a letter or a digit, without * ? [ ] \" \\ < >";

/// The caller of a tool, as identified: never as the caller says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The tenant its decisions, counters and holds belong to.
    pub tenant: Arc<str>,
    /// Its id, such as `agent-001`: what `match.agent` of a rule is compared with.
    pub id: Arc<str>,
    /// What kind of actor it is.
    pub kind: PrincipalKind,
    /// The id of the key that identified it, or of the token's subject with its issuer; `None` for a route's anonymous principal.
    pub key: Option<Arc<str>>,
    /// The person behind it, as its key or token says.
    pub person: Option<Arc<str>>,
    /// Its roles, as its key or token says; for conditions.
    pub roles: Arc<[Arc<str>]>,
    /// Its groups, as its key or token says; for conditions.
    pub groups: Arc<[Arc<str>]>,
    /// What its token claims besides, which Cedar policies read as tags; none of a key.
    pub claims: Arc<[Claim]>,
}

/// One claim of a token, as a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its name, such as `department`.
    pub name: Arc<str>,
    /// Its value: a text as it is, a number or a truth value as JSON writes it.
    pub value: Arc<str>,
}

impl Principal {
    /// A caller that no key identified, without roles and groups.
    pub fn new(tenant: impl Into<Arc<str>>, id: impl Into<Arc<str>>, kind: PrincipalKind) -> Self {
        Self {
            tenant: tenant.into(),
            id: id.into(),
            kind,
            key: None,
            person: None,
            roles: Arc::default(),
            groups: Arc::default(),
            claims: Arc::default(),
        }
    }
}

/// The kinds of actors the APIs know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PrincipalKind {
    /// A person.
    Human,
    /// An agent that acts alone.
    #[default]
    AiAgent,
    /// An agent that acts beside a person.
    AiCopilot,
    /// A script or service.
    Automation,
}

impl PrincipalKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Human, Self::AiAgent, Self::AiCopilot, Self::Automation];

    /// The kind's name on every surface.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::AiAgent => "ai-agent",
            Self::AiCopilot => "ai-copilot",
            Self::Automation => "automation",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}
