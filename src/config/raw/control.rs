//! `control`: the listener for operators, and the keys. Imports nothing of ours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The control listener.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Control")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawControl {
    /// Address and port to listen on. Default 127.0.0.1:8000.
    pub(crate) listen: String,
    /// Where people reach this listener from outside, for links in answers: https://aegis.example, with a path if one is put
    /// before it. Default none: links lead to listen itself.
    pub(crate) public_url: Option<String>,
    /// The keys that may use the control API and the routes. Without any, a random admin key is made at first start in
    /// data_dir/admin.key.
    #[schemars(with = "Vec<RawKey>")]
    pub(crate) keys: Vec<Option<RawKey>>,
    /// How many requests each key may make here; one more is 429. Default any number.
    pub(crate) rate_limit: Option<RawKeyRate>,
}

/// How many requests a key may make.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "KeyRate")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawKeyRate {
    /// In a second. Default any number.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) per_second: Option<u32>,
    /// In a day (UTC). Default any number.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub(crate) per_day: Option<u32>,
}

impl Default for RawControl {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8000".to_owned(), public_url: None, keys: Vec::new(), rate_limit: None }
    }
}

/// A key of a caller. Only the SHA-256 of its text stands here: `printf %s "$KEY" | sha256sum`.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Key")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawKey {
    /// Names the key in records. Two keys may share an id while one replaces the other.
    #[schemars(length(min = 1, max = 128))]
    pub(crate) id: String,
    /// "sha256:" and 64 hexadecimal digits: the SHA-256 of the key's text.
    pub(crate) hash: String,
    /// Whose data the key may touch. Default "default".
    #[schemars(length(min = 1, max = 128))]
    #[serde(default = "tenant")]
    pub(crate) tenant: String,
    /// What the key may do on the control API. Calling tools through a route needs none.
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    /// Ids of the actors the key may speak for; * stands for any text. Default none but itself.
    #[serde(default)]
    pub(crate) actors: Vec<String>,
    /// The actor that calls tools with this key. Default the only entry of actors without *, else the key's id.
    #[serde(default)]
    pub(crate) actor: Option<RawActor>,
    /// What its holder approves calls as, for holds.escalation.roles: names of letters, digits, _, - and . Default none.
    #[schemars(length(max = 32))]
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    /// The groups its holder is in, for conditions of policies. Default none.
    #[schemars(length(max = 64))]
    #[serde(default)]
    pub(crate) groups: Vec<String>,
    /// Who holds the key, so that two keys of one person count once where several people must agree. Default someone who
    /// holds no other key.
    #[schemars(length(min = 1, max = 128))]
    #[serde(default)]
    pub(crate) person: Option<String>,
    /// When the key stops working: RFC 3339, such as 2027-01-31T00:00:00Z. Default never.
    #[serde(default)]
    pub(crate) expires_at: Option<String>,
    /// Allows governance:propose beside scopes that manage or approve: such a key can decide on its own calls.
    #[serde(default)]
    pub(crate) force: bool,
}

fn tenant() -> String {
    "default".to_owned()
}

/// An actor: who calls a tool.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Actor")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawActor {
    /// Its id in policies and records.
    #[schemars(length(min = 1, max = 128))]
    pub(crate) id: String,
    /// What kind of actor it is. Default ai-agent.
    #[serde(rename = "type", default)]
    pub(crate) kind: RawPrincipalKind,
}

/// What kind of actor calls.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "ActorType")]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawPrincipalKind {
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

/// What runs the actions of POST /api/v1/execute.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Executor")]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawExecutor {
    /// none: nothing is sent anywhere, and every action that is let through succeeds. http: actions are sent to targets.
    /// Default none.
    pub(crate) kind: RawExecutorKind,
    /// What becomes of actions that a policy wants approved. Default hold.
    pub(crate) approval: RawExecutorApproval,
    /// Where actions are sent. The first one whose match fits an action's target takes it; no match is a failed action.
    #[schemars(length(max = 256))]
    pub(crate) targets: Vec<RawTarget>,
    /// Longest time for an action, in milliseconds. Default 30000.
    #[schemars(range(min = 1000, max = 300_000))]
    pub(crate) timeout_ms: u32,
}

impl Default for RawExecutor {
    fn default() -> Self {
        let (kind, approval) = (RawExecutorKind::None, RawExecutorApproval::Hold);
        Self { kind, approval, targets: Vec::new(), timeout_ms: 30_000 }
    }
}

/// What runs actions.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "ExecutorKind")]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawExecutorKind {
    /// Nothing.
    None,
    /// The targets.
    Http,
}

/// What becomes of actions that a policy wants approved.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "ExecutorApproval")]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawExecutorApproval {
    /// They wait for a person.
    Hold,
    /// They are approved at once, and the record says so.
    Auto,
}

/// Where the actions on some targets are sent.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "ExecutorTarget")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTarget {
    /// Glob over the action's target, as in policies.
    #[serde(rename = "match")]
    #[schemars(length(max = 1024))]
    pub(crate) target_glob: String,
    /// Where the action goes, as JSON: action_type, target, params and decision_id.
    #[schemars(length(min = 1, max = 2048))]
    pub(crate) url: String,
    /// HTTP method. Default POST.
    #[serde(default)]
    pub(crate) method: RawTargetMethod,
    /// Whether the name of the host may stand for an address of a private network. Addresses and localhost always may.
    /// Default false.
    #[serde(default)]
    pub(crate) private: bool,
}

/// The method actions are sent with.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "ExecutorMethod")]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum RawTargetMethod {
    /// POST
    #[default]
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
}

impl RawTargetMethod {
    /// The method's name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }
}
