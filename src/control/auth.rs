//! Who calls the control listener, and what they may do.

use axum::http::HeaderMap;
use axum::http::header::HOST;

use crate::control::{Access, ControlError, ControlState};
use crate::identity::{IdentityError, Presented, authenticate};
use crate::model::call::Scope;

/// Lets a request through that may use `scope`.
///
/// # Errors
/// 401 without a live key, 403 where its scopes do not reach, 403 in open mode for a host name that is not this machine's.
pub(super) fn require(state: &ControlState, headers: &HeaderMap, scope: Scope) -> Result<(), ControlError> {
    if state.access == Access::OpenOnLoopback {
        return if is_loopback_host(headers) { Ok(()) } else { Err(ControlError::ForeignHost) };
    }
    let presented = Presented::read(headers)?;
    let snapshot = state.publisher.handle().load_full();
    let key = authenticate(&snapshot.keys, presented, state.clock.now())?.ok_or(IdentityError::Missing)?;
    if key.may(scope) { Ok(()) } else { Err(ControlError::Scope(scope)) }
}

/// A page of another site can make a browser call us under its own name; only loopback names are ours without keys.
fn is_loopback_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(host) = host.to_str() else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|ours| name.eq_ignore_ascii_case(ours))
}
