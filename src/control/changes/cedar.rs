//! Changes of Cedar's engines and policies: each in its turn, made by the provider in force.

use std::future::Future;

use tokio::task::spawn_blocking;

use crate::admin::CedarChange;
use crate::control::auth::Operator;
use crate::control::error::CedarError;
use crate::control::{ControlError, ControlState};
use crate::gateway::{Applied, ProviderError};

/// Does `work`, which reads the engine of that name and changes it, when no other such change of the engine is under way. It is done to its
/// end even if its caller goes away meanwhile: the next one must find what it made.
///
/// # Errors
/// As `work`.
pub(in crate::control) async fn in_turn_of<T: Send + 'static>(
    state: &ControlState,
    engine: &str,
    work: impl Future<Output = Result<T, CedarError>> + Send + 'static,
) -> Result<T, CedarError> {
    let turn = state.cedar.turn_of(engine).await;
    let made = tokio::spawn(async move {
        let _turn = turn;
        work.await
    });
    made.await.map_err(|_| ControlError::Internal)?
}

/// Makes a change: it is in force when this returns.
///
/// # Errors
/// It is not made.
pub(in crate::control) async fn apply_cedar(
    state: &ControlState,
    operator: &Operator,
    change: CedarChange,
) -> Result<Applied, CedarError> {
    let (provider, by, now) = (state.cedar.in_force(), operator.by(), state.clock.now());
    let applied = spawn_blocking(move || provider.change(change, &by, now)).await;
    applied.map_err(|_| ControlError::Internal)?.map_err(|error| match error {
        ProviderError::Unsupported { .. } => CedarError::bad(error.to_string()),
        ProviderError::Admin(error) => ControlError::from(error).into(),
    })
}
