//! [`Vocabulary::map`]: a call, as Cedar is asked about it. Imports `model` and the rest of the mapping.

use std::sync::Arc;

use cedar_policy::{Context, EntityUid, RestrictedExpression};
use thiserror::Error;

use crate::model::call::{Action, Body, DecisionRequest, Parameters, Principal, PrincipalKind};
use crate::model::json::{NormalPath, PathAllowance};
use crate::model::time::Timestamp;
use crate::policy::cedar::engine::{Around, Asked, AskedParts, Placed};
use crate::policy::cedar::mapping::Vocabulary;
use crate::policy::cedar::mapping::value::Values;
use crate::policy::cedar::mapping::vocabulary::{BETWEEN, uid};

/// Most groups and roles of a principal.
const PARENTS_MAX: usize = 1000;

/// Most segments of a path.
const SEGMENTS_MAX: usize = 64;

/// A call to be put to Cedar.
#[derive(Clone, Copy, Debug)]
pub struct CedarQuestion<'q> {
    /// The call.
    pub request: DecisionRequest<'q, 'q>,
    /// Of an HTTP operation, the path that is forwarded. Where it is not given, the call's resource must be it.
    pub path: Option<&'q NormalPath<'q>>,
    /// The clock.
    pub now: Timestamp,
}

/// Why a call cannot be put to Cedar. Whoever asked denies it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unmapped {
    /// It has no capability, or shares it with another tool.
    #[error("the call has no capability of its own")]
    Nameless,
    /// Its name could be taken for that of another tool.
    #[error("the call's name holds ___, which separates prefix and tool")]
    Ambiguous,
    /// Its path is not known, or has too many segments.
    #[error("the path of the call cannot be told")]
    Pathless,
    /// Its principal is in too many groups and roles.
    #[error("the principal is in more than {PARENTS_MAX} groups and roles")]
    Crowded,
    /// Cedar refused a part of it.
    #[error("the call cannot be put to Cedar: {0}")]
    Refused(String),
}

impl Vocabulary {
    /// What Cedar is asked about a call.
    ///
    /// The context has `input` (the arguments; of an HTTP operation `path`, `query` and `body`), `tenant`, `system.now`, and where they
    /// are known `session` and `agent`: the id of the agent that acts. The principal has the attributes `id`, `kind` and `tenant`, and
    /// `person` where one is behind it; the same as tags, beside what its token claims.
    ///
    /// # Errors
    /// The call cannot be put to Cedar, and must be denied.
    pub fn map(&self, question: &CedarQuestion<'_>) -> Result<Asked, Unmapped> {
        let request = &question.request;
        let principal = self.person(request.principal)?;
        let operation = matches!(request.call.parameters, Parameters::Sections { .. })
            || matches!(request.call.action, Action::Tunnel(_));
        let (action, resource) = if operation { self.operation(question)? } else { self.tool_call(request)? };
        let (who, what, on) = (principal.uid.clone(), action.uid.clone(), resource.uid.clone());
        let mut values = Values::new();
        let context = context(request, &mut values)?;
        Ok(Asked::new(AskedParts {
            principal: who,
            action: what,
            resource: on,
            context,
            now: Some(question.now),
            around: Around::Placed(Box::new([principal, action, resource])),
            dropped: values.into_dropped(),
            known: !matches!(request.call.parameters, Parameters::Unknown { .. }),
            resource_known: true,
        }))
    }

    fn person(&self, principal: &Principal) -> Result<Placed, Unmapped> {
        if principal.groups.len() + principal.roles.len() > PARENTS_MAX {
            return Err(Unmapped::Crowded);
        }
        let groups = principal.groups.iter().map(|name| uid(&self.group, name));
        let roles = principal.roles.iter().map(|name| uid(&self.role, name));
        let mut attributes = vec![
            ("id", principal.id.to_string()),
            ("kind", principal.kind.as_str().to_owned()),
            ("tenant", principal.tenant.to_string()),
        ];
        attributes.extend(principal.person.as_ref().map(|person| ("person", person.to_string())));
        Ok(Placed {
            uid: uid(self.principal(principal.kind), &principal.id),
            parents: groups.chain(roles).collect(),
            attributes,
            claims: Arc::clone(&principal.claims),
        })
    }

    /// A tool call: the last dot of the capability becomes `___`. An action of the policy server that is no capability is itself.
    fn tool_call(&self, request: &DecisionRequest<'_, '_>) -> Result<(Placed, Placed), Unmapped> {
        let name = match &request.call.action {
            Action::Named(name) => {
                let (prefix, tool) = name.as_str().rsplit_once('.').ok_or(Unmapped::Nameless)?;
                if prefix.contains(BETWEEN) {
                    return Err(Unmapped::Ambiguous);
                }
                format!("{prefix}{BETWEEN}{tool}")
            }
            Action::Verbatim(text) if text.contains(BETWEEN) => return Err(Unmapped::Ambiguous),
            Action::Verbatim(text) => verbatim(text)?,
            Action::Tunnel(_) | Action::Shared(_) | Action::Unnamed { .. } => return Err(Unmapped::Nameless),
        };
        let action = plain(uid(&self.action, &name), self.tool_calls.to_vec());
        Ok((action, plain(uid(&self.gateway, request.context.route), Vec::new())))
    }

    /// An HTTP operation, and a connection that is handed through.
    fn operation(&self, question: &CedarQuestion<'_>) -> Result<(Placed, Placed), Unmapped> {
        let call = question.request.call;
        let (Action::Named(name) | Action::Tunnel(name)) = &call.action else {
            return Err(Unmapped::Nameless);
        };
        let above = match question.path {
            Some(path) => paths(path)?,
            None => {
                let every = PathAllowance { semicolon: true, encoded_slash: true };
                paths(&NormalPath::parse(&call.resource, every).map_err(|_| Unmapped::Pathless)?)?
            }
        };
        let mut above = above.into_iter().map(|path| uid(&self.http, &path));
        let resource = above.next().ok_or(Unmapped::Pathless)?;
        let parents = above.chain([uid(&self.gateway, question.request.context.route)]).collect();
        Ok((plain(uid(&self.action, name.as_str()), Vec::new()), plain(resource, parents)))
    }
}

fn plain(uid: EntityUid, parents: Vec<EntityUid>) -> Placed {
    Placed { uid, parents, attributes: Vec::new(), claims: Arc::default() }
}

/// The name of an action type. One that reads like a capability is named as the capability would be.
fn verbatim(text: &str) -> Result<String, Unmapped> {
    match crate::model::call::CapabilityName::parse(text) {
        Ok(name) => name
            .as_str()
            .rsplit_once('.')
            .map(|(prefix, tool)| format!("{prefix}{BETWEEN}{tool}"))
            .ok_or(Unmapped::Nameless),
        Err(_) => Ok(text.to_owned()),
    }
}

/// The path, decoded, and every path above it but the root, the nearest first. A slash within a segment stays `%2F`, which nothing
/// else can be: a normal path holds no encoded percent sign.
fn paths(path: &NormalPath<'_>) -> Result<Vec<String>, Unmapped> {
    let segments = path.segments();
    if segments.len() > SEGMENTS_MAX {
        return Err(Unmapped::Pathless);
    }
    let mut paths = Vec::with_capacity(segments.len());
    let mut whole = String::new();
    for segment in segments {
        whole.push('/');
        whole.push_str(&segment.replace('/', "%2F"));
        paths.push(whole.clone());
    }
    if paths.is_empty() {
        paths.push("/".to_owned());
    }
    paths.reverse();
    Ok(paths)
}

fn context<'r>(request: &'r DecisionRequest<'r, 'r>, values: &mut Values<'r>) -> Result<Context, Unmapped> {
    let refused = |error: &dyn std::fmt::Display| Unmapped::Refused(error.to_string());
    let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
    let input = match &request.call.parameters {
        Parameters::Flat(arguments) => values.below(&["input"], arguments),
        Parameters::Unknown { .. } => {
            values.drop_below(&["input"]);
            None
        }
        Parameters::Sections { path, query, body } => {
            let mut sections = vec![("path", values.below(&["input", "path"], path))];
            sections.push(("query", values.below(&["input", "query"], query)));
            match body {
                Body::Absent => {}
                Body::Json(body) => sections.push(("body", values.below(&["input", "body"], body))),
                Body::Opaque { sha256 } => {
                    values.drop_below(&["input", "body"]);
                    sections.push(("body_sha256", Some(text(sha256))));
                }
            }
            let known = sections.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Some(RestrictedExpression::new_record(known).map_err(|error| refused(&error))?)
        }
    };
    let agent = match (request.agent, request.principal.kind) {
        // The policy server's callers that name no agent.
        (Some("*"), _) => None,
        (Some(agent), _) => Some(agent),
        (None, PrincipalKind::AiAgent | PrincipalKind::AiCopilot) => Some(&*request.principal.id),
        (None, _) => None,
    };
    let pairs = [
        ("input", input),
        ("tenant", Some(text(&request.principal.tenant))),
        ("agent", agent.map(text)),
        ("session", request.session.map(text)),
    ];
    let known = pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Context::from_pairs(known).map_err(|error| refused(&error))
}
