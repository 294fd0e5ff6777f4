//! MCP sessions: the id a caller shows is opened, the id a server names is sealed.

use http::HeaderValue;

use crate::decision::Route;
use crate::extract::{McpEra, rpc_code};
use crate::gateway::assess::known::Known;
use crate::gateway::head::Head;
use crate::gateway::{Forwarding, Gateway, Refusal, RefusalForm};
use crate::identity::SessionOwner;
use crate::model::call::Principal;
use crate::model::decision::ReasonCode;

/// A session that was found to be the caller's.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct BoundSession {
    /// The server's own id.
    pub(in crate::gateway) upstream: HeaderValue,
    /// What the caller knows it by.
    pub(in crate::gateway) shown: HeaderValue,
}

impl Known<'_> {
    /// The name of the call's session among the caller's; `None` where no rule looks at sessions.
    pub(super) fn session_name(&self, session: Option<&BoundSession>) -> Option<String> {
        self.snapshot.plan()?;
        session.map(|session| format!("{}/{}", self.route.name, session.upstream.as_bytes().escape_ascii()))
    }
}

impl Gateway {
    /// The session a request on an MCP route names; `None` when it names none. The stateless era has no sessions: an id that
    /// is sent all the same means nothing there, and does not reach the tool.
    ///
    /// # Errors
    /// The session is not the caller's, or there never was one: 404, upon which clients begin a new one.
    pub(super) fn session(
        &self,
        route: &Route,
        principal: &Principal,
        head: &Head<'_>,
    ) -> Result<Option<Box<BoundSession>>, Box<Refusal>> {
        let has_sessions = route.is_mcp() && head.mcp.era() == McpEra::Session;
        let Some(shown) = head.session.filter(|_| has_sessions) else { return Ok(None) };
        let owner = SessionOwner {
            tenant: &principal.tenant,
            actor: &principal.id,
            identified: principal.key.is_some(),
            route: &route.name,
        };
        let opened = self.sessions.open(shown, owner);
        let upstream = opened.and_then(|session| HeaderValue::from_bytes(&session).ok());
        match (upstream, HeaderValue::from_bytes(shown)) {
            (Some(upstream), Ok(shown)) => Ok(Some(Box::new(BoundSession { upstream, shown }))),
            _ => {
                let detail =
                    "There is no such session of this caller on this route. Begin a new one with initialize.";
                let form =
                    RefusalForm::Rpc { code: rpc_code::INVALID_REQUEST, id: "null".to_owned(), data: None };
                Err(Box::new(Refusal::problem(404, ReasonCode::SessionUnknown, detail).in_form(form)))
            }
        }
    }

    /// What the caller is shown for the session id `named`, which the server put into the answer to a forwarded request.
    /// `None` when it is no id that could be sealed.
    #[must_use]
    pub fn show_session(&self, forwarding: &Forwarding, named: &HeaderValue) -> Option<HeaderValue> {
        if let Some(session) = forwarding.session.as_ref().filter(|session| session.upstream == *named) {
            return Some(session.shown.clone());
        }
        let owner = SessionOwner {
            tenant: &forwarding.tenant,
            actor: forwarding.actor(),
            identified: forwarding.identified,
            route: &forwarding.route().name,
        };
        let sealed = self.sessions.seal(named.as_bytes(), owner, self.clock.nonce())?;
        HeaderValue::try_from(sealed).ok()
    }
}
