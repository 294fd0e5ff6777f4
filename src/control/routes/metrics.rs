//! `/metrics` for Prometheus: with `metrics:read` on the control listener, open on `telemetry.listen`.

use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use crate::control::auth::Operator;
use crate::control::{ControlError, ControlState};
use crate::model::call::Scope;

const TEXT_FORMAT: (HeaderName, &str) = (CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");

/// With a key.
pub(in crate::control) async fn guarded(
    operator: Operator,
    State(state): State<ControlState>,
) -> Result<impl IntoResponse, ControlError> {
    operator.require(&[Scope::MetricsRead])?;
    render(&state)
}

/// Without one.
pub(in crate::control) async fn open(
    State(state): State<ControlState>,
) -> Result<impl IntoResponse, ControlError> {
    render(&state)
}

fn render(state: &ControlState) -> Result<impl IntoResponse + use<>, ControlError> {
    let ledger = state.ledger.status();
    state.metrics.index().behind(state.index.health().behind);
    let text = state.metrics.render(ledger.next_seq, ledger.disk_free_bytes);
    let text = text.map_err(|error| {
        tracing::error!(%error, "the metrics could not be rendered");
        ControlError::Internal
    })?;
    Ok(([TEXT_FORMAT], text))
}
