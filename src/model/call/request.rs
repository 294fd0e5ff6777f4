//! A tool call, and the question put to the decision point.

use std::borrow::Cow;

use crate::model::call::{CapabilityName, Parameters, Principal};
use crate::model::json::{Json, NormalPath};

/// A tool call as extracted from a request.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall<'a> {
    /// What it would do.
    pub action: Action<'a>,
    /// On what: the route's name, a file path, `contact:42`.
    pub resource: Cow<'a, str>,
    /// Whether the resource is made of a parameter that must not be stored.
    pub resource_hidden: bool,
    /// With which parameters.
    pub parameters: Parameters<'a>,
    /// What the caller says it is for; empty where it says nothing.
    pub description: Cow<'a, str>,
}

impl ToolCall<'_> {
    /// The resource, unless it is made of parameters that are not known: then nothing can be told of it.
    #[must_use]
    pub fn known_resource(&self) -> Option<&str> {
        match self.parameters {
            Parameters::Unknown { name_resource: true } => None,
            _ => Some(&self.resource),
        }
    }
}

/// The action of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action<'a> {
    /// A capability policies can speak of.
    Named(CapabilityName),
    /// An action type of the policy server, exactly as its caller sent it: any text, free of the grammar of capabilities.
    Verbatim(Cow<'a, str>),
    /// A connection that the tool takes over (WebSocket): nothing that goes through it is judged.
    Tunnel(CapabilityName),
    /// A tool whose name makes the same capability as another tool's of its server; denied until the route tells them apart.
    Shared(CapabilityName),
    /// A tool whose name makes no capability name; denied until the route maps it.
    Unnamed {
        /// The tool's own name.
        tool: Cow<'a, str>,
        /// The prefix of the route it came by.
        prefix: Cow<'a, str>,
    },
}

impl Action<'_> {
    /// The text rules match their `type` with. An unnamed action has none that a rule could be meant for.
    #[must_use]
    pub fn capability(&self) -> Option<&str> {
        match self {
            Self::Named(name) | Self::Tunnel(name) | Self::Shared(name) => Some(name.as_str()),
            Self::Verbatim(text) => Some(text),
            Self::Unnamed { .. } => None,
        }
    }
}

/// The question: may this principal make this call?
#[derive(Clone, Copy, Debug)]
pub struct DecisionRequest<'r, 'a> {
    /// Who asks. Its tenant is the request's tenant.
    pub principal: &'r Principal,
    /// What is asked for.
    pub call: &'r ToolCall<'a>,
    /// The session it belongs to, by a name that is unique among the caller's; `None`: it has no history.
    pub session: Option<&'r str>,
    /// What `match.agent` is compared with instead of the principal's id: `*` for callers of the policy server that name no
    /// agent.
    pub agent: Option<&'r str>,
    /// Where it comes from.
    pub context: CallContext<'r, 'a>,
}

/// Where a call comes from, as far as conditions may ask. All but `metadata` is what the gateway itself knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallContext<'r, 'a> {
    /// `environment` of its route.
    pub environment: Option<&'r str>,
    /// The name of its route, or of the surface it came by.
    pub route: &'r str,
    /// The address its caller's connection comes from; `None` where there is no such thing.
    pub network: Option<std::net::IpAddr>,
    /// The path of its request, in normal form; `None` where that is not known, or there is none.
    pub path: Option<&'r NormalPath<'r>>,
    /// Whether it came over TLS.
    pub tls: bool,
    /// What its caller says of it. Nothing in it is to be believed.
    pub metadata: Option<&'r Json<'a>>,
}

impl<'r, 'a> DecisionRequest<'r, 'a> {
    /// A question about a call that belongs to no session and of which nothing else is known.
    #[must_use]
    pub fn new(principal: &'r Principal, call: &'r ToolCall<'a>) -> Self {
        Self { principal, call, session: None, agent: None, context: CallContext::default() }
    }

    /// What `match.agent` of a rule is compared with.
    #[must_use]
    pub fn agent(&self) -> &'r str {
        self.agent.unwrap_or(&self.principal.id)
    }
}
