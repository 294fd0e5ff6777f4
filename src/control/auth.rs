//! Who calls the control listener, and what they may do.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{HOST, HeaderName, ORIGIN};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, Method};

use crate::admin::By;
use crate::control::rate::RateNote;
use crate::control::{Access, ControlError, ControlState, Door};
use crate::gateway::RateStanding;
use crate::holds::Approver;
use crate::identity::{IdentityError, Key, KeyRing, Presented, authenticate};
use crate::model::call::{Principal, PrincipalKind, Scope};

/// The tenant of callers without a key.
const ANYONE: &str = "anonymous";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where a connection comes from.
#[derive(Clone, Copy, Debug)]
pub(in crate::control) struct Client(pub(in crate::control) IpAddr);

/// The key that a request presents, or that stands for its token; `None`: neither.
///
/// # Errors
/// A credential that fails, or one too many that failed from the same address.
pub(in crate::control) fn presented_key(
    state: &ControlState,
    keys: &KeyRing,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<Option<Key>, IdentityError> {
    let presented = Presented::read(headers)?;
    let client = extensions.get::<Client>().map(|client| client.0);
    let now = state.clock.now();
    state.throttle.attempt(client, now, |patience| {
        Ok(authenticate(keys, presented, now, patience)?.map(Cow::into_owned))
    })
}

/// Counts a request of `key`; its answer will tell where the key stands.
///
/// # Errors
/// It is one too many.
pub(in crate::control) fn count(
    state: &ControlState,
    keys: &KeyRing,
    key: &Key,
    extensions: &Extensions,
) -> Result<(), RateStanding> {
    let Some(rate) = keys.rate() else { return Ok(()) };
    let Some(standing) = state.rates.take(rate, key, state.clock.now()) else { return Ok(()) };
    if let Some(note) = extensions.get::<RateNote>() {
        note.put(standing);
    }
    if standing.exceeded { Err(standing) } else { Ok(()) }
}

/// A caller whose key is live, or anyone on this machine in open mode. A handler that takes it first is not entered by others.
#[derive(Clone, Debug)]
pub(in crate::control) struct Operator {
    /// The key presented; `None` only in open mode.
    key: Option<Key>,
    /// Whether there is a key for what governs, so that nobody governs without it.
    locked: bool,
    /// Whether callers speak for the deployment whatever their tenant: there is only one.
    one_tenant: bool,
    /// Whether this is a request too many.
    rate: Result<(), RateStanding>,
}

impl Operator {
    /// Who asks for changes of what is administered.
    pub(in crate::control) fn by(&self) -> By {
        let by = self
            .key
            .as_ref()
            .map_or_else(|| By::key("local-admin", ANYONE), |key| By::key(&key.id, &key.tenant));
        By { deployment: by.deployment || self.one_tenant, ..by }
    }

    /// Whether it may use `scope`. Without a key, which only open mode lets in, it may use every one that no key is for.
    pub(in crate::control) fn may(&self, scope: Scope) -> bool {
        match &self.key {
            Some(key) => key.may(scope),
            None => !(self.locked && scope.governs()),
        }
    }

    /// The tenant whose things it may see; `None`, only in open mode: every tenant's.
    pub(in crate::control) fn tenant(&self) -> Option<&str> {
        self.key.as_ref().map(|key| &*key.tenant)
    }

    /// What records call it: the id of its key.
    pub(in crate::control) fn name(&self) -> Arc<str> {
        self.approver().name
    }

    /// Whether `actor` is one that its key speaks for, so that it would decide about itself. Whoever may do everything is not asked.
    pub(in crate::control) fn is_own(&self, actor: &str) -> bool {
        self.key.as_ref().is_some_and(|key| !key.may(Scope::Admin)) && self.speaks_for(actor)
    }

    /// Whether it may speak for `actor` of its tenant: the one that its key stands for, or one that the key admits. Without a key,
    /// for any.
    pub(in crate::control) fn speaks_for(&self, actor: &str) -> bool {
        self.key.as_ref().is_none_or(|key| key.admits(actor) || *key.principal(None).id == *actor)
    }

    /// `actor`, as the caller may speak for it. What kind of actors a key speaks for, the key says and not the caller.
    ///
    /// # Errors
    /// It may not, or they are of another kind.
    pub(in crate::control) fn acting(
        &self,
        actor: &str,
        kind: PrincipalKind,
    ) -> Result<Principal, ControlError> {
        if !self.speaks_for(actor) {
            return Err(ControlError::ForeignActor);
        }
        let Some(key) = &self.key else { return Ok(Principal::new(ANYONE, actor, kind)) };
        let own = key.principal(None);
        let acting = if *own.id == *actor { own } else { key.principal(Some(actor)) };
        if acting.kind == kind { Ok(acting) } else { Err(ControlError::ActorType(acting.kind)) }
    }

    /// The caller itself, as reports and records name it.
    pub(in crate::control) fn principal(&self) -> Principal {
        match &self.key {
            Some(key) => key.principal(None),
            None => Principal::new(ANYONE, "local-admin", PrincipalKind::Human),
        }
    }

    /// Who it is where holds are decided.
    pub(in crate::control) fn approver(&self) -> Approver {
        self.key.as_ref().map_or_else(Approver::local_admin, Approver::holder)
    }

    /// Lets it through if it may use one of `scopes`.
    ///
    /// # Errors
    /// 403 otherwise, and 429 for one request too many.
    pub(in crate::control) fn require(&self, scopes: &'static [Scope]) -> Result<(), ControlError> {
        if !scopes.iter().any(|scope| self.may(*scope)) {
            return Err(ControlError::Scope(scopes));
        }
        self.within_rate()
    }

    /// Lets it through if it may make another request.
    ///
    /// # Errors
    /// 429 otherwise.
    pub(in crate::control) fn within_rate(&self) -> Result<(), ControlError> {
        self.rate.map_err(|standing| ControlError::Rate { retry_after_s: standing.retry_after_s })
    }
}

impl FromRequestParts<ControlState> for Operator {
    type Rejection = ControlError;

    /// # Errors
    /// 401 without a live key; in open mode 403 for what a page of another site made a browser send.
    async fn from_request_parts(parts: &mut Parts, state: &ControlState) -> Result<Self, ControlError> {
        let open = state.access.is_open();
        if open {
            refuse_other_sites(state.access, &parts.method, &parts.headers)?;
        }
        let one_tenant = state.access != Access::Keys;
        let snapshot = state.publisher.handle().load_full();
        let keys = &snapshot.keys;
        match presented_key(state, keys, &parts.headers, &parts.extensions)? {
            None if !open => Err(IdentityError::Missing.into()),
            Some(key) => {
                let rate = count(state, keys, &key, &parts.extensions);
                Ok(Self { key: Some(key), locked: false, one_tenant, rate })
            }
            None => {
                let locked = keys.any_may(Scope::PoliciesManage);
                Ok(Self { key: None, locked, one_tenant, rate: Ok(()) })
            }
        }
    }
}

/// A page of another site can make a browser call us, even under its own name. Without keys to tell such a call by, only loopback
/// names are ours, and whatever changes something must not come from a page elsewhere. Who opens the listener to everybody may
/// be reached under any name; pages elsewhere still change nothing.
pub(in crate::control) fn refuse_other_sites(
    access: Access,
    method: &Method,
    headers: &HeaderMap,
) -> Result<(), ControlError> {
    let anywhere = access == Access::Environment(Door::Open);
    let Some(host) = only(headers, &HOST).filter(|host| anywhere || is_loopback(host)) else {
        return Err(ControlError::ForeignHost);
    };
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let ours = |name: &HeaderName, fits: &dyn Fn(&str) -> bool| {
        !headers.contains_key(name) || only(headers, name).is_some_and(fits)
    };
    let same = |origin: &str| is_loopback_origin(origin, host) || (anywhere && is_origin_of(origin, host));
    if ours(&ORIGIN, &same) && ours(&SEC_FETCH_SITE, &|site| matches!(site, "same-origin" | "none")) {
        Ok(())
    } else {
        Err(ControlError::CrossSite)
    }
}

/// The value of a header that stands once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// Whether a page of `origin` is this machine's and came by the port that was called: what serves another port may be anybody's.
fn is_loopback_origin(origin: &str, host: &str) -> bool {
    authority(origin).is_some_and(|page| is_loopback(page) && port(page) == port(host))
}

fn is_origin_of(origin: &str, host: &str) -> bool {
    authority(origin).is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

fn authority(origin: &str) -> Option<&str> {
    origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))
}

/// The port, where one is written.
fn port(host: &str) -> Option<&str> {
    let (_, port) = host.rsplit_once(':')?;
    port.bytes().all(|byte| byte.is_ascii_digit()).then_some(port)
}

/// Whether a host, with or without a port, is this machine under a name that no name server can give to another.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|ours| name.eq_ignore_ascii_case(ours))
}
