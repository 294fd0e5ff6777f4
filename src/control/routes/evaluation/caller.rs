//! Who wants an evaluation: 403 where other surfaces say 401, and rates of these paths' own.

use std::sync::Arc;

use axum::extract::Request;

use crate::control::auth::{presented_key, refuse_other_sites};
use crate::control::error::EvaluationError;
use crate::control::rate::RateNote;
use crate::control::router::RequestId;
use crate::control::routes::evaluation::headers::TenantNote;
use crate::control::{Access, ControlError, ControlState};
use crate::decision::PolicySnapshot;
use crate::gateway::EvaluationCaller;
use crate::identity::Key;
use crate::model::call::{Principal, PrincipalKind, Scope};

/// The tenant and id of callers without a key.
const NOBODY: (&str, &str) = ("anonymous", "local-admin");

/// A caller that may ask, and the snapshot that says so.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) snapshot: Arc<PolicySnapshot>,
    pub(super) asks: EvaluationCaller,
}

impl Caller {
    /// Lets a request in.
    ///
    /// # Errors
    /// 403 or 429.
    pub(super) fn admit(state: &ControlState, request: &Request) -> Result<Self, EvaluationError> {
        let open = state.access.is_open();
        if open {
            refuse_other_sites(state.access, request.method(), request.headers())?;
        }
        let snapshot = state.publisher.handle().load_full();
        let found = presented_key(state, &snapshot.keys, request.headers(), request.extensions());
        let key = match (found.map_err(ControlError::Identity), state.access) {
            // Where nobody is asked for a key, what is presented is not looked at, as on the paths of document 002.
            (Err(_), Access::Environment(_)) if open => None,
            (found, _) => found?,
        };
        if let (Some(key), Some(note)) = (&key, request.extensions().get::<TenantNote>()) {
            note.put(Arc::clone(&key.tenant));
        }
        let principal = match &key {
            Some(key) => admitted(state, key, request)?,
            None if open => Principal::new(NOBODY.0, NOBODY.1, PrincipalKind::default()),
            None => return Err(EvaluationError::forbidden("An API key is needed in X-Api-Key.")),
        };
        let session_id = state.clock.id("", state.clock.now()).uuid();
        Ok(Self {
            snapshot,
            asks: EvaluationCaller { principal, session_id, request_id: RequestId::of(request) },
        })
    }

    /// The request as answers name it.
    pub(super) fn request_id(&self) -> &str {
        &self.asks.request_id
    }

    /// The tenant as answers name it.
    pub(super) fn tenant(&self) -> &str {
        &self.asks.principal.tenant
    }
}

/// Whoever holds `key`, if it may ask, and ask once more.
fn admitted(state: &ControlState, key: &Key, request: &Request) -> Result<Principal, EvaluationError> {
    if !key.may(Scope::GovernancePropose) {
        return Err(EvaluationError::forbidden(format!(
            "The key lacks the scope {}.",
            Scope::GovernancePropose.as_str()
        )));
    }
    let standing = state.evaluations.count(key, state.stage == "prod");
    if let (Some(standing), Some(note)) = (standing, request.extensions().get::<RateNote>()) {
        note.put(standing);
    }
    match standing {
        Some(standing) if standing.exceeded => Err(EvaluationError::too_many(
            format!("The key makes too many requests: {} are allowed.", standing.limit),
            standing.retry_after_s,
        )),
        _ => Ok(key.principal(None)),
    }
}
