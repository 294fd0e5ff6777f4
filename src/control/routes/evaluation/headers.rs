//! What every answer of these paths carries: the version, the tenant, and that pages of any site may read it.

use std::sync::{Arc, OnceLock};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::control::state::VERSION;

const TENANT: HeaderName = HeaderName::from_static("x-aegis-tenant");

/// The same on every answer.
const FIXED: [(HeaderName, HeaderValue); 4] = [
    (HeaderName::from_static("x-aegis-version"), HeaderValue::from_static(VERSION)),
    (HeaderName::from_static("access-control-allow-origin"), HeaderValue::from_static("*")),
    (
        HeaderName::from_static("access-control-allow-headers"),
        HeaderValue::from_static("Content-Type,X-Api-Key"),
    ),
    (HeaderName::from_static("access-control-allow-methods"), HeaderValue::from_static("POST,GET,OPTIONS")),
];

/// Whose answer it is, in its extensions. `Default` = nobody's that is known.
#[derive(Clone, Debug)]
pub(in crate::control) struct Tenant(pub(in crate::control) Arc<str>);

impl Default for Tenant {
    fn default() -> Self {
        Self("anonymous".into())
    }
}

/// Where who authenticates a request leaves the tenant.
#[derive(Clone, Debug, Default)]
pub(super) struct TenantNote(Arc<OnceLock<Tenant>>);

impl TenantNote {
    /// Leaves it.
    pub(super) fn put(&self, tenant: Arc<str>) {
        // A request has one caller.
        let _first = self.0.set(Tenant(tenant));
    }
}

/// Announces every answer. No cookie is ever looked at, so that a page elsewhere can do no more than whoever has its key.
pub(in crate::control) async fn with_headers(mut request: Request, next: Next) -> Response {
    let note = TenantNote::default();
    request.extensions_mut().insert(note.clone());
    let mut response = next.run(request).await;
    let tenant = note.0.get().cloned().unwrap_or_default();
    announced(response.headers_mut(), &tenant);
    response.extensions_mut().insert(tenant);
    response
}

/// Sets the headers.
pub(in crate::control) fn announced(headers: &mut HeaderMap, tenant: &Tenant) {
    headers.extend(FIXED.map(|(name, value)| (Some(name), value)));
    // The name of a tenant may have letters that no header carries.
    let tenant = HeaderValue::from_str(&tenant.0).unwrap_or(HeaderValue::from_static("?"));
    headers.insert(TENANT, tenant);
}
